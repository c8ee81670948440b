"""Levels of a lane, and the loop that keeps the thresholds (docs/lane.md, section 4)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil

__all__ = ["Lane", "Levels", "find_levels"]


@dataclass(frozen=True)
class Levels:
    """What was found; `codes` are those that were looked at, in order.

    `halves` say of each level whether it lies in the upper half of the step.
    """

    low: int
    high: int
    halves: tuple[bool, bool]
    dark: bool
    beyond: bool
    codes: tuple[int, ...]

    @property
    def middle(self) -> int:
        return 2 * (self.low + self.high) + 1 + sum(self.halves)

    @property
    def threshold(self) -> int:
        return (self.middle + 2) // 4


def find_levels(ones: Callable[[int, int], int], samples: int, *, width: int = 6,
                least: int = 4) -> Levels:
    """Search by looks: ``ones(look, code)`` is what is counted in look 0, 1, .. of `samples`."""
    codes, levels, halves = [], [], []
    for quarters in (3, 1):
        wanted = ceil(quarters * samples / 4)
        level = kept = dropped = 0
        for bit in reversed(range(width)):
            code = level + 2**bit
            excess = ones(len(codes), code) - wanted
            if excess >= 0:
                level, kept = code, excess
            else:
                dropped = -excess
            codes.append(code)
        levels.append(level)
        halves.append(kept > dropped)
    low, high = levels
    return Levels(low, high, (halves[0], halves[1]), high < low + least,
                  low == 0 or high == 2**width - 1, tuple(codes))


@dataclass(frozen=True)
class Lane:
    """What the loop keeps of a lane; its methods give what it keeps afterwards."""

    code: int
    known: bool = False
    manual: bool = False
    offset: int = 0
    low: int = 0
    high: int = 0
    dark: bool = False
    beyond: bool = False
    width: int = 6

    def commanded(self, manual: bool, code: int) -> "Lane":
        return replace(self, manual=manual, code=code if manual else self.code)

    def swept(self, levels: Levels, monitor: Levels | None = None) -> "Lane":
        """After an own look, and the monitor's at the same lane if there is one."""
        lane = self._saw(levels)
        if levels.dark:
            return lane
        lane = replace(lane, known=True, code=levels.threshold)
        if monitor is None:
            return lane
        lane = lane._saw(monitor)
        return lane if monitor.dark else replace(lane, offset=levels.middle - monitor.middle)

    def seen(self, levels: Levels, *, frozen: bool = False, hysteresis: int = 3) -> "Lane":
        """After the monitor's look."""
        lane = self._saw(levels)
        if levels.dark or self.manual or frozen:
            return lane
        if not self.known:
            return replace(lane, known=True, code=levels.threshold)
        away = levels.middle + self.offset - 4 * self.code
        step = 0 if abs(away) < hysteresis else 1 if away > 0 else -1
        return replace(lane, code=min(max(self.code + step, 0), 2**self.width - 1))

    def _saw(self, levels: Levels) -> "Lane":
        return replace(self, low=levels.low, high=levels.high, dark=levels.dark,
                       beyond=levels.beyond)
