"""Bits, symbols, words, blocks."""

import numpy as np
import pytest

from lampyris.sim.reference import Format, from_lane_bits, permute, to_lane_bits
from lampyris.sim.reference.lanes import (
    blocks_to_symbols,
    symbols_to_blocks,
    symbols_to_words,
    words_to_symbols,
)


@pytest.mark.parametrize("lanes, gear", [(1, 8), (3, 10), (8, 8), (16, 4), (5, 13), (7, 16)])
def test_blocks_as_big_integers(lanes, gear, rng):
    """A block is one integer, cut into granules on one side and into lane symbols on the other."""
    fmt = Format(lanes, 0, gear)
    blocks = rng.integers(0, 1 << 32, (5, fmt.S), np.uint32)
    symbols = blocks_to_symbols(fmt, blocks)
    assert symbols.shape == (5 * fmt.m, lanes)
    for index, block in enumerate(blocks.tolist()):
        value = sum(granule << 32 * i for i, granule in enumerate(block))
        for word in range(fmt.m):
            for lane in range(lanes):
                at = word * fmt.W + lane * gear
                assert symbols[index * fmt.m + word, lane] == value >> at & (1 << gear) - 1
    assert np.array_equal(symbols_to_blocks(fmt, symbols), blocks)
    symbols[fmt.m - 1, -1] ^= fmt.m * fmt.W % 32 and 1 << gear - 1      # the filler is ignored
    assert np.array_equal(symbols_to_blocks(fmt, symbols), blocks)


def test_golden_word():
    """uled8: granules 0x03020100, 0x07060504 put byte l on lane l."""
    fmt = Format(8)
    symbols = blocks_to_symbols(fmt, np.array([[0x03020100, 0x07060504]], np.uint32))
    assert symbols.tolist() == [[0, 1, 2, 3, 4, 5, 6, 7]]
    assert symbols_to_words(fmt, symbols) == [0x0706050403020100]


@pytest.mark.parametrize("lanes, gear", [(1, 8), (3, 10), (17, 5)])
def test_words_and_lane_bits(lanes, gear, rng):
    fmt = Format(lanes, 0, gear)
    symbols = rng.integers(0, 1 << gear, (9, lanes), np.uint16)
    words = symbols_to_words(fmt, symbols)
    assert words == [sum(int(s) << gear * i for i, s in enumerate(row)) for row in symbols]
    assert np.array_equal(words_to_symbols(fmt, words, lanes), symbols)
    bits = to_lane_bits(fmt, symbols)
    assert bits.shape == (lanes, 9 * gear)
    assert bits[-1, gear + 1] == symbols[1, -1] >> 1 & 1
    assert np.array_equal(from_lane_bits(fmt, bits), symbols)
    assert np.array_equal(from_lane_bits(fmt, bits[:, :-1]), symbols[:-1])


def test_permute():
    assert permute(np.array([[10, 11, 12]]), [2, 0, 1]).tolist() == [[11, 12, 10]]
    with pytest.raises(ValueError, match=r"permutation of 0\.\.2"):
        permute(np.array([[10, 11, 12]]), [2, 0, 0])
