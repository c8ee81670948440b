"""What the blocks that see a lane at several points per bit agree on."""

__all__ = ["RATIOS", "check_oversampling"]

RATIOS = (3, 4, 8)
"""Samples per bit. At 2, an edge that drifts past the sampling point looks like one that drifts
away from it, so the phase cannot be followed."""


def check_oversampling(gear: int, ratio: int):
    """Raise a `TypeError` or `ValueError` that names what is wrong."""
    for name, value in (("gear", gear), ("ratio", ratio)):
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"{name} must be a whole number, not {value!r}")
    if not 4 <= gear <= 16:
        raise ValueError(f"gear must be 4 to 16 bits per symbol, not {gear}")
    if ratio not in RATIOS:
        raise ValueError(f"ratio must be 3, 4 or 8 samples per bit, not {ratio}")
