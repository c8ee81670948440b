"""Deskew: a buffer per lane, written as its symbols come, read by all lanes together."""

from amaranth import Module, Signal, unsigned
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

__all__ = ["DeskewBuffer", "DeskewReader"]

_TRAIL = 3
"""Symbols a buffer must hold for a read: the decision is two cycles old when it takes effect."""

_REACTION = 9
"""Words the other lanes' buffers must still hold when a lane that has stopped is to be left out."""


class DeskewBuffer(wiring.Component):
    """The buffer of one lane: a ring addressed by the place in the frame, so it needs no alignment.

    A symbol's address is the low part of its place in the frame; places that are equal on all lanes
    are read together. The lane may drift against the others, i.e. skip a write, as long as it stays
    within the depth. It joins the others at a place 0 that it can reach, and leaves them when it
    loses its lock, runs too far ahead, or stops; so one bad lane does not hold up the rest.

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
    locked : 1 bit, in
        `position` is right.
    run, open, drop : 1 bit, in
        While `run` is 0 nothing counts. The lane joins with a place 0 that it writes while `open`.
        With `drop` it leaves if it has no symbols to read.
    address : in, 0..depth-1
        Place to read (low part), common to all lanes.
    o : `width` bits, out
        The symbol at `address`, one cycle later.
    joined : 1 bit, out
        It takes part.
    ready : 1 bit, out
        It has symbols enough to read on, or takes no part.
    tight : 1 bit, out
        It takes part, and is about to have more than it can hold.
    following : out, 0..depth-1
        Where it writes next, as the low part of the place.

    Latency: 2 cycles at least from write to read data; 5 with the reader's decision. Cost: the
    memory (distributed RAM) and 2·log2(depth) + width + 3 flip-flops.
    """

    i: Signal
    i_valid: Signal
    position: Signal
    locked: Signal
    run: Signal
    open: Signal
    drop: Signal
    address: Signal
    o: Signal
    joined: Signal
    ready: Signal
    tight: Signal
    following: Signal

    def __init__(self, *, width: int, depth: int, places: int):
        if depth < 8 or depth & depth - 1:
            raise ValueError(f"depth must be a power of two of 8 or more, not {depth}")
        if places % depth:
            raise ValueError(f"places must be a multiple of the depth {depth}, not {places}")
        self._width, self._depth, self._places = width, depth, places
        super().__init__({
            "i": In(width), "i_valid": In(1), "position": In(range(places)), "locked": In(1),
            "run": In(1), "open": In(1), "drop": In(1), "address": In(range(depth)),
            "o": Out(width), "joined": Out(1), "ready": Out(1), "tight": Out(1),
            "following": Out(range(depth)),
        })

    @property
    def depth(self) -> int:
        return self._depth

    def elaborate(self, platform):
        m = Module()
        m.submodules.memory = memory = Memory(
            shape=unsigned(self._width), depth=self._depth, init=[])
        write, read = memory.write_port(), memory.read_port(domain="comb")
        fill = Signal(range(self._depth))
        enough = Signal()
        m.d.comb += [
            write.addr.eq(self.position[:len(write.addr)]),
            write.data.eq(self.i),
            write.en.eq(self.i_valid),
            read.addr.eq(self.address),
            fill.eq(self.following - self.address),
            enough.eq(fill >= _TRAIL),
        ]
        m.d.sync += self.o.eq(read.data)
        with m.If(self.i_valid):
            m.d.sync += self.following.eq(write.addr + 1)
        with m.If(~self.run | ~self.locked | (self.joined & (fill == self._depth - 1))
                  | (self.drop & ~enough)):
            m.d.sync += self.joined.eq(0)
        with m.Elif(self.i_valid & (self.position == 0) & self.open):
            m.d.sync += self.joined.eq(1)
        m.d.sync += [
            self.ready.eq(~self.joined | enough),
            self.tight.eq(self.joined & (fill >= self._depth - _REACTION)),
        ]
        return m


class DeskewReader(wiring.Component):
    """Reads all lanes' buffers together, as soon and as long as every lane has symbols.

    Parameters
    ----------
    lanes, depth, places : int
        As for :class:`DeskewBuffer`.
    drops : bool
        Leave out a lane that has stopped, before the others overflow.

    Members
    -------
    run : 1 bit, in
        While 0 the reader waits before place 0.
    start : 1 bit, in
        Begin to read; lanes that have not joined may do so at the end of a later frame.
    ready, tight : `lanes` bits, in
        Of the buffers.
    address : out
        To the buffers.
    open, drop : 1 bit, out
        To the buffers.
    crowded : 1 bit, out
        A buffer is about to overflow.
    valid : 1 bit, out; position : out, 0..places-1
        The buffers' outputs are the symbols of this place.

    Latency: 2 cycles from `ready` to `valid`.
    """

    run: Signal
    start: Signal
    ready: Signal
    tight: Signal
    address: Signal
    open: Signal
    drop: Signal
    crowded: Signal
    valid: Signal
    position: Signal

    def __init__(self, *, lanes: int, depth: int, places: int, drops: bool = True):
        self._lanes, self._depth, self._places, self._drops = lanes, depth, places, drops
        super().__init__({
            "run": In(1), "start": In(1), "ready": In(lanes), "tight": In(lanes),
            "address": Out(range(depth)), "open": Out(1), "drop": Out(1), "crowded": Out(1),
            "valid": Out(1), "position": Out(range(places)),
        })

    def elaborate(self, platform):
        m = Module()
        place = Signal(range(self._places))
        pop = Signal()
        begun = Signal(2)               # a lane that joins last has two cycles to say so
        m.d.comb += self.address.eq(place[:len(self.address)])
        m.d.sync += [
            pop.eq(self.ready.all() & begun[1]),
            self.valid.eq(pop & self.run),
            self.position.eq(place),
            begun.eq((begun << 1) | self.start),
            self.crowded.eq(self.tight.any()),
        ]
        if self._drops:
            m.d.sync += self.drop.eq(self.crowded & begun[1] & ~pop)
        # Once begun, a lane that writes its place 0 can be read with the others if they read so
        # few places before it that its symbols fit, and enough that it has some in time.
        m.d.sync += self.open.eq(~(begun.any() | self.start) | (
            (place >= self._places - self._depth + _REACTION)
            & (place < self._places - _TRAIL - 1)))
        with m.If(~self.run):
            m.d.sync += [place.eq(0), pop.eq(0), begun.eq(0)]
        with m.Elif(pop):
            with m.If(place == self._places - 1):
                m.d.sync += place.eq(0)
            with m.Else():
                m.d.sync += place.eq(place + 1)
        return m
