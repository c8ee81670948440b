"""Words of the data lanes -> blocks for the host: idle ones read and dropped, gaps marked."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..geometry import Geometry
from .control import FLOW_PAUSE, FLOW_RESUME, KEY, Info, Kind, matches_key
from .decapsulator import received_block

__all__ = ["BlockReceiver"]


class BlockReceiver(wiring.Component):
    """Joins m words to a block and writes it to the receive queue unless it is idle.

    Nothing can push back here: if the queue is full the block is lost, and the next one that is
    written says so in its ``gap``.

    Parameters
    ----------
    geometry : Geometry

    Members
    -------
    word : W bits, in
    take : 1 bit, in
        `word` belongs to a block.
    last : 1 bit, in
        It is the last word of its block.
    bad : 1 bit, in
        The FEC could not correct `word`: its block goes out as `bad`, whatever it seems to be.
    up : 1 bit, in
        The link is up. When it falls, a gap is written.
    o : stream of :func:`received_block`
        Ignores ``ready`` but for marking the gap.
    pause : 1 bit, out
        The far end asks for silence.
    lost : 1 bit, out
        Pulses for each block that found the queue full.

    Latency: 2 cycles from the last word of a block.
    """

    word: Signal
    take: Signal
    last: Signal
    bad: Signal
    up: Signal
    o: stream.Interface
    pause: Signal
    lost: Signal

    def __init__(self, *, geometry: Geometry):
        self._geometry = geometry
        super().__init__({
            "word": In(geometry.word_bits), "take": In(1), "last": In(1), "bad": In(1),
            "up": In(1),
            "o": Out(stream.Signature(received_block(geometry.granules))),
            "pause": Out(1), "lost": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        geometry = self._geometry

        collected = Signal(geometry.block_bits, reset_less=True)
        complete = Signal()
        spoilt = Signal()               # a word of `collected` is bad
        begins = Signal(init=1)         # the next word is the first of a block
        with m.If(self.take):
            m.d.sync += [collected.eq(Cat(collected, self.word)[geometry.word_bits:]),
                         begins.eq(self.last), spoilt.eq(self.bad | (spoilt & ~begins))]
        with m.If(~self.up):
            m.d.sync += begins.eq(1)
        m.d.sync += complete.eq(self.take & self.last & self.up)

        first = collected[:32]
        info = Info(first[:16])
        control = Signal()
        idle = Signal()
        m.d.comb += [
            control.eq(matches_key(first) & ~first[:16].xor()),
            idle.eq(control & (info.kind == Kind.IDLE) & ~spoilt),
        ]
        was_up = Signal()
        m.d.sync += was_up.eq(self.up)
        with m.If(was_up & ~self.up):
            m.d.sync += self.pause.eq(0)
        with m.Elif(complete & idle):
            with m.If(info.pos == FLOW_PAUSE):
                m.d.sync += self.pause.eq(1)
            with m.Elif(info.pos == FLOW_RESUME):
                m.d.sync += self.pause.eq(0)

        owed = Signal()                 # a gap that has not been written yet
        real = Signal()                 # a block is offered, not only a gap
        sends = Signal()
        refused = Signal()
        m.d.comb += [
            # A fallen link writes its gap at once, in an idle block.
            sends.eq((complete & ~idle) | (owed & ~self.up & ~self.o.valid)),
            refused.eq(self.o.valid & ~self.o.ready),
            self.lost.eq(refused & real),
        ]
        m.d.sync += [
            self.o.valid.eq(sends), real.eq(complete & ~idle),
            self.o.payload.block.eq(Mux(complete, collected, KEY << 16)),
            self.o.payload.gap.eq(owed | refused),
            self.o.payload.bad.eq(complete & spoilt),
        ]
        with m.If(was_up & ~self.up):
            m.d.sync += owed.eq(1)
        with m.Elif(sends):
            m.d.sync += owed.eq(0)
        with m.Elif(refused):
            m.d.sync += owed.eq(1)
        return m
