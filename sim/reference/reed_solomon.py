"""Reed-Solomon codes: encoder, and decoder of errors and erasures (section 8)."""

from dataclasses import dataclass
from functools import cached_property
from math import comb

import numpy as np

from .errata import find_errata
from .galois import Field

__all__ = ["Decoded", "ReedSolomon", "miscorrection_bound"]

_BATCH = 1 << 18
"""Symbols worked on at a time, which bounds the memory."""


@dataclass(frozen=True)
class Decoded:
    """What a decoder makes of received words.

    Members
    -------
    words : uint16 [count, n]
        Codewords, or the words as received where that failed.
    corrected : int [count]
        Symbols changed, per word.
    failed : bool [count]
        Whether no codeword is near enough.
    locations : bool [count, n]
        The symbols changed.
    """

    words: np.ndarray
    corrected: np.ndarray
    failed: np.ndarray
    locations: np.ndarray


@dataclass(frozen=True)
class ReedSolomon:
    """A systematic code of words of n symbols, the first k of them message, over GF(2^m)."""

    n: int
    k: int
    m: int = 8
    polynomial: int = 0

    def __post_init__(self):
        order = self.field.order        # the field checks m and the polynomial
        if not 3 <= self.n <= order:
            raise ValueError(f"n = {self.n} is out of range: allowed is 3 to {order} with "
                             f"m = {self.m}")
        if not 1 <= self.k < self.n or self.parity % 2:
            raise ValueError(f"k = {self.k} is not allowed: with n = {self.n} it must be from 1 to "
                             f"{self.n - 2}, and n - k even")

    @cached_property
    def field(self) -> Field:
        """The symbols' field."""
        return Field(self.m, self.polynomial)

    @property
    def parity(self) -> int:
        """Parity symbols."""
        return self.n - self.k

    @property
    def t(self) -> int:
        """Errors that are corrected, without erasures."""
        return self.parity // 2

    def encode(self, messages: np.ndarray) -> np.ndarray:
        """Append the parity.

        Parameters
        ----------
        messages : uint16 [count, k]

        Returns
        -------
        uint16 [count, n]
        """
        messages = self._checked(messages, self.k)
        words = np.zeros((len(messages), self.n), np.uint16)
        words[:, :self.k] = messages
        for start in range(0, len(words), self._batch):
            part = words[start:start + self._batch]
            part[:, self.k:] = self._remainders(part)
        return words

    def decode(self, words: np.ndarray, erasures: np.ndarray | None = None) -> Decoded:
        """Find for each word the codeword near enough to it.

        That is the one codeword, if there is one, that differs from the word in v symbols that are
        not erased and in any of the e erased ones, with 2v + e <= n - k. If there is none, and
        always with e > n - k, the word has failed.

        Parameters
        ----------
        words : uint16 [count, n]
        erasures : bool [n] or [count, n], optional
            Symbols not to be relied on, of all words or of each.
        """
        received = self._checked(words, self.n)
        if erasures is None:
            erasures = np.zeros(self.n, bool)
        if erasures.shape not in ((self.n,), received.shape):
            raise ValueError(f"erasures have the shape {erasures.shape}: allowed is ({self.n},) or "
                             f"{received.shape}")
        erased = np.broadcast_to(erasures.astype(bool), received.shape)
        counts = erased.sum(axis=1)
        failed = counts > self.parity
        result = received.copy()
        for start in range(0, len(received), self._batch):
            part = slice(start, start + self._batch)
            remainders = self._remainders(received[part])
            wrong = remainders.any(axis=1) & ~failed[part]
            for e in np.unique(counts[part][wrong]):
                rows = np.flatnonzero(wrong & (counts[part] == e))
                syndromes = self._syndromes(remainders[rows])
                result[part][rows] ^= find_errata(self.field, syndromes, erased[part][rows])
            failed[part][wrong] = self._remainders(result[part][wrong]).any(axis=1)
        locations = result != received
        return Decoded(result, locations.sum(axis=1), failed, locations)

    def _remainders(self, words: np.ndarray) -> np.ndarray:
        """Words [count, n] modulo the generator, by long division: uint16 [count, n - k]."""
        rest = words.T.copy()
        for i in range(self.k):
            rest[i + 1:i + 1 + self.parity] ^= self._multiples.take(rest[i], axis=1)
        return rest[self.k:].T

    def _syndromes(self, remainders: np.ndarray) -> np.ndarray:
        """Values of words at the generator's roots, where they are the same as the remainders'.

        uint16 [count, n - k]
        """
        powers = np.arange(self.parity)[:, None] * np.arange(self.parity - 1, -1, -1)
        return self.field.dot(remainders[:, None], self.field.power(powers))

    @cached_property
    def _multiples(self) -> np.ndarray:
        """Every element times the generator without its leading 1: uint16 [n - k, 2^m]."""
        generator = np.ones(1, np.uint16)
        for root in self.field.power(np.arange(self.parity)):
            factor = np.array([root, 1], np.uint16)
            generator = self.field.product(factor, generator, len(generator) + 1)
        return self.field.mul(generator[-2::-1, None], np.arange(1 << self.m))

    @property
    def _batch(self) -> int:
        """Words worked on at a time."""
        return max(1, _BATCH // self.n)

    def _checked(self, symbols: np.ndarray, columns: int) -> np.ndarray:
        if symbols.ndim != 2 or symbols.shape[1] != columns:
            raise ValueError(f"symbols have the shape {symbols.shape}: allowed is (count, "
                             f"{columns})")
        if symbols.size and not 0 <= symbols.min() <= symbols.max() <= self.field.order:
            raise ValueError(f"symbols are from {symbols.min()} to {symbols.max()}: allowed is 0 "
                             f"to {self.field.order}")
        return symbols.astype(np.uint16)


def miscorrection_bound(code: ReedSolomon, erasures: int = 0) -> float:
    """Probability that a word with very many random errors is taken for another codeword.

    sum of C(n - e, v)·(2^m - 1)^v for v = 0..(n - k - e) // 2, over 2^(m·(n - k - e)): the patterns
    of errors outside the e erasures that are corrected, over all that random syndromes can show.
    """
    free = code.parity - erasures
    if not 0 <= free <= code.parity:
        raise ValueError(f"erasures = {erasures} is out of range: allowed is 0 to {code.parity}")
    patterns = sum(comb(code.n - erasures, v) * code.field.order ** v for v in range(free // 2 + 1))
    return patterns / (1 << code.m * free)
