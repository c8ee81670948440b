"""Fields against shifts and adds, one element at a time."""

import re
from pathlib import Path

import numpy as np
import pytest

from lampyris.sim.reference.galois import POLYNOMIALS, Field

PAGE = Path(__file__).parents[3] / "docs" / "link-format.md"


def times(a, b, polynomial):
    """The product by the letter: a·b as polynomials, then modulo the field's."""
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a, b = a << 1, b >> 1
    while product.bit_length() >= polynomial.bit_length():
        product ^= polynomial << product.bit_length() - polynomial.bit_length()
    return product


def test_table_of_the_page():
    row = re.search(r"^\| polynomial \|(.*)\|$", PAGE.read_text(), re.MULTILINE)
    assert row, "docs/link-format.md has no row of polynomials"
    assert dict(enumerate((int(cell, 16) for cell in row[1].split("|")), 4)) == POLYNOMIALS


@pytest.mark.parametrize("m", range(4, 13))
def test_products_and_inverses(m, rng):
    field = Field(m)
    elements = np.arange(1 << m)
    assert field.m == m and field.order == elements[-1] and field.polynomial == POLYNOMIALS[m]
    a, b = (elements[:, None], elements) if m < 7 else rng.integers(0, 1 << m, (2, 5000))
    assert field.mul(a, b).dtype == np.uint16
    a, b = np.broadcast_arrays(a, b)
    assert field.mul(a, b).ravel().tolist() == [
        times(x, y, POLYNOMIALS[m])
        for x, y in zip(a.ravel().tolist(), b.ravel().tolist(), strict=True)]
    assert not field.mul(elements, 0).any() and not field.mul(0, elements).any()
    assert np.array_equal(field.mul(elements, 1), elements)
    assert (field.mul(elements[1:], field.inv(elements[1:])) == 1).all()
    with pytest.raises(ZeroDivisionError):
        field.inv(elements)


@pytest.mark.parametrize("m", [4, 8, 11])
def test_powers(m):
    field = Field(m)
    value, powers = 1, []
    for _ in range(field.order):
        powers.append(value)
        value = times(value, 2, field.polynomial)
    assert value == 1 and sorted(powers) == list(range(1, 1 << m))
    assert field.power(np.arange(-2 * field.order, 3 * field.order)).tolist() == powers * 5
    assert field.power(-1) == powers[-1]


@pytest.mark.parametrize("m, count", [(4, 2), (5, 6), (6, 6), (7, 18), (8, 16)])
def test_primitive_polynomials(m, count):
    """All of degree m: phi(2^m - 1) / m are primitive."""
    good = []
    for polynomial in range(1 << m, 2 << m):
        try:
            assert Field(m, polynomial).polynomial == polynomial
            good.append(polynomial)
        except ValueError:
            pass
    assert len(good) == count and POLYNOMIALS[m] in good


def test_polynomial_is_used(rng):
    a, b = rng.integers(0, 256, (2, 500))
    assert Field(8, 0x169).mul(a, b).tolist() == [
        times(x, y, 0x169) for x, y in zip(a.tolist(), b.tolist(), strict=True)]


@pytest.mark.parametrize("m", [0, 3, 13])
def test_bad_size(m):
    with pytest.raises(ValueError, match=rf"^m = {m} is out of range: allowed is 4 to 12$"):
        Field(m)


@pytest.mark.parametrize("m, polynomial", [
    (8, 0x11B),         # irreducible, but x has order 51
    (8, 0x101),         # (x + 1)^8
    (8, 0x11C),         # a multiple of x
    (8, 0x409), (10, 0x11D), (8, 1), (8, -0x11D)])
def test_bad_polynomial(m, polynomial):
    with pytest.raises(ValueError, match=rf"^polynomial = {polynomial:#x} is not allowed for m = "
                                         rf"{m}: it must be primitive and of degree {m}, or 0 for"):
        Field(m, polynomial)


def test_dot_and_product(rng):
    field = Field(6)
    a, b = rng.integers(0, 64, (7, 5), np.uint16), rng.integers(0, 64, (7, 4), np.uint16)
    expected = np.zeros((7, 8), int)
    for row, i, j in np.ndindex(7, 5, 4):
        expected[row, i + j] ^= times(int(a[row, i]), int(b[row, j]), 0x43)
    for terms in (1, 3, 4, 5, 6, 8):
        assert np.array_equal(field.product(a, b, terms), expected[:, :terms])
        assert np.array_equal(field.product(b, a, terms), expected[:, :terms])
    longer = field.product(a, b, 11)
    assert np.array_equal(longer[:, :8], expected) and not longer[:, 8:].any()
    assert np.array_equal(field.product(a[0], b, 8)[0], expected[0])
    assert np.array_equal(field.dot(a[:, 3::-1], b), expected[:, 3])
