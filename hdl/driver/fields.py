"""The settings of a lane's driver: their numbers, and how many bits they have."""

from amaranth.lib import data, enum

from ..checks import check_range

__all__ = ["CompensationControl", "DriverStatus", "Field", "LaneControl", "check_bits",
           "check_lanes"]


class Field(enum.Enum, shape=3):
    """Numbers of the settings (docs/driver.md, section 2)."""

    CONTROL = 0
    BIAS = 1
    MODULATION = 2
    RISE = 3
    FALL = 4
    LIMIT = 5
    STATUS = 6
    COMPENSATION = 7            # nothing to DriverControl: section 7


LaneControl = data.StructLayout({
    "enable": 1,
    "invert": 1,                # polarity of the data
    "pattern": 3,               # test pattern, as `prbs` of OutputLane
})
"""The settings of a lane that are no codes."""

CompensationControl = data.StructLayout({
    "temperature": 1,
    "ageing": 1,
})
"""Which loops set the lane's current."""

DriverStatus = data.StructLayout({
    "lit": 1,
    "open": 1,                  # seen, and not cleared
    "short": 1,
})
"""What can be read of a lane's driver."""


def check_lanes(lanes: int):
    """Raise a `TypeError` or `ValueError` that names what is wrong."""
    check_range("lanes", lanes, 2, 2048)


def check_bits(bits: int):
    """Raise a `TypeError` or `ValueError` that names what is wrong."""
    check_range("bits", bits, 3, 12, " per code")
