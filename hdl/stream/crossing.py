"""The clock crossings of the data path: every wide crossing of the design goes through here."""

from amaranth import Module, Signal, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.fifo import AsyncFIFO
from amaranth.lib.wiring import In, Out

__all__ = ["ClockCrossing"]


class ClockCrossing(wiring.Component):
    """A stream from one clock domain to another, through a queue.

    Safe because only Gray-coded pointers cross, each through two flip-flops (Cummings, SNUG 2002);
    a word is read at least one write cycle after it was stored. Constraint: the pointers' skew must
    be under a write (read) period, e.g. ``set_max_delay -datapath_only`` of one period of the
    launching clock.

    Parameters
    ----------
    width : int
        Bits.
    depth : int
        Words, a power of two.
    write_domain, read_domain : str

    Members
    -------
    i : stream of `width` bits, in `write_domain`
    o : stream of `width` bits, in `read_domain`
    level : out, 0..depth, in `write_domain`
        Words in the queue, never too few.

    Latency: 1 write cycle and 3 read cycles. A reset of the write domain empties the queue.
    """

    i: stream.Interface
    o: stream.Interface
    level: Signal

    def __init__(self, *, width: int, depth: int, write_domain: str, read_domain: str):
        if depth < 4 or depth & depth - 1:
            raise ValueError(f"depth must be a power of two of 4 or more, not {depth}")
        self._width, self._depth = width, depth
        self._write_domain, self._read_domain = write_domain, read_domain
        super().__init__({
            "i": In(stream.Signature(unsigned(width))),
            "o": Out(stream.Signature(unsigned(width))),
            "level": Out(range(depth + 1)),
        })

    @property
    def depth(self) -> int:
        return self._depth

    def elaborate(self, platform):
        m = Module()
        m.submodules.queue = queue = AsyncFIFO(
            width=self._width, depth=self._depth, w_domain=self._write_domain,
            r_domain=self._read_domain)
        running = Signal()
        m.d[self._write_domain] += running.eq(1)
        m.d.comb += [
            queue.w_data.eq(self.i.payload),
            queue.w_en.eq(self.i.valid & running),
            # Not ready in the first cycle after a reset, while the read side is still told of it.
            self.i.ready.eq(queue.w_rdy & running),
            self.o.payload.eq(queue.r_data),
            self.o.valid.eq(queue.r_rdy),
            queue.r_en.eq(self.o.ready),
            self.level.eq(queue.w_level),
        ]
        return m
