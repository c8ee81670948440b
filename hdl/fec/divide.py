"""Division in GF(2^m), for many pairs of elements side by side."""

from functools import reduce
from operator import xor

from amaranth import Cat, Const, Module, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from .galois import Field, coordinates

__all__ = ["PlaneDivider", "division_latency"]

# A set of `count` elements is a list of m values of `count` bits, the bit planes: bit i of plane b
# is coordinate b of element i. So an operation on all elements is written, and exported, once.


def _linear(images: list[int], a: list) -> list[Value]:
    """The linear map that takes the basis to `images`, masks of planes of the result."""
    return [reduce(xor, (plane for image, plane in zip(images, a, strict=True) if image >> row & 1))
            for row in range(len(a))]


def _product(a: list, b: list, powers: list[int]) -> list[Value]:
    """Products in the basis 1, x, x^2, ...; `powers` has the coordinates of at least 2·len(a) - 1
    powers of x."""
    terms = [[multiple & plane for multiple in _linear(powers[shift:shift + len(a)], a)]
             for shift, plane in enumerate(b)]
    return [reduce(xor, row) for row in zip(*terms, strict=True)]


def _looked_up(table: dict[int, int], a: list) -> list[Value]:
    """Any function of few planes that maps 0 to 0, as a sum of products of planes."""
    size = 1 << len(a)
    sums = [table[index] for index in range(size)]
    for place in range(len(a)):         # the Moebius transform: which products are in the sum
        for index in range(size):
            if index >> place & 1:
                sums[index] ^= sums[index ^ 1 << place]
    products = [Const(0, len(a[0]))]
    for index in range(1, size):
        first, others = index.bit_length() - 1, index & index - 1
        lowest = a[(index ^ others).bit_length() - 1]
        products.append(products[others] & lowest if others else a[first])
    return [reduce(xor, (product for product, rows in zip(products, sums, strict=True)
                         if rows >> row & 1)) for row in range(len(a))]


def _chain(m: int) -> list[int]:
    """From b to b^(2^(m-1) - 1), each the product of a power of 2 of the last and the last (2) or b
    (1): the exponents' lengths in binary double or grow by one."""
    return [step for bit in f"{m - 1:b}"[1:] for step in (2, 1)[:1 + int(bit)]]


def division_latency(m: int) -> int:
    """Cycles that a :class:`PlaneDivider` takes."""
    return 1 + (1 if m % 2 == 0 else len(_chain(m)))


