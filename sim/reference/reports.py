"""Reports of the receiver about the lanes (docs/link-format.md, section 9)."""

__all__ = ["LEVELS", "level_of", "report", "reported"]

LEVELS = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192)


def level_of(errors: int, shift: int) -> int:
    """The level of a number of wrong symbols."""
    return max(level for level, least in enumerate(LEVELS) if errors >> shift >= least)


def report(lane: int, level: int) -> int:
    """The word."""
    return lane | level << 11 | 1 << 15


def reported(word: int) -> tuple[int, int] | None:
    """Lane and level; None if the word is an entry of the sparing."""
    return (word & 0x7FF, word >> 11 & 15) if word >> 15 else None
