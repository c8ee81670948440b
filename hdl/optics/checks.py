"""Sentences about parameters that are whole numbers."""

__all__ = ["check_range"]


def check_range(name: str, value: int, least: int, most: int):
    """Raise a `TypeError` or `ValueError` that names what is wrong."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be a whole number, not {value!r}")
    if not least <= value <= most:
        raise ValueError(f"{name} must be {least} to {most}, not {value}")
