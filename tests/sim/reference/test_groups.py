"""Group codes in the model: the layout of section 8, against its definition and another library."""

import galois
import numpy as np
import pytest

from lampyris.sim.reference.groups import GroupCode

# n, k, m, lanes: kp4, kr4, ll and a shortened rs255, and small ones with and without pad.
CODES = [(544, 514, 10, 128), (528, 514, 10, 128), (272, 258, 10, 128), (240, 224, 8, 128),
         (544, 514, 10, 16), (15, 11, 4, 3), (14, 8, 4, 6), (12, 6, 4, 4), (12, 8, 4, 8)]


@pytest.mark.parametrize("n, k, m, lanes", CODES)
def test_layout(n, k, m, lanes):
    """Symbol by symbol, as the page says; parity is that of `galois`."""
    group = GroupCode(n, k, m, lanes)
    assert group.T * lanes == group.C * n and group.r < group.p
    assert group.Tm * group.p + group.r == k
    rng = np.random.default_rng(n)
    message = rng.integers(0, 1 << m, (2 * group.Tm, lanes), np.uint16)
    words = group.encode(message)
    assert words.shape == (2 * group.T, lanes)
    oracle = galois.ReedSolomon(n, k, field=galois.GF(2**m, irreducible_poly=int(
        group.code.field.polynomial)), c=0) if n == 2**m - 1 else None
    for first in (0, group.T):
        codewords = np.zeros((group.C, n), np.uint16)
        for t in range(group.T):
            for lane in range(lanes):
                codewords[(lane + t) % group.C, t * group.p + lane // group.C] = words[
                    first + t, lane]
        sent = message[first // group.T * group.Tm:][:group.Tm]
        assert np.array_equal(words[first:first + group.Tm], sent)
        assert not codewords[:, n - group.r:].any()
        front = np.roll(codewords, group.r, axis=1)
        assert np.array_equal(group.code.encode(front[:, :k]), front)
        assert not group.code.decode(codewords).failed.any()
        if oracle:
            assert np.array_equal(oracle.encode(front[:, :k].astype(int)), front)


@pytest.mark.parametrize("silent", [False, True])
def test_dead_lanes(silent):
    """kp4 on 128 lanes: six that are known, or three that are not, in every place."""
    group = GroupCode(544, 514, 10, 128)
    assert group.lanes_known == 6
    rng = np.random.default_rng(1)
    sent = group.encode(rng.integers(0, 1024, (20 * group.Tm, 128), np.uint16))
    for _ in range(5):
        dead = np.zeros(128, bool)
        dead[rng.choice(128, 3 if silent else 6, replace=False)] = True
        received = sent.copy()
        received[:, dead] = rng.integers(0, 1024, (len(sent), dead.sum()))
        words, failed, locations = group.decode(received, None if silent else dead)
        assert not failed.any() and np.array_equal(words, sent)
        assert np.array_equal(locations, received != sent)
    received = sent.copy()
    received[:17, :7] ^= 1
    words, failed, _ = group.decode(received)
    assert failed[:17].all() and not failed[17:].any() and np.array_equal(words[17:], sent[17:])


def test_no_message_word():
    with pytest.raises(ValueError, match=r"k = 8 message symbols do not fill a word of 15 lanes"):
        GroupCode(15, 8, 4, 15)
