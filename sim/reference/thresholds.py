"""Levels of a lane, and the loop that keeps the thresholds (docs/lane.md, section 4)."""

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Levels", "find_levels"]


@dataclass(frozen=True)
class Levels:
    """What was found; `codes` are those that were looked at, in order."""

    low: int
    high: int
    dark: bool
    beyond: bool
    codes: tuple[int, ...]

    @property
    def middle(self) -> int:
        return self.low + self.high + 1

    @property
    def threshold(self) -> int:
        return self.middle // 2


def find_levels(ones: Callable[[int, int], int], samples: int, *, width: int = 6,
                least: int = 4) -> Levels:
    """Search by looks: ``ones(look, code)`` is what is counted in look 0, 1, .. of `samples`."""
    codes, levels = [], []
    for quarters in (3, 1):
        level = 0
        for bit in reversed(range(width)):
            code = level + 2**bit
            if 4 * ones(len(codes), code) >= quarters * samples:
                level = code
            codes.append(code)
        levels.append(level)
    low, high = levels
    return Levels(low, high, high < low + least, low == 0 or high == 2**width - 1, tuple(codes))
