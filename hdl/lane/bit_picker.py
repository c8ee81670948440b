"""One sample of each bit, at a phase that may move."""

from amaranth import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .oversampling import check_oversampling

__all__ = ["BitPicker"]


class BitPicker(wiring.Component):
    """Takes every `ratio`-th sample, and moves by one sample when it is told to.

    A step is made between two words. From the last phase to the first of the next bit, the first
    bit of the word belongs to the word before and has been taken there: `gear` - 1 bits are left.
    From the first phase to the last, a bit lies at the end of the word before, so its last sample
    is kept: `gear` + 1 bits. Two bits are always ratio - 1, ratio or ratio + 1 samples apart.

    Parameters
    ----------
    gear : int
        Bits per symbol.
    ratio : int, 3, 4 or 8
        Samples per bit.

    Members
    -------
    i : gear·ratio samples, in
        Oldest first.
    later, earlier : 1 bit, in
        Take the next word's bits a sample later or earlier. Not both.
    phase : 0..ratio-1, out
        Sample of each bit that is taken from `i`.
    o : `gear` + 1 bits, out
        The last gear - 1 + `more` of them are the bits, oldest first.
    more : 0..2, out

    Latency: 1 cycle. Cost: gear (ratio:1) multiplexers; 41 LUT4, 16 flip-flops at
    gear 8 and ratio 4.
    `tests/hdl/lane/test_bit_picker.py` proves that no bit is left out or taken twice.
    """

    i: Signal
    later: Signal
    earlier: Signal
    phase: Signal
    o: Signal
    more: Signal

    def __init__(self, *, gear: int, ratio: int):
        check_oversampling(gear, ratio)
        self._gear, self._ratio = gear, ratio
        super().__init__({
            "i": In(gear * ratio), "later": In(1), "earlier": In(1), "phase": Out(range(ratio)),
            "o": Out(gear + 1), "more": Out(2, init=1),  # pyright: ignore[reportCallIssue]
        })

    def elaborate(self, platform):
        m = Module()
        gear, ratio = self._gear, self._ratio
        last = Signal()                     # last sample of the word before
        taken = Signal()                    # bit 0 is the one that has been taken from there
        left = Signal()                     # `last` is a bit that has not been taken
        m.d.sync += [taken.eq(0), left.eq(0)]
        with m.If(self.later & (self.phase == ratio - 1)):
            m.d.sync += [self.phase.eq(0), taken.eq(1)]
        with m.Elif(self.later):
            m.d.sync += self.phase.eq(self.phase + 1)
        with m.Elif(self.earlier & (self.phase == 0)):
            m.d.sync += [self.phase.eq(ratio - 1), left.eq(1)]
        with m.Elif(self.earlier):
            m.d.sync += self.phase.eq(self.phase - 1)

        with m.Switch(self.phase):
            for phase in range(ratio):
                with m.Case(phase):
                    m.d.sync += self.o.eq(Cat(last, (self.i[bit * ratio + phase]
                                                     for bit in range(gear))))
        m.d.sync += [last.eq(self.i[-1]), self.more.eq(1 + left - taken)]
        return m
