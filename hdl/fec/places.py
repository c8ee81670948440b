"""Roots and magnitudes: which of some symbols are wrong, and by how much, all at once."""

from functools import reduce
from operator import or_

from amaranth import Cat, Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from .divide import PlaneDivider
from .evaluate import Evaluation
from .galois import Field

__all__ = ["PlaceSearch"]


class PlaceSearch(wiring.Component):
    """Evaluates locator and evaluator at the places of symbols.

    The symbol with the locator X is wrong if the locator Lambda is 0 at x = 1/X: its even and odd
    parts are equal there. What is wrong is the evaluator over the odd part (Forney 1965: the odd
    part is x·Lambda'(x), and the first root of the generator is alpha^0). The dividers of symbols
    that are not wrong are given zeros, so nothing moves in them.

    Parameters
    ----------
    field : Field
    places : range
        The symbols, see :class:`Evaluation`.
    parity : int
        n - k.

    Members
    -------
    locator : (n - k + 1)·m bits, in; evaluator : (n - k)·m bits, in
        Coefficients, that of x^0 first.
    dirty : 1 bit, in
        They are there. Otherwise no register changes but those that follow `dirty`.
    wrong : 1 bit per place, out
        In the clock after: where the locator is 0. From a register.
    errors : array of m x 1 bit per place, out
        Bit i of plane b is bit b of what is to be added to the symbol at place i.

    Latency: :attr:`latency` cycles to `errors`: 1 for the values, and those of
    :class:`PlaneDivider`; 3 with an even m.

    Cost: see :class:`Evaluation` and :class:`PlaneDivider`; per place 4·m XOR2, AND2 and OR2, and
    2·m + 1 flip-flops.
    """

    locator: Signal
    evaluator: Signal
    dirty: Signal
    wrong: Signal
    errors: data.View

    def __init__(self, *, field: Field, places: range, parity: int):
        self._field, self._places, self._parity = field, places, parity
        self._divider = PlaneDivider(m=field.m, polynomial=field.polynomial, count=len(places))
        super().__init__({
            "locator": In((parity + 1) * field.m), "evaluator": In(parity * field.m),
            "dirty": In(1), "wrong": Out(len(places)),
            "errors": Out(data.ArrayLayout(len(places), field.m)),
        })

    @property
    def latency(self) -> int:
        """Cycles from `locator` and `evaluator` to `errors`."""
        return 1 + self._divider.latency

    def elaborate(self, platform):
        m = Module()
        parity, count = self._parity, len(self._places)
        m.submodules.divider = divider = self._divider
        even = self._planes(m, "even", self.locator, range(0, parity + 1, 2))
        odd = self._planes(m, "odd", self.locator, range(1, parity + 1, 2))
        evaluator = self._planes(m, "evaluator", self.evaluator, range(parity))
        root = Signal(count)
        wrong = Signal(count, reset_less=True)
        valid = Signal()
        m.d.comb += [
            root.eq(~reduce(or_, (a ^ b for a, b in zip(even, odd, strict=True)))),
            self.wrong.eq(wrong), divider.valid.eq(valid), self.errors.eq(divider.o),
        ]
        m.d.sync += valid.eq(self.dirty)
        with m.If(self.dirty):
            m.d.sync += wrong.eq(root)
        for port, values in ((divider.dividend, evaluator), (divider.divisor, odd)):
            planes = [Signal(count, name=f"{value.name}_held", reset_less=True)
                      for value in values]
            # The roots come later than the values: their mask goes behind the registers.
            m.d.comb += port.eq(Cat(plane & wrong for plane in planes))
            with m.If(self.dirty):
                m.d.sync += [plane.eq(value) for plane, value in zip(planes, values, strict=True)]
        return m

    def _planes(self, m: Module, name: str, polynomial: Signal, powers: range) -> list[Signal]:
        """Values at all places of the coefficients `powers` of a polynomial, see Evaluation."""
        size = self._field.m
        m.submodules[f"{name}_values"] = part = Module()
        coefficients = [Signal(size, name=f"{name}{power}") for power in powers]
        planes = [Signal(len(self._places), name=f"{name}_plane{b}") for b in range(size)]
        evaluation = Evaluation(self._field, self._places, tuple(powers), self._divider.basis)
        part.d.comb += [
            *(coefficient.eq(polynomial.word_select(power, size))
              for coefficient, power in zip(coefficients, powers, strict=True)),
            Cat(planes).eq(Cat(evaluation.planes(part, coefficients, name))),
        ]
        return planes
