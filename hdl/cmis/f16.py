"""Error rates in F16, the number format of CMIS."""

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..checks import check_range

__all__ = ["RateToF16", "f16_code"]

_LARGEST = 2047
_ONE = 21               # the exponent with which 1.0 has its largest mantissa that is exact: 1000


def f16_code(value: float) -> int:
    """The code nearest to a value from 0 to 2047e7, with the largest mantissa that can be.

    Raises
    ------
    ValueError
        If it is out of range.
    """
    for exponent in range(32):
        mantissa = int(value * 10.0 ** (24 - exponent) + 0.5) if value >= 0 else -1
        if 0 <= mantissa <= _LARGEST:
            return exponent << 11 | mantissa
    raise ValueError(f"a value in F16 must be 0 to 2.047e10, not {value}")


class RateToF16(wiring.Component):
    """errors / bits, as m·10^(s-24): 5 bits of s above 11 bits of m.

    s is the least with which m, rounded to the nearest integer (halves up), is 2047 or less. So m
    is 205 or more, the error 0.25 % or less, and a larger rate never has a smaller code: codes
    can be compared as integers. More errors than bits count as as many: 1.0 is ABE8h. No errors,
    or no bits, are 0000h.

    Parameters
    ----------
    width : int, 4..48
        Of the counts.

    Members
    -------
    errors, bits : `width` bits, in
        Taken with `start`.
    start : 1 bit, in
        Ignored while `busy`.
    busy : 1 bit, out
    code : 16 bits, out
        Holds until the next `start`.

    Latency: 19 clocks for each decade from 1.0 down, 1 + 19·(1 + 0.302·`width`) at most. Cost: a
    restoring divider of `width` + 13 bits, and adders for the factors of 10 and 1000.
    """

    errors: Signal
    bits: Signal
    start: Signal
    busy: Signal
    code: Signal

    def __init__(self, *, width: int):
        check_range("width", width, 4, 48, " bits")
        self._width = width
        super().__init__({
            "errors": In(width), "bits": In(width), "start": In(1), "busy": Out(1),
            "code": Out(16)})

    def elaborate(self, platform):
        m = Module()
        width = self._width
        divisor = Signal(width)
        scaled = Signal(width + 2)          # errors·10^decades, below 2.05 divisors
        left = Signal(width + 13)           # what is left of 4·1000·scaled
        quotient = Signal(14)
        exponent = Signal(5)
        step = Signal(range(20))
        fives = Signal(width + 2 + 7)       # 125·scaled
        part = Signal(width + 14)
        m.d.comb += part.eq(left - (divisor << 12))

        with m.If(self.start & ~self.busy):
            m.d.sync += [
                divisor.eq(self.bits), exponent.eq(_ONE), step.eq(0),
                scaled.eq(Mux(self.errors > self.bits, self.bits, self.errors)),
                self.busy.eq(1), self.code.eq(0),
            ]
        with m.If(self.busy):
            m.d.sync += step.eq(step + 1)
        with m.Switch(step):
            with m.Case(0):
                m.d.sync += fives.eq(scaled)
            with m.Case(1, 2, 3):
                m.d.sync += fives.eq(fives + (fives << 2))
            with m.Case(4):
                m.d.sync += [left.eq(fives << 5), quotient.eq(0)]
            with m.Default():
                # Restoring division, 13 bits of quotient, one per clock.
                m.d.sync += [
                    left.eq(Mux(part[-1], left, part) << 1), quotient.eq(Cat(~part[-1], quotient)),
                ]
        with m.If(self.busy & (step == 18)):
            m.d.sync += step.eq(0)
            # A quarter is known of the mantissa: ten times as much rounds to 2047 or less?
            with m.If((scaled == 0) | (divisor == 0)):
                m.d.sync += self.busy.eq(0)
            with m.Elif((quotient < 819) & (exponent != 0)):
                m.d.sync += [exponent.eq(exponent - 1), scaled.eq((scaled << 3) + (scaled << 1))]
            with m.Else():
                m.d.sync += [self.busy.eq(0), self.code.eq(Cat(((quotient + 2) >> 2)[:11],
                                                               exponent))]
        return m
