"""Levels of a lane, and the loop that keeps the thresholds (docs/lane.md, section 4)."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

__all__ = ["Levels", "find_levels"]


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
