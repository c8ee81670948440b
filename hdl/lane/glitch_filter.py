"""Lone wrong samples of an oversampled lane."""

from amaranth import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .oversampling import check_oversampling

__all__ = ["GlitchFilter"]


class GlitchFilter(wiring.Component):
    """Turns over each sample that differs from both its neighbours: a median of three.

    A bit that is seen in one sample only would be taken for a glitch, so the filter needs 4
    samples per bit.

    Parameters
    ----------
    gear : int
        Bits per symbol.
    ratio : int, 4 or 8
        Samples per bit.

    Members
    -------
    i, o : gear·ratio samples, oldest first

    Latency: 1 cycle and 1 sample. Cost: gear·ratio LUT4, gear·ratio + 2 flip-flops.
    """

    i: Signal
    o: Signal

    def __init__(self, *, gear: int, ratio: int):
        check_oversampling(gear, ratio)
        if ratio < 4:
            raise ValueError(f"ratio must be 4 or 8 for a glitch filter, not {ratio}")
        super().__init__({"i": In(gear * ratio), "o": Out(gear * ratio)})

    def elaborate(self, platform):
        m = Module()
        last = Signal(2)
        samples = Cat(last, self.i)
        m.d.sync += [
            last.eq(self.i[-2:]),
            self.o.eq(Cat((old & new) | (sample & (old | new)) for old, sample, new in
                          zip(samples, samples[1:], samples[2:], strict=False))),
        ]
        return m
