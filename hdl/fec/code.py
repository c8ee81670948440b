"""Systematic Reed-Solomon codes, and what they compute as binary matrices.

A matrix is a list of rows, a row the mask of the input bits that are XORed into one output bit.
"""

from dataclasses import dataclass
from functools import cached_property, reduce

from .galois import Field

__all__ = ["Code"]


@dataclass(frozen=True)
class Code:
    """The words of n symbols of GF(2^m) whose first k are the message and the rest the parity.

    Symbol s is the coefficient of x^(n-1-s), and a codeword is a multiple of
    (x - 1)(x - alpha)...(x - alpha^(n-k-1)). Bit b of symbol s is bit s·m + b of a word.

    Parameters
    ----------
    n, k : int
        Symbols of a word and of its message: n <= 2^m - 1, n - k even.
    m : int
        Bits per symbol.
    polynomial : int
        The field's, or 0 for the default, see :class:`Field`.

    Members
    -------
    field : Field
    parity : int
        Parity symbols, n - k.
    t : int
        Wrong symbols that can be corrected.

    Raises
    ------
    ValueError
        With one sentence, if there is no such code.
    """

    n: int
    k: int
    m: int
    polynomial: int = 0

    def __post_init__(self):
        longest = self.field.size - 1           # the field checks m and the polynomial
        if not 3 <= self.n <= longest:
            raise ValueError(f"n = {self.n} symbols are out of range: allowed is 3 to {longest} "
                             f"with m = {self.m}")
        if not 1 <= self.k < self.n:
            raise ValueError(f"k = {self.k} message symbols are out of range: allowed is 1 to "
                             f"{self.n - 2} with n = {self.n}")
        if self.parity % 2:
            raise ValueError(f"n - k = {self.parity} parity symbols are not allowed: it must be "
                             f"an even number")

    @cached_property
    def field(self) -> Field:
        return Field(self.m, self.polynomial)

    @property
    def parity(self) -> int:
        return self.n - self.k

    @property
    def t(self) -> int:
        return self.parity // 2

    # Matrices -------------------------------------------------------------------------------------

    def parity_rows(self) -> list[int]:
        """From the message to its parity: row p·m + b is bit b of codeword symbol k + p."""
        generator = self.field.generator(self.parity)
        remainders = [generator[:-1]]           # of x^(n-k), x^(n-k+1), ... by the generator
        while len(remainders) < self.k:
            *low, top = remainders[-1]
            remainders.append([a ^ self.field.times(top, g)
                               for a, g in zip([0, *low], generator, strict=False)])
        return self._binary([[remainder[power] for remainder in reversed(remainders)]
                             for power in reversed(range(self.parity))])

    def syndrome_rows(self) -> list[int]:
        """From a word to its syndromes: row j·m + b is bit b of the word's value at alpha^j."""
        return self._binary([[self.field.power(j * power) for power in reversed(range(self.n))]
                             for j in range(self.parity)])

    def _binary(self, constants: list[list[int]]) -> list[int]:
        """A matrix over the field as a binary one."""
        rows = []
        for line in constants:
            blocks = [self.field.matrix(constant) for constant in line]
            rows += [sum(block[bit] << place * self.m for place, block in enumerate(blocks))
                     for bit in range(self.m)]
        return rows

    # The same in two steps ------------------------------------------------------------------------
    #
    # Bit plane b of a word, bit b of all its symbols, is a polynomial over GF(2). A binary matrix
    # that is the same for all planes leaves few bits of each, because squaring is linear there:
    # the plane's value at alpha^(2j) is the square of that at alpha^j. So of 8 values only those at
    # 1, alpha, alpha^3, alpha^5 and alpha^7 are independent: with m = 8, 33 bits and not 64. A
    # second, small matrix makes the result from what is left of all planes; bit b of the planes'
    # row f is its input f·m + b.

    def parity_factors(self) -> tuple[list[int], list[int]] | None:
        """:meth:`parity_rows` as (matrix of the planes, matrix of the rest); None for short codes.

        The planes are divided by the least multiple of the generator that has binary coefficients.
        What remains of the message is the message of a shorter code, with the same parity but for
        the symbols that are low enough to be in the remainder as they are.
        """
        order = self.field.size - 1
        roots = {(j << shift) % order for j in range(self.parity) for shift in range(self.m)}
        divisor = reduce(self.field.product,
                         ([self.field.power(root), 1] for root in sorted(roots)))
        degree = len(roots)
        if degree >= self.n:
            return None
        low = sum(bit << power for power, bit in enumerate(divisor[:-1]))
        remainders = [1]                        # of x^0, x^1, ... by the divisor
        while len(remainders) < self.n:
            shifted = remainders[-1] << 1
            remainders.append((shifted ^ low) & ~(1 << degree) if shifted >> degree else shifted)
        message = remainders[:self.parity - 1:-1]
        planes = [sum((remainder >> power & 1) << place for place, remainder in enumerate(message))
                  for power in reversed(range(degree))]
        kept = (degree - self.parity) * self.m
        rest = Code(degree, degree - self.parity, self.m, self.polynomial).parity_rows()
        return planes, [row | 1 << kept + place for place, row in enumerate(rest)]

    def syndrome_factors(self) -> tuple[list[int], list[int]]:
        """:meth:`syndrome_rows` as (matrix of the planes, matrix of the rest)."""
        field, order = self.field, self.field.size - 1
        # For every j the least c with j = c·2^shift: the value at alpha^c, squared `shift` times.
        leaders = [min(((j << self.m - shift) % order, shift) for shift in range(self.m))
                   for j in range(self.parity)]
        planes, meaning = [], []                # of each row: which c and which bit of the value
        for leader in sorted({leader for leader, _ in leaders}):
            values = [field.power(leader * power) for power in reversed(range(self.n))]
            for bit in range(self.m):
                row = sum((value >> bit & 1) << place for place, value in enumerate(values))
                if row:
                    planes.append(row)
                    meaning.append((leader, bit))
        rest = []
        for leader, shift in leaders:
            elements = [field.power(plane + (bit << shift)) if of == leader else 0
                        for of, bit in meaning for plane in range(self.m)]
            rest += [sum((element >> bit & 1) << place for place, element in enumerate(elements))
                     for bit in range(self.m)]
        return planes, rest
