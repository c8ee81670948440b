"""Group codes: codewords that lie over several words of the data lanes (section 8)."""

from dataclasses import dataclass
from functools import cached_property
from math import gcd

import numpy as np

from .reed_solomon import ReedSolomon

__all__ = ["GroupCode"]


@dataclass(frozen=True)
class GroupCode:
    """How the codewords of RS(n, k) over GF(2^m) lie in groups of words of `lanes` symbols.

    Members
    -------
    p, T, C, Tm, r : int
        As in section 8: symbols of a codeword per slot; slots; codewords; message words; pad.
    """

    n: int
    k: int
    m: int
    lanes: int

    def __post_init__(self):
        if self.Tm < 1:
            raise ValueError(f"k = {self.k} message symbols do not fill a word of {self.lanes} "
                             f"lanes")

    @cached_property
    def code(self) -> ReedSolomon:
        return ReedSolomon(self.n, self.k, self.m)

    @cached_property
    def p(self) -> int:
        return gcd(self.n, self.lanes)

    @property
    def T(self) -> int:
        return self.n // self.p

    @property
    def C(self) -> int:
        return self.lanes // self.p

    @property
    def Tm(self) -> int:
        return self.k // self.p

    @property
    def r(self) -> int:
        return self.k % self.p

    @property
    def lanes_known(self) -> int:
        """Lanes that may be missing if they are known."""
        return (self.n - self.k) // -(-self.T // self.C)

    @cached_property
    def _places(self) -> np.ndarray:
        """Where symbol s of codeword c is in a group, as slot·L + lane: int [C, n]."""
        slot, lane = np.divmod(np.arange(self.T * self.lanes), self.lanes)
        places = np.empty((self.C, self.n), int)
        places[(lane + slot) % self.C, slot * self.p + lane // self.C] = slot * self.lanes + lane
        return places

    def encode(self, words: np.ndarray) -> np.ndarray:
        """Message words, uint16 [count·Tm, L], to whole groups, uint16 [count·T, L]."""
        count = len(words) // self.Tm
        groups = np.zeros((count, self.T * self.lanes), np.uint16)
        groups[:, :self.Tm * self.lanes] = words.reshape(count, -1)
        codewords = groups[:, self._places].reshape(-1, self.n)
        # The pad is at the end here, and in front, where it belongs, for the code.
        message = np.roll(codewords, self.r, axis=1)[:, :self.k]
        message[:, :self.r] = 0
        codewords = np.roll(self.code.encode(message), -self.r, axis=1)
        groups[:, self._places] = codewords.reshape(count, self.C, self.n)
        return groups.reshape(-1, self.lanes)

    def decode(self, words: np.ndarray, erasures: np.ndarray | None = None
               ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Correct whole groups, uint16 [count·T, L]; `erasures` are lanes, bool [L].

        Returns
        -------
        words : uint16 [count·T, L]
            A codeword that could not be corrected is as it came.
        failed : bool [count·T]
            The word's group has such a codeword.
        locations : bool [count·T, L]
            Symbols that were changed.
        """
        groups = words.reshape(-1, self.T * self.lanes)
        erased = None
        if erasures is not None:
            erased = np.tile(np.tile(erasures, self.T)[self._places], (len(groups), 1))
        result = self.code.decode(groups[:, self._places].reshape(-1, self.n), erased)
        corrected, locations = groups.copy(), np.zeros(groups.shape, bool)
        corrected[:, self._places] = result.words.reshape(-1, self.C, self.n)
        locations[:, self._places] = result.locations.reshape(-1, self.C, self.n)
        failed = np.repeat(result.failed.reshape(-1, self.C).any(axis=1), self.T)
        return (corrected.reshape(words.shape), failed, locations.reshape(words.shape))
