"""Key streams of the lanes (section 4)."""

import numpy as np

from .format import Format
from .lanes import bits_to_symbols
from .lfsr import run, seed_states

__all__ = ["keystream"]


def keystream(fmt: Format, base: int | np.ndarray, ids: np.ndarray, symbols: int) -> np.ndarray:
    """Key of the first payload symbols of one frame.

    Parameters
    ----------
    base : int or array [lanes]
        Seed base of the frame (one value, or what each lane believes).
    ids : array [lanes]
        Logical lane numbers.
    symbols : int
        Symbols wanted, from position M on.

    Returns
    -------
    uint16 [symbols, lanes]
        Bit j of row k is key bit k·g + j of the lane. All 0 without a scrambler.
    """
    if not fmt.scrambler:
        return np.zeros((symbols, len(ids)), np.uint16)
    oldest_first = seed_states(base, ids)[::-1]
    bits = run(oldest_first, 28, symbols * fmt.g)
    return bits_to_symbols(bits.reshape(symbols, fmt.g, len(ids)), axis=1)
