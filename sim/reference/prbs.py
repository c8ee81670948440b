"""Test patterns (section 7)."""

import numpy as np

from .lfsr import run, seed_states

__all__ = ["POLYNOMIALS", "TEST_BASE", "prbs_bits", "prbs_mismatches", "prbs_state"]

POLYNOMIALS = {7: (7, 6), 9: (9, 5), 15: (15, 14), 23: (23, 18), 31: (31, 28)}
"""Order -> (a, b) of x^a + x^b + 1; codes 1..5 select them in this order."""

TEST_BASE = 0xACE1
"""Seed base for the registers' states."""


def prbs_state(order: int, lanes: np.ndarray | int) -> np.ndarray:
    """State in which the registers of physical lanes start: uint8 [order, lanes], youngest first.

    A state of 0 would stand still, and gets a 1 for its youngest bit: for PRBS7 on lanes 171, 243,
    422, 510, 562, 618, 831 and 871, for PRBS9 on 422 and 618.
    """
    state = seed_states(TEST_BASE, np.atleast_1d(np.asarray(lanes)))[:order].copy()
    state[0] |= ~state.any(axis=0)
    return state


def prbs_bits(order: int, count: int, state: np.ndarray) -> np.ndarray:
    """The bits that follow a state.

    Parameters
    ----------
    order : int
        7, 9, 15, 23 or 31.
    state : uint8 [order, ...]
        The last bits, the youngest first.

    Returns
    -------
    uint8 [count, ...]
    """
    a, b = POLYNOMIALS[order]
    state = np.asarray(state, np.uint8)
    if len(state) != a:
        raise ValueError(f"state has {len(state)} bits: PRBS{order} needs {a}")
    return run(state[::-1], b, count)


def prbs_mismatches(order: int, bits: np.ndarray) -> np.ndarray:
    """Where bits do not follow from those before them, as a self-synchronising checker sees it.

    A wrong bit on the line counts three times: when it arrives and when it passes either tap.
    A line stuck at 0 has no mismatch.

    Parameters
    ----------
    bits : uint8 [n, ...]

    Returns
    -------
    bool [n - order, ...]
        For bits `order` and up.
    """
    a, b = POLYNOMIALS[order]
    n = len(bits)
    return (bits[a:] ^ bits[a - b:n - b] ^ bits[:n - a]) != 0
