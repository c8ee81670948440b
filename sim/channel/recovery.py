"""Random bits over an optical lane, and what the data recovery makes of them."""

import numpy as np

from ..reference.sampler import Recovered, recover
from .optical import OpticalLane

__all__ = ["recover_random"]

_SEARCH = 4         # symbols about the expected place in which the bits are looked for


def recover_random(lane: OpticalLane, *, gear: int, words: int, patience: int = 4,
                   warm: int = 300) -> tuple[int, Recovered]:
    """Send random bits and count the wrong ones.

    Parameters
    ----------
    words : int
        Symbols to send.
    warm : int
        Symbols that the phase has to settle in; they are not judged.

    Returns
    -------
    int
        Wrong bits; all that were judged if the first ones cannot be found among those sent.
    Recovered
    """
    bits = np.random.default_rng(lane.seed + 1).integers(0, 2, gear * words, np.uint8)
    model = recover(lane.samples(bits), gear, lane.ratio, patience)
    got = model.bits[warm * gear:]
    for start in range((warm - _SEARCH) * gear, (warm + _SEARCH) * gear):
        if np.array_equal(got[:64], bits[start:start + 64]):
            count = min(len(got), len(bits) - start)
            return int(np.count_nonzero(got[:count] != bits[start:start + count])), model
    return len(got), model
