"""Sizes of the format, worked out by hand from section 1, and the claims about the sync."""

import numpy as np
import pytest

from lampyris.sim.reference import Format
from lampyris.sim.reference.format import SYNC


@pytest.mark.parametrize("lanes, gear, m, S, Ms, M", [
    (1, 8, 8, 2, 4, 12),            # 64 bits, no filler
    (3, 10, 15, 14, 4, 11),         # 450 = 14·32 + 2 bits; 14 words would leave 4 of 420
    (8, 8, 1, 2, 4, 12),
    (12, 8, 1, 3, 4, 12),
    (16, 4, 1, 2, 8, 24),
    (5, 13, 32, 65, 3, 8),          # W = 2·32 + 1: m words leave m bits, over 1/200 up to m = 31
    (128, 8, 1, 32, 4, 12),
    (128, 10, 1, 40, 4, 11),
    (1024, 16, 1, 512, 2, 6),
])
def test_sizes(lanes, gear, m, S, Ms, M):
    fmt = Format(lanes, 0, gear)
    assert (fmt.m, fmt.S, fmt.Ms, fmt.M) == (m, S, Ms, M)


def test_uled128():
    fmt = Format(128, 8, 8, 12288)
    assert (fmt.N, fmt.W, fmt.blocks_per_frame, fmt.frame_bits) == (136, 1024, 12276, 98304)


@pytest.mark.parametrize("arguments, text", [
    ((0,), "lanes = 0"), ((2048, 1), "spares = 1"), ((4, 0, 3), "gear = 3"),
    ((4, 0, 8, 13), "marker_period = 13"),
])
def test_bad_arguments(arguments, text):
    with pytest.raises(ValueError, match=text):
        Format(*arguments)


@pytest.mark.parametrize("length", range(32, 46))
def test_sync(length):
    """Balance, runs and autocorrelation as section 5 claims them."""
    bits = np.array([SYNC >> i & 1 for i in range(length)])
    assert abs(2 * int(bits.sum()) - length) <= 2       # ones within 1 of one half
    runs = "".join(map(str, bits)).replace("01", "0 1").replace("10", "1 0").split()
    assert max(map(len, runs)) <= 5
    signs = 2 * bits - 1
    assert max(abs(int(signs[k:] @ signs[:-k])) for k in range(1, length)) <= 8
