"""One iteration of Berlekamp and Massey's algorithm, without inversion."""

from collections.abc import Sequence

from amaranth import Const, Module, Mux, Signal, Value

from .arithmetic import combine, multiples
from .galois import Field

__all__ = ["Iteration"]


class Iteration:
    """What the iteration does with the locators Lambda and B, and with their products alike.

    Parameters
    ----------
    m : Module
    field : Field
    name : str
        What the names of the signals end with.
    gamma, gap : Value
        Factors of Lambda and of x·B: the discrepancies that belong to B and to Lambda.
    k : signed Value
        r + e - 2·L in iteration r, for a locator of length L and e erasures.
    active : Value
        It is an iteration after the erasures. Otherwise B becomes what `Lambda` is.

    Members
    -------
    next_gamma, next_k : Value
    """

    def __init__(self, m: Module, field: Field, name: str, *, gamma: Value, gap: Value, k: Value,
                 active: Value):
        longer, self._replaced = Signal(name=f"longer{name}"), Signal(name=f"replaced{name}")
        self.next_k = Signal.like(k, name=f"next_k{name}")
        m.d.comb += [
            longer.eq(active & gap.any() & (k >= 0)),
            self._replaced.eq(longer | ~active),
            self.next_k.eq(Mux(active, Mux(longer, ~k, k + 1), 0)),
        ]
        self.next_gamma = Mux(longer, gap, gamma)
        self._by_gamma = multiples(m, field, f"scale{name}", gamma)
        self._by_gap = multiples(m, field, f"gap{name}", gap)

    def advance(self, new: Sequence[Value], shifted: Sequence[Value]
                ) -> tuple[list[Value], list[Value]]:
        """Coefficients of the next Lambda and of the next B, from those of Lambda and of x·B."""
        following = [combine(self._by_gamma, a) if isinstance(b, Const) and b.value == 0
                     else combine(self._by_gamma, a) ^ combine(self._by_gap, b)
                     for a, b in zip(new, shifted, strict=True)]
        return following, [Mux(self._replaced, a, b) for a, b in zip(new, shifted, strict=True)]
