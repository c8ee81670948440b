"""Shared by the tests of encapsulation: blocks and packets, with the control key where it hurts."""

import random

import numpy as np
import pytest

from lampyris.sim.reference import Format, Packet

KEY = 0xB1E5


def _rows(fmt, numbers):
    """Blocks given as integers, as the model has them: uint32 [n, S]."""
    data = b"".join(number.to_bytes(4 * fmt.S, "little") for number in numbers)
    return np.frombuffer(data, "<u4").astype(np.uint32).reshape(-1, fmt.S)


def _numbers(blocks):
    """Inverse of :func:`_rows`."""
    return [int.from_bytes(block.astype("<u4").tobytes(), "little") for block in blocks]


def _content(rng, size):
    """Bytes of which a random share of the granules, from none to all, looks like control."""
    data = bytearray(rng.randbytes(size + 3))
    share = rng.choice((0, 0, 0.1, 0.5, 1))
    for place in range(0, size, 4):
        if rng.random() < share:
            data[place + 2:place + 4] = KEY.to_bytes(2, "little")
    return bytes(data[:size])


def _packets(rng, sizes, errors=0.1):
    return [Packet(_content(rng, size), rng.random() < errors) for size in sizes]


def _edges(granules, rows=4):
    """Sizes in bytes around all that matters: granules and rows that are just full or not."""
    if granules <= 4:
        return list(range(1, 4 * granules * rows + 6))
    return sorted({4 * (row * granules + near) + byte for row in range(rows)
                   for near in range(-3, 4) for byte in (-1, 0, 2)
                   if 4 * (row * granules + near) + byte > 0})


@pytest.fixture
def rng(request):
    return random.Random(request.node.name)


@pytest.fixture
def rows():
    return _rows


@pytest.fixture
def numbers():
    return _numbers


@pytest.fixture
def make_packets():
    """Function (rng, sizes, errors=0.1) -> packets."""
    return _packets


@pytest.fixture
def edges():
    """Function (granules, rows=4) -> list of sizes."""
    return _edges


@pytest.fixture
def format_of():
    """Function (granules) -> a format with blocks of so many granules."""
    return lambda granules: Format(lanes=4 * granules, gear=8, marker_period=64)
