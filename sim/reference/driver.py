"""LED drivers of all lanes, clock by clock (docs/driver.md)."""

import numpy as np

__all__ = ["Drivers", "allowed", "frame_bits", "sigma_delta"]

CONTROL, LIMIT, STATUS = 0, 5, 6
TURN = 8        # clocks


def allowed(wanted: np.ndarray, room: int) -> np.ndarray:
    """Bias, modulation, rise and fall within the room, from what is wanted (section 4)."""
    codes = np.zeros(4, int)
    for place in range(3):
        codes[place] = min(wanted[place], room - codes.sum())
    codes[3] = min(wanted[3], codes[0])
    return codes


class Drivers:
    """State after a number of clocks since a reset; row l of each array is lane l.

    `settings` [N, 8] by field number, `codes` [N, 4], `lit`, `opened`, `shorted` [N].
    """

    def __init__(self, lanes: int, bits: int, step: int):
        self.lanes, self.bits, self.step = lanes, bits, step
        self.settings = np.zeros((lanes, 8), int)
        self.codes = np.zeros((lanes, 4), int)
        self.lit, self.opened, self.shorted = np.zeros((3, lanes), bool)
        self.peaks = np.zeros(lanes, int)
        self.q = 0
        self.clocks = 0
        self.lane, self.place, self.ended = lanes - 1, 0, None
        self._held, self._room, self._wanted = False, 0, np.zeros(4, int)

    @property
    def ready(self) -> bool:
        return self.clocks >= 8 * self.lanes

    @property
    def fault(self) -> bool:
        return bool((self.opened | self.shorted).any())

    def read(self, lane: int, field: int) -> int:
        if field == STATUS:
            return int(self.lit[lane] + 2 * self.opened[lane] + 4 * self.shorted[lane])
        return int(self.settings[lane, field])

    def clock(self, *, lane: int = 0, field: int = 7, value: int = 0, write: bool = False,
              shutdown: bool = False, open_: np.ndarray | None = None,
              short: np.ndarray | None = None, go: bool = True):
        """One clock with these inputs; `go`: the output form does not make the turn wait.

        Afterwards `ended` has the lane and codes of a turn that ended in this clock, else None.
        """
        none = np.zeros(self.lanes, bool)
        open_, short = none if open_ is None else open_, none if short is None else short
        write = write and self.ready and lane < self.lanes
        self.q = self.read(lane, field) if lane < self.lanes else 0

        held = (shutdown | (self.settings[:, CONTROL] & 1 == 0) | open_ | short | self.opened
                | self.shorted)
        if write and field == LIMIT:
            held[lane] = True
        self._turn(held, go)
        self.codes[held], self.lit[held] = 0, False

        cleared = value if write and field == STATUS else 0
        self.opened[lane:lane + 1] &= not cleared & 2
        self.shorted[lane:lane + 1] &= not cleared & 4
        self.opened |= open_
        self.shorted |= short
        if write and field < STATUS:
            width = {CONTROL: 5, LIMIT: self.bits + 2}.get(field, self.bits)
            self.settings[lane, field] = value & ((1 << width) - 1)
        self.clocks += 1

    def _turn(self, held: np.ndarray, go: bool):
        lane = self.lane
        if self.place == 0:
            before = self.peaks[lane] if self.lit[lane] else 0
            self._room = min(self.settings[lane, LIMIT], before + self.step)
            self._held = False
        elif self.place <= 4:
            self._wanted[self.place - 1] = self.settings[lane, self.place]
        self.ended = None
        if self.place == TURN - 1 and go:
            # Whether the last clock is dark is not known to who takes the codes.
            codes = np.zeros(4, int) if self._held else allowed(self._wanted, self._room)
            self.ended = lane, codes
            if not self._held and not held[lane]:
                self.codes[lane], self.lit[lane] = codes, True
                self.peaks[lane] = codes[:3].sum()
            self.lane, self.place = (lane - 1) % self.lanes, 0
            return
        self._held |= bool(held[lane])
        self.place = min(self.place + 1, TURN - 1)


def sigma_delta(codes: np.ndarray, bits: int) -> np.ndarray:
    """The bit of each clock, from the code of each."""
    sums = np.cumsum(codes, dtype=np.int64)
    return np.diff(sums >> bits, prepend=0).astype(np.uint8)


def frame_bits(codes: np.ndarray, bits: int) -> np.ndarray:
    """The bits of a frame in the order in which they are sent, from codes [N, 4]."""
    order = np.asarray(codes)[::-1, ::-1].reshape(-1)
    return ((order[:, None] >> np.arange(bits)[::-1]) & 1).astype(np.uint8).reshape(-1)
