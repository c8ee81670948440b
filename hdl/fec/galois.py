"""Arithmetic in GF(2^m), for the generator in Python; as gates see `arithmetic.py`."""

from collections.abc import Iterable
from functools import reduce

__all__ = ["PRIMITIVE", "Field", "coordinates"]

PRIMITIVE = {4: 0x13, 5: 0x25, 6: 0x43, 7: 0x89, 8: 0x11D, 9: 0x211, 10: 0x409, 11: 0x805,
             12: 0x1053}
"""Default polynomial of each field; that of m = 10 is x^10 + x^3 + 1 of IEEE 802.3 clause 91."""


def coordinates(basis: Iterable[int]) -> dict[int, int]:
    """For each sum of elements of a basis, the mask of those that it is the sum of."""
    masks = {0: 0}
    for place, element in enumerate(basis):
        masks |= {total ^ element: mask | 1 << place for total, mask in masks.items()}
    return masks


class Field:
    """GF(2^m) with the primitive element alpha = x; element bit i is the coefficient of x^i.

    Parameters
    ----------
    m : int, 4..12
        Bits per symbol.
    polynomial : int
        Primitive polynomial of degree m, bit i the coefficient of x^i; 0 for that of
        :data:`PRIMITIVE`.

    Members
    -------
    m, polynomial : int
    size : int
        2^m.
    exp : list of int
        exp[i] = alpha^i for 0 <= i < 2·(2^m - 1).
    log : list of int
        Inverse of `exp`; log[0] has no meaning.

    Fields with the same polynomial are equal.

    Raises
    ------
    ValueError
        With one sentence, if `m` or `polynomial` cannot be used.
    """

    def __init__(self, m: int, polynomial: int = 0):
        if not isinstance(m, int) or m not in PRIMITIVE:
            raise ValueError(f"symbol bits m = {m!r} are out of range: allowed is 4 to 12")
        polynomial = polynomial or PRIMITIVE[m]
        if polynomial >> m != 1:
            raise ValueError(f"polynomial = {polynomial:#x} has not degree {m}: allowed are the "
                             f"primitive polynomials of that degree, as {PRIMITIVE[m]:#x}")
        self.m, self.polynomial, self.size = m, polynomial, 1 << m
        self.exp, self.log = [1], [0] * self.size
        while len(self.exp) < 2 * (self.size - 1):
            last = self.exp[-1] << 1
            self.exp.append(last ^ polynomial if last >> m else last)
        if len(set(self.exp[:self.size - 1])) != self.size - 1:
            raise ValueError(f"polynomial = {polynomial:#x} is not primitive: allowed are the "
                             f"primitive polynomials of degree {m}, as {PRIMITIVE[m]:#x}")
        for power, element in enumerate(self.exp[:self.size - 1]):
            self.log[element] = power

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Field) and self.polynomial == other.polynomial

    def __hash__(self) -> int:
        return hash(self.polynomial)

    def power(self, exponent: int) -> int:
        """alpha^exponent, for any whole exponent."""
        return self.exp[exponent % (self.size - 1)]

    def times(self, a: int, b: int) -> int:
        """Product of two elements."""
        return self.exp[self.log[a] + self.log[b]] if a and b else 0

    def product(self, p: list[int], q: list[int]) -> list[int]:
        """Product of two polynomials, coefficient of x^0 first."""
        out = [0] * (len(p) + len(q) - 1)
        for i, a in enumerate(p):
            for j, b in enumerate(q):
                out[i + j] ^= self.times(a, b)
        return out

    def generator(self, parity: int) -> list[int]:
        """Product of (x - alpha^j) for j = 0..parity-1, coefficient of x^0 first."""
        return reduce(self.product, ([self.power(j), 1] for j in range(parity)), [1])

    def matrix(self, constant: int) -> list[int]:
        """Multiplication by a constant as a binary matrix: for each output bit, the mask of the
        input bits that are XORed."""
        columns = [self.times(constant, 1 << bit) for bit in range(self.m)]
        return [sum((column >> row & 1) << bit for bit, column in enumerate(columns))
                for row in range(self.m)]
