"""Data recovery: a lane seen at several points per bit becomes symbols."""

from amaranth import EnableInserter, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..checks import check_range
from .bit_picker import BitPicker
from .glitch_filter import GlitchFilter
from .oversampling import check_oversampling
from .phase_tracker import PhaseTracker
from .repacker import Repacker

__all__ = ["Sampler"]


class Sampler(wiring.Component):
    """Recovers the bits of a lane from a comparator that is sampled `ratio` times per bit.

    It goes in front of `ReceiveLane`. The sampling clock may have any phase, which may drift. It
    must not be slower than the lane on average: each bit more than `gear` per cycle needs a bit
    less at another time, and `gear` of them can be in store (:class:`Repacker`). So it is either
    the lane's own clock, forwarded, or a local one that is faster than the fastest sender.

    Parameters
    ----------
    gear : int, 4..16
        Bits per symbol.
    ratio : int, 3, 4 or 8
        Samples per bit.
    patience : int
        Of :class:`PhaseTracker`.
    quiet_ui : int, gear..65536
        Bits without an edge, rounded up to words, until the lane counts as quiet.

    Members
    -------
    i : gear·ratio samples, in; i_valid : 1 bit, in
        Oldest first. Cycles without are passed over: everything stands still.
    o : `gear` bits, out; o_valid : 1 bit, out
        To `i` and `i_valid` of `ReceiveLane`.
    phase : 0..ratio-1, out
        Sample of each bit that is taken.
    taken : `gear` bits, out
        Those samples of one word, a cycle after its `phase`: what an eye scan compares with. Unlike
        `o` they are not made symbols of.
    quiet : 1 bit, out
        No edge for `quiet_ui`; the phase rests, and bits are delivered all the same.
    level : 1 bit, out
        The last sample: of a quiet lane, 0 means no light and 1 a stuck output.
    lost : 1 bit, out
        A symbol has been left out: the clock is too slow.

    Latency: from `i` to `o` 3 cycles, at ratio 3 (without the glitch filter) 2; 1 more while
    a symbol waits. Cost on an ECP5 of speed grade 6, placed alone, with gear 8:

    =====  ====  ==========  =========
    ratio  LUT4  flip-flops  Fmax, MHz
    =====  ====  ==========  =========
    3       363          93        162
    4       434         127        165
    8       653         160        161
    =====  ====  ==========  =========
    """

    i: Signal
    i_valid: Signal
    o: Signal
    o_valid: Signal
    phase: Signal
    taken: Signal
    quiet: Signal
    level: Signal
    lost: Signal

    def __init__(self, *, gear: int, ratio: int, patience: int = 4, quiet_ui: int = 128):
        check_oversampling(gear, ratio)
        check_range("quiet_ui", quiet_ui, gear, 65536)
        self._gear, self._ratio, self._quiet_ui = gear, ratio, quiet_ui
        self._tracker = PhaseTracker(gear=gear, ratio=ratio, patience=patience)
        super().__init__({
            "i": In(gear * ratio), "i_valid": In(1), "o": Out(gear), "o_valid": Out(1),
            "phase": Out(range(ratio)), "taken": Out(gear), "quiet": Out(1), "level": Out(1),
            "lost": Out(1),
        })

    @property
    def gear(self) -> int:
        return self._gear

    @property
    def ratio(self) -> int:
        return self._ratio

    def elaborate(self, platform):
        m = Module()
        enabled = EnableInserter(self.i_valid)
        samples = self.i
        if self._ratio >= 4:
            glitch = GlitchFilter(gear=self._gear, ratio=self._ratio)
            m.submodules.filter = enabled(glitch)
            m.d.comb += glitch.i.eq(self.i)
            samples = glitch.o
        tracker, picker = self._tracker, BitPicker(gear=self._gear, ratio=self._ratio)
        repacker = Repacker(gear=self._gear)
        m.submodules.tracker = enabled(tracker)
        m.submodules.picker = enabled(picker)
        m.submodules.repacker = enabled(repacker)
        fresh = Signal()                    # the repacker's outputs are of the cycle before
        m.d.sync += fresh.eq(self.i_valid)
        m.d.comb += [
            tracker.i.eq(samples), picker.i.eq(samples),
            tracker.phase.eq(picker.phase), self.phase.eq(picker.phase),
            picker.later.eq(tracker.later), picker.earlier.eq(tracker.earlier),
            repacker.i.eq(picker.o), repacker.more.eq(picker.more),
            self.taken.eq(picker.o[1:]),
            self.o.eq(repacker.o), self.o_valid.eq(repacker.o_valid & fresh),
            self.lost.eq(repacker.lost & fresh),
        ]

        words = -(-self._quiet_ui // self._gear)
        still = Signal(range(words + 1))    # words without an edge
        m.d.comb += self.quiet.eq(still == words)
        with m.If(self.i_valid):
            m.d.sync += self.level.eq(samples[-1])
            with m.If(tracker.edge):
                m.d.sync += still.eq(0)
            with m.Elif(~self.quiet):
                m.d.sync += still.eq(still + 1)
        return m
