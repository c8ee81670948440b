"""Where in a bit to sample it: edges vote, and a majority that lasts moves the phase."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..checks import check_range
from .counting import count_ones
from .oversampling import check_oversampling

__all__ = ["PhaseTracker"]


class PhaseTracker(wiring.Component):
    """Keeps the sampling phase in the middle between the edges.

    The samples of each bit that hold an edge less than ratio/2 - 1 samples before the sampling
    point are a voice for a later phase; an edge more than ratio/2 before it is one for an earlier
    phase, any other (one place at ratio 3, two at 4 and 8) one for the phase as it is. A word votes
    for later if at least half of its voices do, for earlier if more than half do. (A tie thus
    takes a phase away from the edges, where it could stay for long.) `patience` votes for one
    side more than for the other move the phase by a sample; a word for the phase as it is takes one
    back. So the phase rests while edges jitter between two places.

    Parameters
    ----------
    gear : int
        Bits per symbol.
    ratio : int, 3, 4 or 8
        Samples per bit.
    patience : int, 2..64
        Votes for a step. More bear rarer edges of more jitter, fewer a faster drift.

    Members
    -------
    i : gear·ratio samples, in
        Oldest first.
    phase : 0..ratio-1, in
        Sample of each bit that is taken.
    later, earlier : 1 bit, out
    edge : 1 bit, out
        The word before had an edge.

    Latency: a word's edges are judged against its own phase, and the step that they make holds
    from the fourth word after it on. Cost with gear 8: 188 LUT4 at ratio 4, 315 at ratio 8, 44
    flip-flops.
    """

    i: Signal
    phase: Signal
    later: Signal
    earlier: Signal
    edge: Signal

    def __init__(self, *, gear: int, ratio: int, patience: int = 4):
        check_oversampling(gear, ratio)
        check_range("patience", patience, 2, 64, " votes")
        self._gear, self._ratio, self._patience = gear, ratio, patience
        super().__init__({
            "i": In(gear * ratio), "phase": In(range(ratio)),
            "later": Out(1), "earlier": Out(1), "edge": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        gear, ratio = self._gear, self._ratio

        last = Signal()
        edges = Signal(gear * ratio)        # edge k lies between samples k - 1 and k
        m.d.comb += edges.eq(self.i ^ Cat(last, self.i))
        m.d.sync += [last.eq(self.i[-1]), self.edge.eq(edges.any())]

        # Voices: the places of each side, then the bits that have an edge there.
        sides = [[distance for distance in range(ratio) if 2 * distance < ratio - 2],
                 [distance for distance in range(ratio) if 2 * distance > ratio],
                 [distance for distance in range(ratio) if ratio - 2 <= 2 * distance <= ratio]]
        voices = [Signal(gear, name=name) for name in ("ahead", "behind", "middle")]
        for side, voice in zip(sides, voices, strict=True):
            places = Signal(ratio)
            with m.Switch(self.phase):
                for phase in range(ratio):
                    with m.Case(phase):
                        m.d.comb += places.eq(sum(1 << (phase - distance) % ratio
                                                  for distance in side))
            m.d.sync += voice.eq(Cat((edges[bit * ratio:(bit + 1) * ratio] & places).any()
                                     for bit in range(gear)))

        ahead, behind, middle = (Signal(range(gear + 1), name=f"{voice.name}_count")
                                 for voice in voices)
        m.d.sync += [count.eq(count_ones(list(voice)))
                     for count, voice in zip((ahead, behind, middle), voices, strict=True)]
        up, down, content = Signal(), Signal(), Signal()
        m.d.sync += [
            up.eq(ahead.any() & (ahead >= behind + middle)), down.eq(behind > ahead + middle),
            content.eq((ahead < behind + middle) & (behind <= ahead + middle)),
        ]

        balance = Signal(range(-self._patience, self._patience))
        m.d.comb += [
            self.later.eq(up & (balance == self._patience - 1)),
            self.earlier.eq(down & (balance == 1 - self._patience)),
        ]
        with m.If(self.later | self.earlier):
            m.d.sync += balance.eq(0)
        with m.Elif(up):
            m.d.sync += balance.eq(balance + 1)
        with m.Elif(down):
            m.d.sync += balance.eq(balance - 1)
        with m.Elif(content & (balance != 0)):
            m.d.sync += balance.eq(Mux(balance < 0, balance + 1, balance - 1))
        return m
