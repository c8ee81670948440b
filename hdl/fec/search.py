"""Roots and magnitudes: which symbols of a word are wrong, and by how much, all at once."""

from functools import reduce
from math import isqrt
from operator import or_

from amaranth import Cat, Const, Module, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from .code import Code
from .divide import PlaneDivider
from .evaluate import Evaluation

__all__ = ["RootSearch"]


def _total(values: list, width: int) -> Value:
    """The sum modulo 2^width, as a tree."""
    while len(values) > 1:
        left_over = values[len(values) & ~1:]
        values = [(a + b)[:width] for a, b in zip(values[::2], values[1::2], strict=False)]
        values += left_over
    return values[0]


class RootSearch(wiring.Component):
    """Evaluates locator and evaluator at the places of all symbols, and checks what it finds.

    Symbol s is wrong if the locator Lambda is 0 at x = 1/X, X = alpha^(n-1-s): its even and odd
    parts are equal there. What is wrong is the evaluator over the odd part (Forney 1965: the odd
    part is x·Lambda'(x), and the first root of the generator is alpha^0). Symbols that are not
    wrong have zeros in all registers, so nothing moves in their dividers.

    Parameters
    ----------
    n, k, m, polynomial : int
        See :class:`Code`.

    Members
    -------
    locator, evaluator, length, near, dirty : in
        From :class:`KeyEquation`.
    errors : array of m x n bits, out
        Bit s of plane b is bit b of what is to be added to symbol s, if `correct`.
    correct, failed : 1 bit, out
        Of a `dirty` word: the locator has `length` roots and is `near`, or not. From registers.

    Without a `dirty` word no register changes but those of `dirty`, `correct` and `failed`.

    Latency: :attr:`latency` cycles: 1 for the values, and those of :class:`PlaneDivider`; 3 with an
    even m.

    Cost for RS(136, 128) over GF(2^8), see :class:`Evaluation` and :class:`PlaneDivider`: 33.0 k
    XOR2, 19.5 k other gates, 5100 flip-flops.
    """

    locator: Signal
    evaluator: Signal
    length: Signal
    near: Signal
    dirty: Signal
    errors: data.View
    correct: Signal
    failed: Signal

    def __init__(self, *, n: int, k: int, m: int, polynomial: int = 0):
        self._code = Code(n, k, m, polynomial)
        parity = self._code.parity
        self._divider = PlaneDivider(m=m, polynomial=polynomial, count=n)
        super().__init__({
            "locator": In((parity + 1) * m), "evaluator": In(parity * m),
            "length": In(range(parity + 1)), "near": In(1), "dirty": In(1),
            "errors": Out(data.ArrayLayout(n, m)), "correct": Out(1), "failed": Out(1),
        })

    @property
    def latency(self) -> int:
        """Cycles from `locator` and `evaluator` to the outputs."""
        return 1 + self._divider.latency

    def elaborate(self, platform):
        m = Module()
        parity = self._code.parity
        m.submodules.divider = divider = self._divider
        even = self._planes(m, "even", self.locator, range(0, parity + 1, 2))
        odd = self._planes(m, "odd", self.locator, range(1, parity + 1, 2))
        evaluator = self._planes(m, "evaluator", self.evaluator, range(parity))
        root = Signal(self._code.n)
        wrong = Signal(self._code.n, reset_less=True)
        dirty = [self.dirty, Signal(name="dirty1"), Signal(name="dirty2")]
        m.d.comb += [
            root.eq(~reduce(or_, (a ^ b for a, b in zip(even, odd, strict=True)))),
            divider.valid.eq(dirty[1]), self.errors.eq(divider.o),
        ]
        m.d.sync += Cat(dirty[1:]).eq(Cat(dirty[:2]))
        with m.If(self.dirty):
            m.d.sync += wrong.eq(root)
        for port, values in ((divider.dividend, evaluator), (divider.divisor, odd)):
            planes = [Signal(self._code.n, name=f"wrong_{value.name}", reset_less=True)
                      for value in values]
            m.d.comb += port.eq(Cat(planes))
            with m.If(self.dirty):
                m.d.sync += [plane.eq(value & root)
                             for plane, value in zip(planes, values, strict=True)]
        self._judge(m, dirty, wrong)
        return m

    def _planes(self, m: Module, name: str, polynomial: Signal, powers: range) -> list[Signal]:
        """Values at all places of the coefficients `powers` of a polynomial, see Evaluation."""
        m.submodules[f"{name}_values"] = part = Module()
        coefficients = [Signal(self._code.m, name=f"{name}{power}") for power in powers]
        planes = [Signal(self._code.n, name=f"{name}_plane{b}") for b in range(self._code.m)]
        evaluation = Evaluation(self._code, tuple(powers), self._divider.basis)
        part.d.comb += [
            *(coefficient.eq(polynomial.word_select(power, self._code.m))
              for coefficient, power in zip(coefficients, powers, strict=True)),
            Cat(planes).eq(Cat(evaluation.planes(part, coefficients, name))),
        ]
        return planes

    def _judge(self, m: Module, dirty: list, wrong: Signal):
        """Count the roots while the division goes on, which takes two cycles at least."""
        width, size = len(self.length), isqrt(self._code.n)     # never more roots than the degree
        groups = [Signal(width, name=f"group{start}", reset_less=True)
                  for start in range(0, self._code.n, size)]
        expected = [Cat(self.length, self.near),
                    *(Signal(width + 1, name=f"expected{i}", reset_less=True) for i in (1, 2))]
        for i in range(2):
            with m.If(dirty[i]):
                m.d.sync += expected[i + 1].eq(expected[i])
        with m.If(dirty[1]):
            m.d.sync += [group.eq(_total(list(wrong[i * size:(i + 1) * size]), width))
                         for i, group in enumerate(groups)]
        right = Signal()
        m.d.comb += right.eq(Cat(_total(groups, width), Const(1, 1)) == expected[2])
        judgement = Cat(dirty[2] & right, dirty[2] & ~right)
        for i in range(self._divider.latency - 1):
            held = Signal(2, name=f"judgement{i}")
            m.d.sync += held.eq(judgement)
            judgement = held
        m.d.comb += Cat(self.correct, self.failed).eq(judgement)
