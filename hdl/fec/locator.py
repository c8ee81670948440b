"""The locator polynomial of the erased symbols, which change seldom."""

from amaranth import Cat, Const, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .arithmetic import combine, multiples, scale
from .code import Code

__all__ = ["ErasureLocator"]


class ErasureLocator(wiring.Component):
    """Multiplies (1 + X·x) of all erased symbols, one symbol per clock, X = alpha^(n-1-s).

    Whenever the erasures differ from those in force they are taken. All outputs change together,
    in one clock: who takes them with a word has a consistent set. What happens to the erasures
    before that is ignored; the last ones are always taken in the end.

    Parameters
    ----------
    n, k, m, polynomial : int
        See :class:`Code`.

    Members
    -------
    erasures : n bits, in
        The symbols not to be relied on.
    mask : n bits, out
        The erasures in force.
    gamma : (n - k + 1)·m bits, out
        Coefficients of their locator, the lowest, which is 1, first.
    count : out, 0..n-k
        Number of erasures.
    overfull : 1 bit, out
        They are more than n - k: `gamma` and `count` mean nothing.

    Latency: n + 2 cycles from `erasures` to the outputs, up to n + 1 more if it was busy. While the
    erasures stay as they are nothing moves.

    Cost for RS(136, 128) over GF(2^8): 0.6 k XOR2, 0.9 k other gates, 430 flip-flops.
    """

    erasures: Signal
    mask: Signal
    gamma: Signal
    count: Signal
    overfull: Signal

    def __init__(self, *, n: int, k: int, m: int, polynomial: int = 0):
        self._code = Code(n, k, m, polynomial)
        parity = self._code.parity
        super().__init__({
            "erasures": In(n), "mask": Out(n), "gamma": Out((parity + 1) * m),
            "count": Out(range(parity + 1)), "overfull": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        code, field = self._code, self._code.field
        scan = Signal(code.n)               # goes round once, the symbol's turn at bit 0
        left = Signal(range(code.n))
        locator = Signal(code.m)            # of the symbol
        product = [Signal(code.m, name=f"product{power}") for power in range(1, code.parity + 1)]
        gamma = Signal(len(product) * code.m)
        count = Signal(range(code.parity + 1))
        overfull = Signal()
        m.d.comb += self.gamma.eq(Cat(Const(1, code.m), gamma))
        by_locator = multiples(m, field, "locator", locator)
        with m.FSM():
            with m.State("IDLE"):
                m.d.sync += [
                    left.eq(code.n - 1), locator.eq(field.power(code.n - 1)),
                    Cat(product).eq(0), count.eq(0), overfull.eq(0),
                ]
                with m.If(self.erasures != self.mask):
                    m.d.sync += scan.eq(self.erasures)
                    m.next = "SCAN"
            with m.State("SCAN"):
                m.d.sync += [
                    left.eq(left - 1), scan.eq(scan.rotate_right(1)),
                    locator.eq(scale(field, field.power(-1), locator)),
                ]
                with m.If(scan[0]):
                    lower = [Const(1, code.m), *product]
                    m.d.sync += [
                        power.eq(power ^ combine(by_locator, below))
                        for power, below in zip(product, lower, strict=False)]
                    with m.If(count == code.parity):
                        m.d.sync += overfull.eq(1)
                    with m.Else():
                        m.d.sync += count.eq(count + 1)
                with m.If(left == 0):
                    m.next = "PRESENT"
            with m.State("PRESENT"):
                m.d.sync += [
                    self.mask.eq(scan), gamma.eq(Cat(product)), self.count.eq(count),
                    self.overfull.eq(overfull),
                ]
                m.next = "IDLE"
        return m
