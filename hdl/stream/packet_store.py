"""Store-and-forward packet queue for a source that cannot wait."""

from math import ceil

from amaranth import Module, Signal
from amaranth.lib import memory, stream, wiring
from amaranth.lib.wiring import In, Out

from ..checks import check_whole
from ..shapes import beat_layout
from .resize import check_width

__all__ = ["PacketStore"]


class PacketStore(wiring.Component):
    """Takes every beat at once and hands on whole packets; drops whole those that do not fit.

    A packet appears at `o` when its last beat is stored. One that finds no free row for one of its
    beats is forgotten from its first beat to its last, and the rows it held are free again at once.
    The packets that stay are neither cut nor reordered.

    Parameters
    ----------
    width : int
        Bits per beat, a multiple of 32.
    capacity_bytes : int
        A packet of up to so many bytes always fits into the empty store. See :attr:`rows` for what
        the memory really holds; a packet of more than `rows` beats is always dropped.

    Members
    -------
    i : stream of :func:`beat_layout` (width), always ready
    o : stream of :func:`beat_layout` (width)
        Registers.
    dropped : Out(1)
        One cycle high per dropped packet, in the cycle after the beat that did not fit.

    Latency: 3 cycles from a packet's last beat to its first at `o`. Throughput: a beat per cycle
    on either side. Two beats wait outside the memory at `o`, so a stalled store holds `rows` + 2.
    Cost: a block RAM of `rows` x (width + 2 + log2(width/8)) bits, with one write and one
    synchronous read port, and one register per bit of a row.
    """

    i: stream.Interface
    o: stream.Interface
    dropped: Signal

    def __init__(self, *, width: int, capacity_bytes: int):
        check_width("width", width)
        check_whole("capacity_bytes", capacity_bytes)
        if capacity_bytes < 1:
            raise ValueError(f"capacity_bytes must be 1 or more, not {capacity_bytes}")
        self._width = width
        self._capacity_bytes = capacity_bytes
        super().__init__({
            "i": In(stream.Signature(beat_layout(width), always_ready=True)),
            "o": Out(stream.Signature(beat_layout(width))),
            "dropped": Out(1),
        })

    @property
    def width(self) -> int:
        return self._width

    @property
    def capacity_bytes(self) -> int:
        return self._capacity_bytes

    @property
    def rows(self) -> int:
        """Beats in the memory: the longest packet's, rounded up to a power of two (at least 2)."""
        return max(2, 1 << (ceil(self._capacity_bytes * 8 / self._width) - 1).bit_length())

    def elaborate(self, platform):
        m = Module()
        layout = beat_layout(self._width)
        m.submodules.memory = store = memory.Memory(shape=layout, depth=self.rows, init=[])
        writer = store.write_port()
        # Never reads the row being written: a row is read only after its packet is complete.
        reader = store.read_port()

        # Pointers have one bit more than an address, so that full and empty differ.
        write = Signal(range(2 * self.rows))
        begin = Signal.like(write)          # first row of the packet in progress
        read = Signal.like(write)

        # Write: the packet in progress advances `write`; its end moves `begin` there, a beat that
        # finds no row moves `write` back.
        dropping = Signal()
        full = Signal()
        m.d.comb += [
            full.eq((write ^ read) == self.rows),
            writer.addr.eq(write),
            writer.data.eq(self.i.payload),
            writer.en.eq(self.i.valid & ~dropping & ~full),
        ]
        m.d.sync += self.dropped.eq(self.i.valid & ~dropping & full)
        with m.If(self.i.valid):
            with m.If(dropping):
                m.d.sync += dropping.eq(~self.i.payload.last)
            with m.Elif(full):
                m.d.sync += [
                    dropping.eq(~self.i.payload.last),
                    write.eq(begin),
                ]
            with m.Else():
                m.d.sync += write.eq(write + 1)
                with m.If(self.i.payload.last):
                    m.d.sync += begin.eq(write + 1)

        # Read: memory, then a register because block RAM is slow at its output.
        fetched = Signal()
        shown = Signal()
        beat = Signal(layout, reset_less=True)
        move = Signal()
        m.d.comb += [
            move.eq(~shown | self.o.ready),
            reader.addr.eq(read),
            reader.en.eq((read != begin) & (~fetched | move)),
            self.o.valid.eq(shown),
            self.o.payload.eq(beat),
        ]
        with m.If(reader.en):
            m.d.sync += read.eq(read + 1)
        with m.If(~fetched | move):
            m.d.sync += fetched.eq(reader.en)
        with m.If(move):
            m.d.sync += [
                shown.eq(fetched),
                beat.eq(reader.data),
            ]
        return m
