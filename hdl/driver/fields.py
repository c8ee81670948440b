"""The settings of a lane's driver: their numbers, and how many bits they have."""

from amaranth.lib import data, enum

__all__ = ["DriverStatus", "Field", "LaneControl", "check_driver"]


class Field(enum.Enum, shape=3):
    """Numbers of the settings (docs/driver.md, section 2)."""

    CONTROL = 0
    BIAS = 1
    MODULATION = 2
    RISE = 3
    FALL = 4
    LIMIT = 5
    STATUS = 6


LaneControl = data.StructLayout({
    "enable": 1,
    "invert": 1,                # polarity of the data
    "pattern": 3,               # test pattern, as `prbs` of OutputLane
})
"""The settings of a lane that are no codes."""

DriverStatus = data.StructLayout({
    "lit": 1,
    "open": 1,                  # seen, and not cleared
    "short": 1,
})
"""What can be read of a lane's driver."""


def check_driver(lanes: int, bits: int):
    """Raise a `TypeError` or `ValueError` that names what is wrong."""
    for name, value in (("lanes", lanes), ("bits", bits)):
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"{name} must be a whole number, not {value!r}")
    if not 2 <= lanes <= 2048:
        raise ValueError(f"lanes must be 2 to 2048, not {lanes}")
    if not 3 <= bits <= 12:
        raise ValueError(f"bits must be 3 to 12 per code, not {bits}")
