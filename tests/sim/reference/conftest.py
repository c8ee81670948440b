"""Shared by the tests of the reference model."""

import numpy as np
import pytest

from lampyris.sim.reference import Packet


@pytest.fixture
def rng():
    return np.random.default_rng(20240607)


@pytest.fixture
def make_packets(rng):
    """Function (count, longest, errors=0) -> random packets of 1..longest bytes, some bad."""

    def make(count, longest, errors=0.0):
        sizes = np.concatenate([np.arange(1, longest + 1), rng.integers(1, longest + 1, count)])
        return [Packet(rng.bytes(int(size)), bool(rng.random() < errors))
                for size in rng.permutation(sizes)[:count]]

    return make
