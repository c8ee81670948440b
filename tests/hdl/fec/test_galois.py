import pytest
from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lampyris.fec.arithmetic import combine, multiples, scale
from lampyris.fec.galois import PRIMITIVE, Field
from lampyris.sim.streams import simulate

FIELDS = [*((m, 0) for m in range(4, 13)), (4, 0x19), (8, 0x187), (10, 0x481)]


def multiply(a, b, polynomial):
    """Schoolbook product of two polynomials over GF(2), then a long division."""
    product = 0
    for power in range(b.bit_length()):
        product ^= (a << power) * (b >> power & 1)
    while product.bit_length() >= polynomial.bit_length():
        product ^= polynomial << product.bit_length() - polynomial.bit_length()
    return product


@pytest.mark.parametrize("m, polynomial", FIELDS)
def test_tables(m, polynomial):
    field = Field(m, polynomial)
    assert (field.m, field.size) == (m, 1 << m)
    assert field.polynomial == polynomial or (polynomial == 0 and field.polynomial == PRIMITIVE[m])
    assert field.exp[0] == 1 and len(field.exp) == 2 * (field.size - 1)
    for last, element in zip(field.exp, field.exp[1:], strict=False):
        assert element == multiply(last, 2, field.polynomial)
    assert sorted(field.exp[:field.size - 1]) == list(range(1, field.size))
    assert all(field.exp[field.log[element]] == element for element in range(1, field.size))
    order = field.size - 1
    assert [field.power(e) for e in (-1, 0, order, 5 * order + 3)] == [
        field.exp[order - 1], 1, 1, field.exp[3]]
    assert multiply(field.power(-1), 2, field.polynomial) == 1


@pytest.mark.parametrize("m, polynomial", FIELDS)
def test_arithmetic(m, polynomial, rng, product):
    """Products of elements, by a constant as a matrix, and of polynomials."""
    field = Field(m, polynomial)
    for a, b in [(0, 0), (0, 1), (1, 0), *((rng.getrandbits(m), rng.getrandbits(m))
                                           for _ in range(200))]:
        expected = multiply(a, b, field.polynomial)
        assert field.times(a, b) == expected
        assert product(field.matrix(a), b) == expected
    assert field.product([3, 1], [7, 0, 1]) == [multiply(3, 7, field.polynomial), 7, 3, 1]


@pytest.mark.parametrize("m, polynomial", FIELDS)
def test_generator(m, polynomial):
    """Its zeros are the first powers of alpha and no others."""
    field = Field(m, polynomial)
    generator = field.generator(6)
    assert len(generator) == 7 and generator[-1] == 1

    def value(x):
        total = 0
        for coefficient in reversed(generator):
            total = multiply(total, x, field.polynomial) ^ coefficient
        return total

    assert [j for j in range(min(field.size - 1, 40)) if value(field.power(j)) == 0] == list(
        range(6))
    assert field.generator(0) == [1]


class Arithmetic(wiring.Component):
    """All the RTL of a field."""

    a: Signal
    b: Signal
    product: Signal
    scaled: Signal

    def __init__(self, field, constant):
        self._field, self._constant = field, constant
        super().__init__({"a": In(field.m), "b": In(field.m), "product": Out(field.m),
                          "scaled": Out(field.m)})

    def elaborate(self, platform):
        m = Module()
        m.d.comb += [self.product.eq(combine(multiples(m, self._field, "a", self.a), self.b)),
                     self.scaled.eq(scale(self._field, self._constant, self.a))]
        return m


@pytest.mark.parametrize("m, polynomial, constant", [
    (4, 0, 0), (4, 0, 1), (4, 0x19, 11), (8, 0, 0x8E), (8, 0x187, 0x35), (10, 0, 0x2C1)])
def test_rtl(m, polynomial, constant, rng):
    field = Field(m, polynomial)
    dut = Arithmetic(field, constant)
    pairs = [(a, b) for a in range(16) for b in range(16)] if m == 4 else [
        (rng.getrandbits(m), rng.getrandbits(m)) for _ in range(300)]

    async def testbench(ctx):
        for a, b in pairs:
            ctx.set(dut.a, a)
            ctx.set(dut.b, b)
            await ctx.delay(1e-9)
            assert ctx.get(dut.product) == multiply(a, b, field.polynomial)
            assert ctx.get(dut.scaled) == multiply(a, constant, field.polynomial)

    simulate(dut, [testbench])


def test_equality():
    """Fields are equal if they compute the same, and can be keys then."""
    assert Field(8) == Field(8, 0x11D) and hash(Field(8)) == hash(Field(8, 0x11D))
    assert Field(8) != Field(8, 0x187) and Field(8) != Field(9) and Field(8) != 0x11D


@pytest.mark.parametrize("m, polynomial, sentence", [
    (3, 0, "symbol bits m = 3 are out of range: allowed is 4 to 12"),
    (13, 0, "symbol bits m = 13 are out of range: allowed is 4 to 12"),
    ("8", 0, "symbol bits m = '8' are out of range: allowed is 4 to 12"),
    (8, 0x1D, "polynomial = 0x1d has not degree 8: allowed are the primitive polynomials of that "
              "degree, as 0x11d"),
    (8, 0x211, "polynomial = 0x211 has not degree 8: allowed are the primitive polynomials of that "
               "degree, as 0x11d"),
    # Irreducible, that of AES, but x has the order 51; reducible; without a 1.
    (8, 0x11B, "polynomial = 0x11b is not primitive: allowed are the primitive polynomials of "
               "degree 8, as 0x11d"),
    (4, 0x11, "polynomial = 0x11 is not primitive: allowed are the primitive polynomials of "
              "degree 4, as 0x13"),
    (4, 0x10, "polynomial = 0x10 is not primitive: allowed are the primitive polynomials of "
              "degree 4, as 0x13"),
])
def test_bad_parameters(m, polynomial, sentence):
    with pytest.raises(ValueError) as error:
        Field(m, polynomial)
    assert str(error.value) == sentence
