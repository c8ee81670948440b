"""Which symbols of a row are wrong, and by how much, all at once."""

from functools import reduce
from operator import or_

from amaranth import Cat, Module, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from .divide import PlaneDivider
from .evaluate import Evaluation
from .galois import Field

__all__ = ["RootFinder", "total"]


def total(values: list, width: int) -> Value:
    """The sum modulo 2^width, as a tree."""
    while len(values) > 1:
        left_over = values[len(values) & ~1:]
        values = [(a + b)[:width] for a, b in zip(values[::2], values[1::2], strict=False)]
        values += left_over
    return values[0]


class RootFinder(wiring.Component):
    """Evaluates locator and evaluator at the places of some symbols, and divides.

    The symbol with the locator X is wrong if the locator polynomial Lambda is 0 at x = 1/X: its
    even and odd parts are equal there. What is wrong is the evaluator over the odd part (Forney
    1965: the odd part is x·Lambda'(x), and the first root of the generator is alpha^0). Symbols
    that are not wrong have zeros in all registers, so nothing moves in their dividers.

    Parameters
    ----------
    m, polynomial : int
        See :class:`Field`.
    parity : int
        Degree of the locator at most.
    places : range
        The powers of alpha that the X are, see :class:`Evaluation`.

    Members
    -------
    locator : (parity + 1)·m bits, in; evaluator : parity·m bits, in
        Coefficients, that of x^0 first.
    dirty : 1 bit, in
        They mean something. Otherwise no register changes.
    wrong : a bit per place, out
        The roots, a cycle later. It is 0 before the first `dirty`, and else holds its value.
    errors : array of m x places bits, out
        Bit s of plane b is bit b of what is to be added to symbol s, :attr:`latency` cycles later:
        1 for the values and those of :class:`PlaneDivider`.

    Cost: see :class:`Evaluation` and :class:`PlaneDivider`.
    """

    locator: Signal
    evaluator: Signal
    dirty: Signal
    wrong: Signal
    errors: data.View

    def __init__(self, *, m: int, polynomial: int = 0, parity: int, places: range):
        self._field, self._parity, self._places = Field(m, polynomial), parity, places
        self._divider = PlaneDivider(m=m, polynomial=polynomial, count=len(places))
        super().__init__({
            "locator": In((parity + 1) * m), "evaluator": In(parity * m), "dirty": In(1),
            "wrong": Out(len(places)), "errors": Out(data.ArrayLayout(len(places), m)),
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
        root, divides = Signal(count), Signal(name="dirty1")
        m.d.comb += [
            root.eq(~reduce(or_, (a ^ b for a, b in zip(even, odd, strict=True)))),
            divider.valid.eq(divides), self.errors.eq(divider.o),
        ]
        m.d.sync += divides.eq(self.dirty)
        with m.If(self.dirty):
            m.d.sync += self.wrong.eq(root)
        for port, values in ((divider.dividend, evaluator), (divider.divisor, odd)):
            planes = [Signal(count, name=f"wrong_{value.name}", reset_less=True)
                      for value in values]
            m.d.comb += port.eq(Cat(planes))
            with m.If(self.dirty):
                m.d.sync += [plane.eq(value & root)
                             for plane, value in zip(planes, values, strict=True)]
        return m

    def _planes(self, m: Module, name: str, polynomial: Signal, powers: range) -> list[Signal]:
        """Values at all places of the coefficients `powers` of a polynomial, see Evaluation."""
        m.submodules[f"{name}_values"] = part = Module()
        size = self._field.m
        coefficients = [Signal(size, name=f"{name}{power}") for power in powers]
        planes = [Signal(len(self._places), name=f"{name}_plane{b}") for b in range(size)]
        evaluation = Evaluation(self._field, self._places, tuple(powers), self._divider.basis)
        part.d.comb += [
            *(coefficient.eq(polynomial.word_select(power, size))
              for coefficient, power in zip(coefficients, powers, strict=True)),
            Cat(planes).eq(Cat(evaluation.planes(part, coefficients, name))),
        ]
        return planes
