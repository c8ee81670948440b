"""Linear recurrences for all lanes at once, and the states they start from (sections 4 and 7)."""

import numpy as np

__all__ = ["next_base", "run", "seed_states"]


def seed_states(base: int | np.ndarray, ids: np.ndarray) -> np.ndarray:
    """States of section 4.

    Parameters
    ----------
    base : int or array [lanes]
        Seed base B, 16 bits.
    ids : array [lanes]
        Logical lane numbers.

    Returns
    -------
    uint8 [31, lanes]
        q[i] = s[n-1-i]: the youngest bit is row 0.
    """
    v = np.asarray(ids, np.uint64) | np.asarray(base, np.uint64) << np.uint64(11)
    odd = 2 * np.arange(30, dtype=np.uint64) + 1
    masks = (odd * 0x9E3779B1 & 0xFFFFFFFF) >> 5
    state = np.ones((31, len(v)), np.uint8)
    state[:30] = np.bitwise_count(masks[:, None] & v) & 1
    return state


def run(history: np.ndarray, lag: int, count: int) -> np.ndarray:
    """The next bits of s[n] = s[n-lag] ^ s[n-a], where a is the length of the history.

    Squaring the polynomial shows that s[n] = s[n-lag·k] ^ s[n-a·k] for every power of two k once
    a·k bits are there, so the steps double in size.

    Parameters
    ----------
    history : uint8 [a, ...]
        The last a bits, the oldest first.
    lag : int
        The shorter lag, below a.
    count : int
        Bits wanted.

    Returns
    -------
    uint8 [count, ...]
    """
    a = len(history)
    end = a + count
    bits = np.empty((end, *history.shape[1:]), np.uint8)
    bits[:a] = history
    have, k = a, 1
    while have < end:
        while 2 * k * a <= have:
            k *= 2
        step = min(lag * k, end - have)
        near, far = have - lag * k, have - a * k
        bits[have:have + step] = bits[near:near + step] ^ bits[far:far + step]
        have += step
    return bits[a:]


def next_base(base: int) -> int:
    """Seed base of the following frame (Galois register, never 0)."""
    return base >> 1 ^ (0xB400 if base & 1 else 0)
