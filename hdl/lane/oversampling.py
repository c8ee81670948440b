"""What the blocks that see a lane at several points per bit agree on."""

from ..checks import check_gear, check_whole

__all__ = ["RATIOS", "check_oversampling"]

RATIOS = (3, 4, 8)
"""Samples per bit. At 2, an edge that drifts past the sampling point looks like one that drifts
away from it, so the phase cannot be followed."""


def check_oversampling(gear: int, ratio: int):
    """Raise a `TypeError` or `ValueError` that names what is wrong."""
    check_whole("gear", gear)
    check_whole("ratio", ratio)
    check_gear(gear)
    if ratio not in RATIOS:
        raise ValueError(f"ratio must be 3, 4 or 8 samples per bit, not {ratio}")
