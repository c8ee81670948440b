"""What a link's reports count in, and from which levels on currents are changed."""

from typing import NamedTuple

from ..geometry import Geometry
from .spares import WORD_FRAMES, spares_in_use

__all__ = ["ReportScale", "report_scale"]

_TARGET = 1e-5          # errors per bit, before correction
_FRAMES = 2 * WORD_FRAMES       # of an entry of the sparing and a report
_UPPER, _LOWER = 0.75, 0.3      # share of the target


class ReportScale(NamedTuple):
    """`shift` of :class:`ReportSender`, `upper` and `lower` of :class:`Compensation`."""

    shift: int
    upper: int
    lower: int


def report_scale(geometry: Geometry) -> ReportScale:
    """So that the errors of a window at 1e-5 per bit are 64 to 127 units, if there are as many; and
    the highest levels that are not above 0.75 and 0.3 of them.

    A window is as long as it takes to report all lanes (docs/driver.md, section 8). Short ones (few
    lanes, short frames) have less errors than that, and chance decides more: a lane with less than
    one unit at 1e-5 gets more current from two errors on, and less if there was none.

    Raises
    ------
    ValueError
        Without spares in use.
    """
    if not spares_in_use(geometry):
        raise ValueError("reports need spares that are in use, and there are none")
    bits = _FRAMES * geometry.physical_lanes * geometry.marker_period * geometry.gear
    errors = _TARGET * bits
    shift = max(0, int(errors).bit_length() - 7)
    levels = [level if level < 4 else 2 + level % 2 << level // 2 - 1 for level in range(16)]

    def highest(share: float) -> int:
        return max(place for place, least in enumerate(levels) if least << shift <= share * errors)

    return ReportScale(shift, max(2, highest(_UPPER)), max(1, highest(_LOWER)))
