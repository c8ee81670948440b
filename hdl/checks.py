"""Sentences about parameters of blocks."""

__all__ = ["check_gear", "check_range", "check_whole"]


def check_whole(name: str, value: int):
    """Raise a `TypeError` that names what is wrong, unless it is a whole number."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be a whole number, not {value!r}")


def check_range(name: str, value: int, least: int, most: int, unit: str = ""):
    """Raise a `TypeError` or `ValueError` that names what is wrong; `unit` has a space ahead."""
    check_whole(name, value)
    if not least <= value <= most:
        raise ValueError(f"{name} must be {least} to {most}{unit}, not {value}")


def check_gear(gear: int):
    """Raise a `TypeError` or `ValueError` that names what is wrong."""
    check_range("gear", gear, 4, 16, " bits per symbol")
