import pytest

from lampyris.fec.code import Code
from lampyris.sim.reference.galois import Field as ReferenceField

CODES = [(6, 2, 4, 0), (15, 1, 4, 0), (15, 9, 4, 0x19), (12, 8, 8, 0), (20, 16, 8, 0x187),
         (45, 37, 8, 0), (136, 128, 8, 0), (255, 235, 8, 0), (14, 10, 10, 0), (60, 56, 10, 0)]


def values(word, count, m, polynomial):
    """A word's values at alpha^0, alpha^1, ..., by Horner's rule."""
    field = ReferenceField(m, polynomial)
    results = []
    for j in range(count):
        total = 0
        for symbol in word:
            total = int(field.mul(total, field.power(j))) ^ int(symbol)
        results.append(total)
    return results


@pytest.mark.parametrize("n, k, m, polynomial", CODES)
def test_matrices(n, k, m, polynomial, number, product, codewords, rng):
    """The parity is the reference's; the syndromes are the values at the powers of alpha."""
    code = Code(n, k, m, polynomial)
    parity, syndromes = code.parity_rows(), code.syndrome_rows()
    assert len(parity) == len(syndromes) == (n - k) * m
    for word in codewords(n, k, m, polynomial, 6):
        assert product(parity, number(word[:k], m)) == number(word[k:], m)
        assert product(syndromes, number(word, m)) == 0
        for _ in range(3):
            word[rng.randrange(n)] ^= rng.getrandbits(m)
        assert product(syndromes, number(word, m)) == number(values(word, n - k, m, polynomial), m)


@pytest.mark.parametrize("n, k, m, polynomial", CODES)
def test_factors(n, k, m, polynomial, number, product, rng):
    """In two steps, by bit planes and then the rest, the matrices are the same."""
    code = Code(n, k, m, polynomial)

    def in_two_steps(factors, symbols):
        planes, rest = factors
        values = [product(planes, number([symbol >> bit & 1 for symbol in symbols], 1))
                  for bit in range(m)]
        return product(rest, number([value >> f & 1 for f in range(len(planes))
                                     for value in values], 1))

    for _ in range(8):
        word = [rng.getrandbits(m) for _ in range(n)]
        assert in_two_steps(code.syndrome_factors(), word) == product(code.syndrome_rows(),
                                                                      number(word, m))
        if code.parity_factors():
            assert in_two_steps(code.parity_factors(), word[:k]) == product(code.parity_rows(),
                                                                            number(word[:k], m))


@pytest.mark.parametrize("n, k, m, left", [
    (34, 26, 8, 33), (136, 128, 8, 33), (33, 25, 8, None), (12, 8, 8, None), (18, 14, 8, 17),
    (60, 56, 10, 21)])
def test_planes(n, k, m, left):
    """1 + 8 + 8 + 8 + 8 bits are left of a plane with 8 parity symbols over GF(2^8)."""
    factors = Code(n, k, m).parity_factors()
    assert factors is None if left is None else len(factors[0]) == left


def test_members():
    code = Code(136, 128, 8)
    assert (code.parity, code.t, code.field.polynomial) == (8, 4, 0x11D)
    assert Code(12, 8, 8, 0x187).field.polynomial == 0x187
    assert Code(12, 8, 8) == Code(12, 8, 8, 0) and len({Code(12, 8, 8), Code(12, 8, 8)}) == 1


@pytest.mark.parametrize("arguments, sentence", [
    ((256, 248, 8), "n = 256 symbols are out of range: allowed is 3 to 255 with m = 8"),
    ((2, 0, 8), "n = 2 symbols are out of range: allowed is 3 to 255 with m = 8"),
    ((16, 8, 4), "n = 16 symbols are out of range: allowed is 3 to 15 with m = 4"),
    ((12, 0, 8), "k = 0 message symbols are out of range: allowed is 1 to 10 with n = 12"),
    ((12, 12, 8), "k = 12 message symbols are out of range: allowed is 1 to 10 with n = 12"),
    ((12, 9, 8), "n - k = 3 parity symbols are not allowed: it must be an even number"),
    ((12, 8, 3), "symbol bits m = 3 are out of range: allowed is 4 to 12"),
    ((12, 8, 8, 0x11B), "polynomial = 0x11b is not primitive: allowed are the primitive "
                        "polynomials of degree 8, as 0x11d"),
])
def test_bad_parameters(arguments, sentence):
    with pytest.raises(ValueError) as error:
        Code(*arguments)
    assert str(error.value) == sentence
