"""The sizes and constants of the link format, named as in `docs/link-format.md`."""

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from math import ceil

import numpy as np

from .groups import GroupCode
from .reed_solomon import ReedSolomon

__all__ = ["KEY", "PAUSE", "RESUME", "SYNC", "Format", "Kind"]

KEY = 0xB1E5
"""Bits [16:32] of the first granule of a control block."""

SYNC = 0xE92E66B5141F
"""Sync pattern, bit 0 first; a marker carries the first Ms·g bits of these 48."""

PAUSE = 0x3FF
RESUME = 0x000
"""Flow field of an idle block: the far end shall pause, or may send."""


class Kind(IntEnum):
    """Kind of a control granule, bits [0:3]."""

    IDLE = 0
    CONT = 1
    START = 2
    END = 3
    END_START = 4
    WHOLE = 5
    WHOLE_START = 6


@dataclass(frozen=True)
class Format:
    """Parameters of one link.

    Members
    -------
    lanes : int
        L, data lanes.
    spares : int
        Lanes with markers but a payload of 0.
    gear : int
        g, bits per symbol, 4..16.
    marker_period : int
        P, words per frame.
    scrambler : bool
        Whether payload is scrambled; otherwise the key stream is 0.
    parity : int
        K, lanes with the parity of each word.
    group_code : (n, k) or None
        A code over groups of words; with neither this nor parity lanes there is no FEC.
    """

    lanes: int
    spares: int = 0
    gear: int = 8
    marker_period: int = 12288
    scrambler: bool = True
    parity: int = 0
    group_code: tuple[int, int] | None = None

    def __post_init__(self):
        if not 1 <= self.lanes or not 0 <= self.spares or self.N > 2048:
            raise ValueError(f"lanes = {self.lanes} and spares = {self.spares} do not fit 11 bits")
        if self.parity < 0:
            raise ValueError(f"parity = {self.parity} is out of range: allowed is 0 or more")
        if not 4 <= self.gear <= 16:
            raise ValueError(f"gear = {self.gear} is out of range: allowed is 4 to 16")
        if self.parity and self.group_code:
            raise ValueError("there are either parity lanes or a group code, not both")
        if self.blocks_per_frame < 1:
            raise ValueError(f"marker_period = {self.marker_period} leaves no room for a block")

    @property
    def L(self) -> int:
        """Data lanes."""
        return self.lanes

    @property
    def N(self) -> int:
        """Physical lanes: data, parity and spare."""
        return self.code_lanes + self.spares

    @property
    def code_lanes(self) -> int:
        """L + K, lanes of a codeword."""
        return self.lanes + self.parity

    @cached_property
    def code(self) -> ReedSolomon:
        """The code across the lanes; only with parity lanes."""
        return ReedSolomon(self.code_lanes, self.lanes, self.gear)

    @cached_property
    def group(self) -> GroupCode | None:
        """The group code, if there is one."""
        return GroupCode(*self.group_code, self.gear, self.lanes) if self.group_code else None

    @property
    def expendable(self) -> int:
        """Lanes of the code that may be missing."""
        return self.group.lanes_known if self.group else self.parity

    @property
    def g(self) -> int:
        """Bits per symbol."""
        return self.gear

    @property
    def P(self) -> int:
        """Words per frame."""
        return self.marker_period

    @property
    def W(self) -> int:
        """Bits per word."""
        return self.lanes * self.gear

    @cached_property
    def m(self) -> int:
        """Words per block: the fewest with 64 bits or more and under 1/200 of filler."""
        return next(m for m in range(1, 6401)
                    if m * self.W >= 64 and 200 * (m * self.W % 32) < m * self.W)

    @property
    def S(self) -> int:
        """Granules of 32 bits per block."""
        return self.m * self.W // 32

    @property
    def Ms(self) -> int:
        """Symbols of sync per marker."""
        return ceil(32 / self.gear)

    @property
    def Mb(self) -> int:
        """Symbols of body per marker."""
        return ceil(64 / self.gear)

    @property
    def M(self) -> int:
        """Symbols per marker."""
        return self.Ms + self.Mb

    def message_words(self, length: int) -> np.ndarray:
        """Which of the first `length` words after a marker are message words; of a group code,
        those of whole groups."""
        places = np.arange(length)
        if self.group is None:
            return places
        T = self.group.T
        return places[(places < length // T * T) & (places % T < self.group.Tm)]

    @cached_property
    def blocks_per_frame(self) -> int:
        """Whole blocks between two markers; what is left of the frame is filler."""
        return len(self.message_words(self.P - self.M)) // self.m

    @property
    def frame_bits(self) -> int:
        """Bits per frame on one lane."""
        return self.P * self.gear
