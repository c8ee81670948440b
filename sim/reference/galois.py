"""Fields GF(2^m), and polynomials over them, for arrays (section 8)."""

import numpy as np

__all__ = ["POLYNOMIALS", "Field"]

POLYNOMIALS = {4: 0x13, 5: 0x25, 6: 0x43, 7: 0x89, 8: 0x11D, 9: 0x211, 10: 0x409, 11: 0x805,
               12: 0x1053}
"""m -> primitive polynomial of degree m, bit i the coefficient of x^i."""


class Field:
    """GF(2^m) with alpha = x; bit i of an element is its coefficient of x^i.

    Parameters
    ----------
    m : int
        Bits per element, 4..12.
    polynomial : int
        A primitive one of degree m; 0 takes that of the table.

    Members
    -------
    m, polynomial : int
        As above, the polynomial never 0.
    order : int
        2^m - 1: elements other than 0, and the order of alpha.
    """

    def __init__(self, m: int, polynomial: int = 0):
        if m not in POLYNOMIALS:
            raise ValueError(f"m = {m} is out of range: allowed is 4 to 12")
        self.m = m
        self.polynomial = polynomial or POLYNOMIALS[m]
        self.order = (1 << m) - 1
        # Returning to 1 at the end and not before is what makes it primitive; with a polynomial of
        # another degree the value grows for ever.
        powers, value = [], 1
        for _ in range(self.order):
            powers.append(value)
            value = value << 1 ^ (self.polynomial if value >> m - 1 else 0)
        if value != 1 or 1 in powers[1:]:
            raise ValueError(f"polynomial = {polynomial:#x} is not allowed for m = {m}: it must be "
                             f"primitive and of degree {m}, or 0 for {POLYNOMIALS[m]:#x}")
        # The logarithm of 0 is so large that every sum with it meets a 0 in the table of powers.
        self._log = np.full(1 << m, 2 * self.order, np.intp)
        self._log[powers] = np.arange(self.order)
        self._exp = np.zeros(4 * self.order + 1, np.uint16)
        self._exp[:2 * self.order] = powers * 2

    def mul(self, a: np.ndarray | int, b: np.ndarray | int) -> np.ndarray:
        """Products, uint16 of the shape that a and b broadcast to."""
        return self._exp.take(self._log.take(a) + self._log.take(b))

    def inv(self, a: np.ndarray | int) -> np.ndarray:
        """Inverses, uint16 [...]."""
        if not np.all(a):
            raise ZeroDivisionError("0 has no inverse")
        return self._exp.take(self.order - self._log.take(a))

    def power(self, exponents: np.ndarray | int) -> np.ndarray:
        """Powers of alpha, uint16 [...]; the exponents may be negative."""
        return self._exp.take(np.asarray(exponents) % self.order)

    def dot(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Sums of products along the last axis, uint16."""
        return np.bitwise_xor.reduce(self.mul(a, b), axis=-1)

    def product(self, a: np.ndarray, b: np.ndarray, terms: int) -> np.ndarray:
        """Products of polynomials modulo x^terms, the coefficient of x^0 first.

        Parameters
        ----------
        a, b : uint16 [..., any]

        Returns
        -------
        uint16 [..., terms]
        """
        shape = np.broadcast_shapes(a.shape[:-1], b.shape[:-1])
        result = np.zeros((*shape, terms), np.uint16)
        for i in range(min(a.shape[-1], terms)):
            width = min(b.shape[-1], terms - i)
            result[..., i:i + width] ^= self.mul(a[..., i:i + 1], b[..., :width])
        return result
