"""The decoder against its definition, and how often random words are accepted."""

from math import comb

import numpy as np
import pytest

from lampyris.sim.reference import reed_solomon
from lampyris.sim.reference.reed_solomon import ReedSolomon, miscorrection_bound


def check_rule(code, received, erased):
    """Compare with the definition, by the distances to all codewords; returns what was decoded."""
    digits = np.indices((1 << code.m,) * code.k).reshape(code.k, -1).T
    codewords = code.encode(digits)
    decoded = code.decode(received, erased)
    changed = decoded.words != received
    assert np.array_equal(decoded.locations, changed)
    assert np.array_equal(decoded.corrected, changed.sum(axis=1))
    erased = np.broadcast_to(erased, received.shape)
    for start in range(0, len(received), 2000):
        part = slice(start, start + 2000)
        differs = (received[part, None] != codewords) & ~erased[part, None]
        near = 2 * differs.sum(axis=2) + erased[part].sum(axis=1)[:, None] <= code.parity
        assert near.sum(axis=1).max() <= 1
        found = near.any(axis=1)
        expected = np.where(found[:, None], codewords[near.argmax(axis=1)], received[part])
        assert np.array_equal(decoded.failed[part], ~found)
        assert np.array_equal(decoded.words[part], expected)
    return decoded


@pytest.mark.parametrize("n, k, m, polynomial, count", [
    (6, 2, 4, 0, 30000), (15, 1, 4, 0, 10000), (12, 2, 4, 0x19, 10000), (7, 1, 8, 0, 5000),
    (3, 1, 4, 0, 5000), (5, 3, 4, 0, 1000)])
def test_rule(n, k, m, polynomial, count, rng, monkeypatch):
    """Words near to a codeword and far from all, with 0 to n erasures, in many batches."""
    monkeypatch.setattr(reed_solomon, "_BATCH", 999 * n)
    code = ReedSolomon(n, k, m, polynomial)
    shape = count, n
    words = code.encode(rng.integers(0, 1 << m, (count, k)))
    wrong = rng.random(shape) < rng.random((count, 1))
    received = words ^ rng.integers(0, 1 << m, shape, np.uint16) * wrong
    erased = rng.random(shape) < np.maximum(0, rng.uniform(-0.5, 1, (count, 1)))
    decoded = check_rule(code, received, erased)
    assert decoded.failed.any() and not decoded.failed.all()


@pytest.mark.parametrize("erased", [[], [5], [0, 5], [1, 2, 4], [0, 1, 3, 5]])
def test_every_syndrome(erased):
    """RS(6, 2) with each parity to the message 0: every way to differ from a codeword, once."""
    code = ReedSolomon(6, 2, 4)
    received = np.zeros((1 << 16, 6), np.uint16)
    received[:, 2:] = np.indices((16,) * 4).reshape(4, -1).T
    decoded = check_rule(code, received, np.isin(np.arange(6), erased))
    assert (~decoded.failed).mean() == miscorrection_bound(code, len(erased))


@pytest.mark.full
@pytest.mark.parametrize("erasures", [0, 1, 2])
def test_miscorrection_rate(erasures, rng):
    """RS(12, 8) and random words: within 5 sigma."""
    code, count = ReedSolomon(12, 8), 4_000_000
    expected = count * miscorrection_bound(code, erasures)
    received = rng.integers(0, 256, (count, 12), np.uint16)
    accepted = (~code.decode(received, np.arange(12) < erasures).failed).sum()
    assert expected > 100 and abs(accepted - expected) < 5 * expected ** 0.5


def test_miscorrection_bound():
    assert miscorrection_bound(ReedSolomon(6, 2, 4)) == (1 + 6 * 15 + 15 * 225) / 2**16
    assert miscorrection_bound(ReedSolomon(12, 8), 1) == (1 + 11 * 255) / 2**24
    assert miscorrection_bound(ReedSolomon(544, 514, 10)) == pytest.approx(
        comb(544, 15) * 1023**15 / 2**300, rel=1e-4)
    assert miscorrection_bound(ReedSolomon(544, 514, 10), 30) == 1
    for erasures in (-1, 5):
        with pytest.raises(ValueError, match=rf"^erasures = {erasures} is out of range: .* 0 to 4"):
            miscorrection_bound(ReedSolomon(12, 8), erasures)