class PlaneDivider(wiring.Component):
    """Divides elements of GF(2^m) by elements of GF(2^m); x / 0 is 0.

    With an even m the elements are c + d·w over the subfield of q = 2^(m/2) elements, where
    w^q = w + 1. Then a / b = a·b^q / b^(q+1), in which b^q = (c + d) + d·w costs next to nothing
    and b^(q+1) = c^2 + c·d + d^2·w^(q+1) is in the subfield, small enough to be inverted as a
    table. An odd m has no such subfield: there 1/b is the square of b^(2^(m-1) - 1), with a chain
    of products after Itoh and Tsujii (1988), one per clock.

    Parameters
    ----------
    m, polynomial : int
        See :class:`Field`.
    count : int
        Pairs of elements.

    Members
    -------
    dividend, divisor : array of m x `count` bits, in
        Bit i of plane b is the coordinate of element i that belongs to :attr:`basis`\\ [b].
    valid : 1 bit, in
        There is something to divide. Otherwise all registers but those of `valid` keep their
        values.
    o : array of m x `count` bits, out
        The quotients, bit i of plane b the coefficient of x^b. From registers.

    Latency: :attr:`latency` cycles, 2 with an even m, 3 to 5 with an odd one. Throughput: all pairs
    in each cycle.

    Cost per pair with m = 8: 126 XOR2, 112 other gates, 20 flip-flops. The chain would take four
    products and a fifth for the dividend, some 650 gates.
    """

    dividend: data.View
    divisor: data.View
    valid: Signal
    o: data.View

    def __init__(self, *, m: int, polynomial: int = 0, count: int):
        self._field = Field(m, polynomial)
        if count < 1:
            raise ValueError(f"count must be 1 or more, not {count}")
        self._count = count
        planes = data.ArrayLayout(count, m)
        super().__init__({"dividend": In(planes), "divisor": In(planes), "valid": In(1),
                          "o": Out(planes)})

    @property
    def basis(self) -> tuple[int, ...]:
        """The elements whose sums the operands are."""
        field = self._field
        if field.m % 2:
            return tuple(field.exp[:field.m])
        subfield = [field.power(i * self._ratio) for i in range(field.m // 2)]
        return (*subfield, *(field.times(self._w, element) for element in subfield))

    @property
    def latency(self) -> int:
        """Cycles from `dividend` and `divisor` to `o`."""
        return division_latency(self._field.m)

    def elaborate(self, platform):
        m = Module()
        dividend, divisor = (
            [Signal(self._count, name=f"{name}{plane}") for plane in range(self._field.m)]
            for name in ("dividend", "divisor"))
        m.d.comb += [Cat(dividend).eq(self.dividend), Cat(divisor).eq(self.divisor)]
        if self._field.m % 2:
            quotient, valid = self._by_powers(m, dividend, divisor)
        else:
            quotient, valid = self._by_norm(m, dividend, divisor)
        m.d.comb += self.o.eq(Cat(self._held(m, quotient, "quotient", valid)))
        return m

    def _held(self, m: Module, values: list, name: str, valid) -> list[Signal]:
        registers = [Signal(self._count, name=f"{name}{plane}", reset_less=True)
                     for plane in range(len(values))]
        with m.If(valid):
            m.d.sync += [register.eq(value) for register, value in zip(registers, values,
                                                                        strict=True)]
        return registers

    # Even m ---------------------------------------------------------------------------------------

    @property
    def _ratio(self) -> int:
        """alpha to this power generates the subfield."""
        return (1 << self._field.m // 2) + 1

    @property
    def _w(self) -> int:
        field, q = self._field, 1 << self._field.m // 2
        return next(w for w in range(2, field.size) if field.power(field.log[w] * q) == w ^ 1)

    def _by_norm(self, m: Module, dividend: list, divisor: list):
        field, half = self._field, self._field.m // 2
        elements = [field.power(i * self._ratio) for i in range(1 << half)]
        masks = coordinates(elements[:half])
        powers = [masks[element] for element in elements]
        twist = [masks[field.times(element, field.power(field.log[self._w] * self._ratio))]
                 for element in elements[:half]]
        inverses = {masks[element]: masks[field.power(-field.log[element])]
                    for element in elements[:-1]} | {0: 0}

        a, b = dividend[:half], dividend[half:]
        c, d = divisor[:half], divisor[half:]
        squares = powers[:2 * half:2]
        norm = [Signal(self._count, name=f"norm{plane}") for plane in range(half)]
        m.d.comb += Cat(norm).eq(Cat(
            x ^ y ^ z for x, y, z in zip(_linear(squares, c), _product(c, d, powers),
                                         _linear(twist, _linear(squares, d)), strict=True)))
        # (a + b·w)·((c + d) + d·w) with w^2 = w + w^(q+1), in three products after Karatsuba.
        plus = [x ^ y for x, y in zip(c, d, strict=True)]
        low, high = _product(a, plus, powers), _product(b, d, powers)
        both = _product([x ^ y for x, y in zip(a, b, strict=True)], c, powers)
        low_part = [x ^ y for x, y in zip(low, _linear(twist, high), strict=True)]
        high_part = [x ^ y for x, y in zip(low, both, strict=True)]
        low_part, high_part, inverse = (
            self._held(m, values, name, self.valid) for values, name in (
                (low_part, "low"), (high_part, "high"), (_looked_up(inverses, norm), "inverse")))
        valid = Signal()
        m.d.sync += valid.eq(self.valid)
        products = [Signal(self._count, name=f"product{plane}") for plane in range(field.m)]
        m.d.comb += Cat(products).eq(Cat(_product(low_part, inverse, powers),
                                         _product(high_part, inverse, powers)))
        return _linear(list(self.basis), products), valid

    # Odd m ----------------------------------------------------------------------------------------

    def _by_powers(self, m: Module, dividend: list, divisor: list):
        field, length, power, valid = self._field, 1, divisor, self.valid
        chain = _chain(field.m)
        for number, step in enumerate(chain):
            factor, shift = (power, length) if step == 2 else (divisor, 1)
            shifted = _linear([field.power(place << shift) for place in range(field.m)], power)
            power = self._held(m, _product(factor, shifted, field.exp), f"power{number}_", valid)
            dividend = self._held(m, dividend, f"dividend{number}_", valid)
            if 1 in chain[number + 1:]:
                divisor = self._held(m, divisor, f"divisor{number}_", valid)
            following = Signal(name=f"valid{number}")
            m.d.sync += following.eq(valid)
            length, valid = length + shift, following
        return _product(dividend, _linear(field.exp[:2 * field.m:2], power), field.exp), valid
