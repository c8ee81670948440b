"""Deskew: a buffer per lane, written as its symbols come, read by all lanes together."""

from amaranth import Module, Signal, unsigned
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

__all__ = ["DeskewBuffer", "DeskewReader"]

_TRAIL = 3
"""Symbols a buffer must hold for a read: the decision is two cycles old when it takes effect."""


class DeskewBuffer(wiring.Component):
    """The buffer of one lane: a ring addressed by the place in the frame, so it needs no alignment.

    A symbol's address is the low part of its place in the frame; places that are equal on all lanes
    are read together. The lane may drift against the others, i.e. skip a write, as long as it stays
    within the depth.

    Parameters
    ----------
    width : int
        Bits per symbol.
    depth : int
        Symbols, a power of two that divides the frame.
    places : int
        Symbols per frame.

    Members
    -------
    i : `width` bits, in; i_valid : 1 bit, in; position : in, 0..places-1
    run : 1 bit, in
        While 0 nothing counts. After that the lane is `armed` from its next place 0 on.
    address : in, 0..depth-1
        Place to read (low part), common to all lanes.
    o : `width` bits, out
        The symbol at `address`, one cycle later.
    armed, ready, overrun : 1 bit, out
        It has the place 0 that reading starts with; it has symbols enough to read on; it has more
        than it can hold, i.e. the skew is too large.

    Latency: 2 cycles at least from write to read data; 5 with the reader's decision. Cost: the
    memory (distributed RAM) and 2·log2(depth) + width + 3 flip-flops.
    """

    i: Signal
    i_valid: Signal
    position: Signal
    run: Signal
    address: Signal
    o: Signal
    armed: Signal
    ready: Signal
    overrun: Signal

    def __init__(self, *, width: int, depth: int, places: int):
        if depth < 8 or depth & depth - 1:
            raise ValueError(f"depth must be a power of two of 8 or more, not {depth}")
        if places % depth:
            raise ValueError(f"places must be a multiple of the depth {depth}, not {places}")
        self._width, self._depth, self._places = width, depth, places
        super().__init__({
            "i": In(width), "i_valid": In(1), "position": In(range(places)),
            "run": In(1), "address": In(range(depth)),
            "o": Out(width), "armed": Out(1), "ready": Out(1), "overrun": Out(1),
        })

    @property
    def depth(self) -> int:
        return self._depth

    def elaborate(self, platform):
        m = Module()
        m.submodules.memory = memory = Memory(
            shape=unsigned(self._width), depth=self._depth, init=[])
        write, read = memory.write_port(), memory.read_port(domain="comb")
        following = Signal(range(self._depth))
        fill = Signal(range(self._depth))
        m.d.comb += [
            write.addr.eq(self.position[:len(write.addr)]),
            write.data.eq(self.i),
            write.en.eq(self.i_valid),
            read.addr.eq(self.address),
            fill.eq(following - self.address),
        ]
        m.d.sync += self.o.eq(read.data)
        with m.If(self.i_valid):
            m.d.sync += following.eq(write.addr + 1)
        with m.If(~self.run):
            m.d.sync += self.armed.eq(0)
        with m.Elif(self.i_valid & (self.position == 0)):
            m.d.sync += self.armed.eq(1)
        m.d.sync += [
            self.ready.eq(self.armed & (fill >= _TRAIL)),
            self.overrun.eq(self.armed & (fill == self._depth - 1)),
        ]
        return m


class DeskewReader(wiring.Component):
    """Reads all lanes' buffers together, as soon and as long as every lane has symbols.

    Parameters
    ----------
    lanes, depth, places : int
        As for :class:`DeskewBuffer`.

    Members
    -------
    run : 1 bit, in
        While 0 the reader waits before place 0.
    ready : `lanes` bits, in
        Of the buffers.
    address : out
        To the buffers.
    valid : 1 bit, out; position : out, 0..places-1
        The buffers' outputs are the symbols of this place.

    Latency: 2 cycles from `ready` to `valid`.
    """

    run: Signal
    ready: Signal
    address: Signal
    valid: Signal
    position: Signal

    def __init__(self, *, lanes: int, depth: int, places: int):
        self._lanes, self._depth, self._places = lanes, depth, places
        super().__init__({
            "run": In(1), "ready": In(lanes), "address": Out(range(depth)),
            "valid": Out(1), "position": Out(range(places)),
        })

    def elaborate(self, platform):
        m = Module()
        place = Signal(range(self._places))
        pop = Signal()
        m.d.comb += self.address.eq(place[:len(self.address)])
        m.d.sync += [
            pop.eq(self.ready.all()),
            self.valid.eq(pop & self.run),
            self.position.eq(place),
        ]
        with m.If(~self.run):
            m.d.sync += [place.eq(0), pop.eq(0)]
        with m.Elif(pop):
            with m.If(place == self._places - 1):
                m.d.sync += place.eq(0)
            with m.Else():
                m.d.sync += place.eq(place + 1)
        return m
