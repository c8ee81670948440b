"""Recurrences and errata, against what they mean."""

import numpy as np
import pytest

from lampyris.sim.reference.errata import find_errata, shortest_recurrence
from lampyris.sim.reference.galois import Field

FIELD = Field(4)


@pytest.mark.parametrize("steps", range(6))
def test_shortest_recurrence(steps, rng):
    """All recurrences of up to two terms are tried on sequences, most of them made to have one."""
    q = rng.integers(0, 16, (6000, steps), np.uint16)
    c = rng.integers(0, 16, (6000, 2), np.uint16)
    c[:1500, 1] = 0
    q[1000:1200] = q[:200] * (np.arange(steps) > 1)
    for i in range(2, steps):
        q[:4000, i] = FIELD.mul(c[:4000, 0], q[:4000, i - 1]) ^ FIELD.mul(c[:4000, 1],
                                                                        q[:4000, i - 2])
    holds = {0: ~q.any(axis=1)}
    for terms in (1, 2):
        holds[terms] = np.zeros(len(q), bool)
        for factors in np.ndindex((16,) * terms):
            rest = q.copy()
            for lag, factor in enumerate(factors, 1):
                rest[:, lag:] ^= FIELD.mul(q[:, :steps - lag], factor)
            holds[terms] |= ~rest[:, terms:].any(axis=1)
    expected = np.select([holds[0], holds[1], holds[2]], [0, 1, 2], 3)

    polynomials, length = shortest_recurrence(FIELD, q)
    limit = steps // 2
    assert polynomials.shape == (6000, limit + 1)
    assert np.array_equal(np.minimum(length, limit + 1), np.minimum(expected, limit + 1))
    for row in np.flatnonzero(length <= limit):
        assert polynomials[row, 0] and not polynomials[row, length[row] + 1:].any()
        for i in range(length[row], steps):
            taps = polynomials[row, :length[row] + 1]
            assert FIELD.dot(taps, q[row, i - length[row]:i + 1][::-1]) == 0


def syndromes_of(field, words, s):
    """Horner's scheme at each of the roots."""
    roots = field.power(np.arange(s))
    values = np.zeros((len(words), s), np.uint16)
    for symbol in words.T:
        values = field.mul(values, roots) ^ symbol[:, None]
    return values


@pytest.mark.parametrize("m, n, s", [(4, 6, 4), (4, 15, 7), (8, 40, 8), (10, 60, 12)])
def test_errors_and_erasures(m, n, s, rng):
    """Everything within 2v + e <= s is found again, the erasures that were right too."""
    field = Field(m)
    for e in range(s + 1):
        for v in range((s - e) // 2 + 1):
            rank = rng.permuted(np.tile(np.arange(n), (40, 1)), axis=1)
            erased = rank < e
            errata = rng.integers(1, 1 << m, (40, n), np.uint16) * (rank < e + v)
            errata[:10][erased[:10]] = 0
            found = find_errata(field, syndromes_of(field, errata, s), erased)
            assert np.array_equal(found, errata)


def test_nothing_is_found(rng):
    """An error at a symbol beyond a word of 40; three errors where two can be corrected."""
    field, none = Field(8), np.zeros((255, 40), bool)
    longer = np.zeros((255, 255), np.uint16)
    np.fill_diagonal(longer, rng.integers(1, 256, 255))
    found = find_errata(field, syndromes_of(field, longer, 4), none)
    assert np.array_equal(found[215:], longer[215:, 215:])      # the last symbols are the word's
    assert not found[:215].any()
    three = np.zeros((1, 40), np.uint16)
    three[0, :3] = 1, 2, 3
    assert not find_errata(field, syndromes_of(field, three, 4), none[:1]).any()
