"""Reports of the receiver about the lanes (docs/link-format.md, section 9)."""

__all__ = ["FULL", "LEVELS", "Turns", "led_of", "level_of", "report", "reported"]

LEVELS = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192)
FULL = 2**32 - 1        # a total that may have been more


def level_of(errors: int, shift: int) -> int:
    """The level of a number of wrong symbols."""
    return max(level for level, least in enumerate(LEVELS) if errors >> shift >= least)


def report(lane: int, level: int) -> int:
    """The word."""
    return lane | level << 11 | 1 << 15


def reported(word: int) -> tuple[int, int] | None:
    """Lane and level; None if the word is an entry of the sparing."""
    return (word & 0x7FF, word >> 11 & 15) if word >> 15 else None


def led_of(lane: int, lane_map: list[int], served: list[int], code_lanes: int) -> int:
    """The physical lane on which a logical one leaves; `served` has for each spare the number of
    the lane that it serves, plus 1, or 0."""
    leds = list(lane_map)
    for spare, number in enumerate(served, code_lanes):
        if number:
            leds[spare], leds[number - 1] = leds[number - 1], leds[spare]
    return leds[lane]


class Turns:
    """Who is reported, from totals that are looked at in turn; `lane` is the next one."""

    def __init__(self, lanes: int, shift: int):
        self.lanes, self.shift = lanes, shift
        self.restart()

    def restart(self):
        self.lane = 0
        self.totals: list[int | None] = [None] * self.lanes

    def turn(self, live: bool, errors: int, failed: int) -> int | None:
        """A word, if the lane's errors since its last turn are known."""
        lane, before = self.lane, self.totals[self.lane]
        total = (errors + failed) % 2**32
        certain = live and errors != FULL
        self.totals[lane] = total if certain else None
        self.lane = (lane + 1) % self.lanes
        if not certain or before is None or total < before:
            return None
        return report(lane, level_of(total - before, self.shift))
