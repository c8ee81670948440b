"""What a receiver sums up of a lane: the rules of docs/cmis.md, section 8, once more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["SummaryModel"]

_NONE = 0xFFFF


@dataclass
class SummaryModel:
    """Of all lanes; it remembers the number that each had last.

    Members
    -------
    lanes, depth, code_lanes : int
    by_place, sampled, thresholds : bool
    numbers : dict
        From lane to its last number.
    """

    lanes: int
    depth: int
    code_lanes: int
    by_place: bool
    sampled: bool
    thresholds: bool
    numbers: dict[int, int] = field(default_factory=dict)

    def summary(self, lane: int, world: Mapping[str, Any]) -> dict[str, int]:
        """The summary of a lane in a world that stands still.

        `world` has for each lane ``status`` (a mapping), ``following``, ``given_up``, ``dark``,
        ``movable``, ``shunned``, ``codes``; for each place or lane ``errors`` and ``whole``; for
        each spare ``served``; and ``address``.
        """
        status = world["status"][lane]
        locked = bool(status["locked"])
        known = lane in self.numbers
        if locked:
            known = status["identity"] < self.lanes
            if known:
                self.numbers[lane] = status["identity"]
        number = status["identity"] if locked else self.numbers.get(lane, 0)
        placed = locked and known and not world["shunned"][lane]
        dead = world["given_up"][lane] or (world["dark"][lane] and not locked)
        whole = placed if self.by_place else locked
        slot = number if self.by_place else lane
        whole = whole and world["whole"][slot]
        return {
            "locked": locked, "dead": dead, "spared": known and self._spared(number, world),
            "state": self._state(lane, dead, world), "position": number if placed else _NONE,
            "threshold": world["codes"][lane] if self.thresholds else _NONE,
            "phase": status["phase"], "skew": self._skew(lane, world), "whole": whole,
            "errors": world["errors"][slot] if whole else 0,
        }

    def all_dark(self, world: Mapping[str, Any]) -> bool:
        return all(
            dark or given_up or (status["quiet"] if self.sampled else not status["locked"])
            for dark, given_up, status in zip(world["dark"], world["given_up"], world["status"],
                                              strict=True))

    def _spared(self, number: int, world: Mapping[str, Any]) -> bool:
        served: Sequence[int] = world["served"]
        spare = number - self.code_lanes
        return number + 1 in served or (0 <= spare < len(served) and served[spare] != 0)

    def _state(self, lane: int, dead: bool, world: Mapping[str, Any]) -> int:
        if world["given_up"][lane]:
            return 6
        if world["movable"][lane]:
            return 5
        if dead:
            return 4
        status = world["status"][lane]
        return 3 if status["joined"] else 2 if status["locked"] else 1

    def _skew(self, lane: int, world: Mapping[str, Any]) -> int:
        """Symbols that it has fewer in its buffer than the lane that has most."""
        if not world["status"][lane]["joined"]:
            return 255
        fills = [(following - world["address"]) % self.depth
                 for following in world["following"]]
        return max(fill for fill, status in zip(fills, world["status"], strict=True)
                   if status["joined"]) - fills[lane]
