"""Which of the words read from the deskew belong to a block, and where a block ends."""

from amaranth import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..geometry import Geometry

__all__ = ["WordGate"]


class WordGate(wiring.Component):
    """Passes the payload words of each frame, not its markers and filler.

    Parameters
    ----------
    geometry : Geometry
    delay : int
        Cycles that the words take from the deskew to where `take` is used.
    payload_delay : int, 1..delay
        The same for `payload`.

    Members
    -------
    valid : 1 bit, in; position : in
        A word leaves the deskew; its place in the frame.
    take, last : 1 bit, out
        `delay` cycles later: it belongs to a block; it is the last of the block.
    payload : 1 bit, out
        `payload_delay` cycles later: it is no marker.
    """

    valid: Signal
    position: Signal
    take: Signal
    last: Signal
    payload: Signal

    def __init__(self, *, geometry: Geometry, delay: int, payload_delay: int = 1):
        if delay < 1:
            raise ValueError(f"delay must be 1 or more, not {delay}")
        if not 1 <= payload_delay <= delay:
            raise ValueError(f"payload_delay must be 1 to {delay}, not {payload_delay}")
        self._geometry, self._delay, self._payload_delay = geometry, delay, payload_delay
        super().__init__({
            "valid": In(1), "position": In(range(geometry.marker_period)),
            "take": Out(1), "last": Out(1), "payload": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        geometry = self._geometry
        first = geometry.marker_symbols
        words = geometry.words_per_block
        end = first + geometry.blocks_per_frame * words

        count = Signal(range(max(words, 2)))
        take, last, payload = Signal(), Signal(), Signal()
        m.d.comb += [
            payload.eq(self.valid & (self.position >= first)),
            take.eq(payload & (self.position < end)),
            last.eq(count == words - 1),
        ]
        with m.If(take):
            m.d.sync += count.eq(count + 1)
            with m.If(last):
                m.d.sync += count.eq(0)
        with m.If(self.valid & (self.position == 0)):
            m.d.sync += count.eq(0)

        takes = Signal(self._delay)
        lasts = Signal(self._delay)
        payloads = Signal(self._payload_delay)
        m.d.sync += [takes.eq(Cat(take, takes)), lasts.eq(Cat(last, lasts)),
                     payloads.eq(Cat(payload, payloads))]
        m.d.comb += [self.take.eq(takes[-1]), self.last.eq(lasts[-1]),
                     self.payload.eq(payloads[-1])]
        return m
