"""Test patterns: recurrence, period, states, checker."""

import numpy as np
import pytest

from lampyris.sim.reference.prbs import POLYNOMIALS, prbs_bits, prbs_mismatches, prbs_state

ORDERS = list(POLYNOMIALS)


@pytest.mark.parametrize("order, other", [(7, 6), (9, 5), (15, 14), (23, 18), (31, 28)])
def test_recurrence(order, other, rng):
    state = rng.integers(0, 2, order, np.uint8)
    bits = prbs_bits(order, 3000, state).tolist()
    history = state[::-1].tolist()
    for bit in bits:
        assert bit == history[-order] ^ history[-other]
        history.append(bit)


@pytest.mark.parametrize("order", [7, 9, 15])
def test_period(order):
    """Maximal length: every state but 0 once."""
    period = 2 ** order - 1
    bits = prbs_bits(order, 2 * period + order, np.ones(order, np.uint8))
    assert np.array_equal(bits[:period + order], bits[period:])
    windows = np.lib.stride_tricks.sliding_window_view(bits, order)[:period]
    assert len(set((windows << np.arange(order)).sum(axis=1).tolist())) == period
    assert bits[:period].sum() == 2 ** (order - 1)


def test_golden_prbs7():
    """By hand from seven ones: s[n] = s[n-7] ^ s[n-6] gives six zeros, then 1, ..."""
    bits = prbs_bits(7, 24, np.ones(7, np.uint8))
    assert "".join(map(str, bits)) == "000000100000110000101000"


@pytest.mark.parametrize("order", ORDERS)
def test_states(order):
    """The youngest bits of the scrambler's state for base 0xACE1; not 0, and neighbours differ."""
    state = prbs_state(order, np.arange(136))
    assert state.shape == (order, 136)
    for lane in (0, 5, 135):
        for i in range(min(order, 30)):
            mask = (2 * i + 1) * 0x9E3779B1 % 2**32 >> 5
            assert state[i, lane] == (mask & (lane | 0xACE1 << 11)).bit_count() % 2
    assert state.any(axis=0).all()
    bits = prbs_bits(order, 200, state)
    assert bits.shape == (200, 136)
    assert np.array_equal(bits[:, 7], prbs_bits(order, 200, state[:, 7]))
    assert (bits[:, 1:] != bits[:, :-1]).any(axis=0).all()


@pytest.mark.parametrize("order, zeros", [
    (7, [171, 243, 422, 510, 562, 618, 831, 871]), (9, [422, 618]), (15, []), (23, []), (31, [])])
def test_states_are_never_zero(order, zeros):
    """All lanes there can be; where the seed gives 0, the youngest bit is 1."""
    lanes = np.arange(1024 + 64)
    state = prbs_state(order, lanes)
    assert state.any(axis=0).all()
    masks = [(2 * i + 1) * 0x9E3779B1 % 2**32 >> 5 for i in range(min(order, 30))]
    seeds = [lane | 0xACE1 << 11 for lane in lanes.tolist()]
    raw = np.array([[(mask & seed).bit_count() % 2 for seed in seeds] for mask in masks])
    if order < 31:
        assert np.flatnonzero(~raw.any(axis=0)).tolist() == zeros
        raw[0, zeros] = 1
    assert np.array_equal(state[:len(masks)], raw)
    assert not len(zeros) or prbs_bits(order, 200, state)[:, zeros].any(axis=0).all()


@pytest.mark.parametrize("order", ORDERS)
def test_checker(order, rng):
    bits = prbs_bits(order, 5000, prbs_state(order, np.arange(3)))
    assert prbs_mismatches(order, bits).shape == (5000 - order, 3)
    assert not prbs_mismatches(order, bits).any()
    other = POLYNOMIALS[order][1]
    bits[1000, 1] ^= 1
    bits[3000, 1] ^= 1
    mismatches = prbs_mismatches(order, bits)
    hits = [at + delay - order for at in (1000, 3000) for delay in (0, other, order)]
    assert np.flatnonzero(mismatches[:, 1]).tolist() == hits
    assert not mismatches[:, [0, 2]].any()
    random = prbs_mismatches(order, rng.integers(0, 2, 20000, np.uint8))
    assert abs(random.mean() - 0.5) < 0.02


def test_bad_state():
    with pytest.raises(ValueError, match="state has 8 bits: PRBS7 needs 7"):
        prbs_bits(7, 10, np.ones(8, np.uint8))
