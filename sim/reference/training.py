"""Which lanes are calibrated when: docs/training.md, section 2, a clock at a time."""

import numpy as np

__all__ = ["CALIBRATING", "Training"]

WARM_UP, CALIBRATING, WAITING, WATCHING = range(4)
_DARK, _LOCK, _ALIGN, _TRAFFIC = 2, 3, 4, 5


class Training:
    """The state of a receiver's training.

    Parameters
    ----------
    lanes : int
    warm_up, patience : int
        Clocks.

    Members
    -------
    movable, absent : bool [lanes]
    busy : bool
        Some lane is due, or was asked for.
    """

    def __init__(self, lanes: int, warm_up: int, patience: int):
        self._patience, self._timer, self._phase = patience, warm_up, WARM_UP
        self._due = np.zeros(lanes, bool)
        self.absent = np.zeros(lanes, bool)
        self._known = np.zeros(lanes, bool)
        self._asked = self._turn_asked = -1     # lane that is movable by hand
        self._turn_due = False
        self._missing = self._some = self.busy = self._raw = False

    @property
    def movable(self) -> np.ndarray:
        return self._due | (np.arange(len(self._due)) == self._asked)

    def state(self, running: bool, up: bool) -> int:
        """The number of docs/training.md, section 1."""
        if up:
            return _TRAFFIC
        if self._phase in (WARM_UP, CALIBRATING):
            return self._phase
        return _ALIGN if running else _LOCK if self._some else _DARK

    def hope(self, up: bool, hold: bool) -> bool:
        """Whether the link is to stay down for a calibration."""
        return self._raw and not up and not hold

    def clock(self, locked: np.ndarray, dead: np.ndarray, *, roving: bool, turn: int = 0,
              begun: bool = False, over: bool = False, judged: bool = False, dark: bool = False,
              up: bool = False, hold: bool = False, retrain: int = -1) -> None:
        """One clock with these inputs: bool [lanes] `locked` and `dead`, `retrain` a lane."""
        due, absent, asked = self._due.copy(), self.absent.copy(), self._asked
        known = self._known.copy()
        begins = self._step(hold, self.hope(up, hold))
        if begins:
            due[:] = True
        if over:
            if self._turn_due and not begins:
                due[turn] = False
            if judged:
                absent[turn] = dark
            if self._turn_asked == turn:
                asked = -1
            if (self._turn_due or self._turn_asked == turn) and not (judged and dark):
                known[turn] = True
        due &= ~(dead | (locked & (self._known | up)))
        seen = locked | dead | (self.absent & roving)
        self._missing, self._some = not seen.all(), bool(locked.any())
        self.busy = bool(self._due.any()) or self._asked >= 0
        self._raw = not (self._known | dead | self.absent).all()
        if begun:
            self._turn_due = bool(self._due[turn])
            self._turn_asked = turn if self._asked == turn else -1
        self._due, self.absent, self._known = due, absent & ~(locked | dead), known
        self._asked = retrain if retrain >= 0 else asked

    def _step(self, hold: bool, hope: bool) -> bool:
        """The next phase; whether a calibration begins."""
        ended = self._timer == 0
        self._timer = max(0, self._timer - 1)
        late = ended and not hold
        if (self._phase == WARM_UP and late) or (self._phase == WAITING and late and self._missing
                ) or (self._phase in (WAITING, WATCHING) and hope):
            self._phase, self._timer = CALIBRATING, 2
            return True
        if self._phase == CALIBRATING and ended and not self.busy:
            self._phase, self._timer = WAITING, self._patience
        elif self._phase == WAITING and not self._missing:
            self._phase = WATCHING
        elif self._phase == WATCHING and self._missing:
            self._phase, self._timer = WAITING, self._patience
        return False
