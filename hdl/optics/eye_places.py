"""The monitor's samples of a lane, in their places relative to the lane's phase."""

from itertools import pairwise

from amaranth import Cat, Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..lane.oversampling import check_oversampling

__all__ = ["EyePlaces"]


class EyePlaces(wiring.Component):
    """Puts the monitor's samples beside the bits that the lane has taken at the same time.

    Parameters
    ----------
    gear : int
        Bits per symbol.
    ratio : int, 3, 4 or 8
        Samples per bit.

    Members
    -------
    i : gear·ratio samples, in; i_valid : 1 bit, in
        Of the monitor, oldest first, beside the `i` of the lane's `Sampler`. Cycles without are
        passed over.
    phase : 0..ratio-1, in; taken : `gear` bits, in
        Of that sampler.
    seen : array of `ratio` x `gear` bits, out
        For each place the samples of all bits. Place ratio // 2 is where the lane is sampled.
    bits : `gear` bits, out
        The lane's.
    more : 0..2, out
        Of :class:`BitPicker`: the lane has taken gear - 1 + `more` bits in this word, the last of
        `bits` among them.
    valid : 1 bit, out
        There is a new word.

    Latency: the word of a cycle is there after 3 cycles, at ratio 3 after 2. Cost with gear 8,
    most of it a shift of gear·ratio bits by `phase`: 95, 129 and 315 LUT4, 60, 110 and 209
    flip-flops at ratio 3, 4 and 8, and 4 more of each with `more`.
    """

    i: Signal
    i_valid: Signal
    phase: Signal
    taken: Signal
    seen: data.View
    bits: Signal
    more: Signal
    valid: Signal

    def __init__(self, *, gear: int, ratio: int):
        check_oversampling(gear, ratio)
        self._gear, self._ratio = gear, ratio
        super().__init__({
            "i": In(gear * ratio), "i_valid": In(1), "phase": In(range(ratio)), "taken": In(gear),
            "seen": Out(data.ArrayLayout(gear, ratio)), "bits": Out(gear), "more": Out(2),
            "valid": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        gear, ratio = self._gear, self._ratio
        late = int(ratio >= 4)              # the lane's filter takes a word, and a sample

        # The lane has `taken` the bits of the word `late` + 1 cycles ago.
        words = [self.i]
        for age in range(1, late + 3):
            words.append(Signal(gear * ratio, name=f"word{age}"))
        phase, phase_before = Signal(range(ratio)), Signal(range(ratio))
        left = (phase_before == 0) & (phase == ratio - 1)
        twice = (phase_before == ratio - 1) & (phase == 0)
        before = ratio // 2 + late          # samples from the word before
        after = max(0, ratio - 1 - before)
        line = Cat(words[late + 2][-before:], words[late + 1], words[late][:after])
        places = Signal(gear * ratio)
        m.d.comb += places.eq(line >> phase)
        m.d.sync += self.valid.eq(self.i_valid)
        with m.If(self.i_valid):
            m.d.sync += [new.eq(old) for old, new in pairwise(words)]
            m.d.sync += [phase.eq(self.phase), phase_before.eq(phase), self.bits.eq(self.taken),
                         self.more.eq(1 + left - twice)]
            m.d.sync += [self.seen[place].eq(places[place::ratio]) for place in range(ratio)]
        return m
