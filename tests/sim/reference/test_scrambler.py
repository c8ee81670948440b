"""Key streams against a scalar register, and how alike they are."""

import numpy as np
import pytest

from lampyris.sim.reference import Format
from lampyris.sim.reference.lfsr import next_base, seed_states
from lampyris.sim.reference.scrambler import keystream


def scalar_state(lane, base):
    """q[0..30] by the letter of section 4."""
    v = lane | base << 11
    state = []
    for i in range(30):
        mask = (2 * i + 1) * 0x9E3779B1 % 2**32 >> 5
        state.append(bin(v & mask).count("1") % 2)
    return [*state, 1]


def scalar_key(lane, base, bits):
    q, out = scalar_state(lane, base), []
    for _ in range(bits):
        new = q[27] ^ q[30]         # s[n-28], s[n-31]
        out.append(new)
        q = [new, *q[:30]]
    return out


def test_golden_state():
    """v = 1 picks bit 0 of each mask, that is bit 5 of (2i+1)·0x9E3779B1; 0xB1 has it set."""
    expected = [(2 * i + 1) * 0x9E3779B1 >> 5 & 1 for i in range(30)] + [1]
    assert seed_states(0, np.array([1]))[:, 0].tolist() == expected
    assert expected[:4] == [1, 0, 1, 0]


@pytest.mark.parametrize("lanes, gear", [(3, 4), (5, 8), (4, 11), (2, 16)])
def test_against_scalar_register(lanes, gear):
    fmt = Format(lanes, 0, gear)
    for base in (1, 0xACE1, 0xFFFF):
        key = keystream(fmt, base, np.arange(lanes), 700)
        assert key.shape == (700, lanes)
        for lane in range(lanes):
            bits = scalar_key(lane, base, 700 * gear)
            symbols = [sum(bit << j for j, bit in enumerate(bits[k:k + gear]))
                       for k in range(0, len(bits), gear)]
            assert key[:, lane].tolist() == symbols


def test_base_per_lane():
    fmt = Format(4)
    both = keystream(fmt, np.array([5, 9]), np.array([2, 3]), 50)
    assert np.array_equal(both[:, 0], keystream(fmt, 5, np.array([2]), 50)[:, 0])
    assert np.array_equal(both[:, 1], keystream(fmt, 9, np.array([3]), 50)[:, 0])


def test_off():
    assert not keystream(Format(4, scrambler=False), 5, np.arange(4), 50).any()


@pytest.mark.parametrize("base", [1, 0xACE1, 0xFFFF])
def test_states_are_distinct(base):
    """All lanes of one frame, and all frames of one lane."""
    assert len(np.unique(seed_states(base, np.arange(2048)), axis=1).T) == 2048
    states = seed_states(np.arange(1, 65536), np.full(65535, base & 0x7FF))
    assert len(np.unique(np.packbits(states, axis=0), axis=1).T) == 65535


def test_neighbours_do_not_correlate():
    """All pairs of 64 lanes over one frame, and neighbours shifted by up to 64: below 6 sigma."""
    fmt = Format(64)
    key = keystream(fmt, 0xACE1, np.arange(64), fmt.P - fmt.M)
    bits = np.unpackbits(key.astype(np.uint8).T.copy(), axis=1, bitorder="little")
    signs = 1 - 2 * bits.astype(np.float32)
    n = signs.shape[1]
    matrix = signs @ signs.T
    np.fill_diagonal(matrix, 0)
    assert np.abs(matrix).max() < 6 * n ** 0.5
    for shift in range(1, 65):
        for step in (1, -1):
            sums = (signs[:, shift:] * np.roll(signs, step, axis=0)[:, :-shift]).sum(axis=1)
            assert np.abs(sums).max() < 6 * n ** 0.5
    assert np.abs(signs.sum(axis=1)).max() < 6 * n ** 0.5


def test_base_steps():
    assert next_base(0xACE1) == 0x5670 ^ 0xB400
    assert next_base(2) == 1
    base, seen = 1, 0
    while base != 1 or seen == 0:
        base = next_base(base)
        seen += 1
    assert seen == 65535
