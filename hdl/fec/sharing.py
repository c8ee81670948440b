"""The search for sums that the rows of a binary matrix have in common."""

from collections.abc import Sequence

import numpy as np

__all__ = ["Sharing"]


class Sharing:
    """A matrix whose rows are sums of nodes, at first of the inputs, then of fewer and fewer gates.

    For each node there is the set of rows that still need it, as a column of 64-bit words: a gate
    over two nodes serves the rows that are in both sets.

    Depth: a row that needs nodes at the levels l can be finished within `limit` levels if the sum
    of all 2^l is at most 2^limit. A gate over nodes at levels x < y adds 2^y - 2^x to the sum, so
    that only rows with that much to spare can use it.

    Parameters
    ----------
    rows : sequence of int
        Masks of the inputs.
    levels : list of int
        The inputs' levels.
    limit : int
        Greatest level of a row; the least possible if that is more.
    """

    _WEIGHT = 64        # a pair is worth the number of its rows · 64 - its level
    _ROOM = 8           # levels above the least that are of any use; the tables grow with them

    def __init__(self, rows: Sequence[int], levels: list[int], limit: int):
        sums = [sum(1 << level for node, level in enumerate(levels) if row >> node & 1)
                for row in rows]
        least = max([*levels, *((total - 1).bit_length() for total in sums if total)])
        limit = max(least, min(limit, least + self._ROOM))
        words = -(-len(rows) // 64)
        ones = np.array([list(row.to_bytes(-(-len(levels) // 8), "little")) for row in rows],
                        dtype=np.uint8)
        ones = np.unpackbits(ones, axis=1, bitorder="little")[:, :len(levels)]
        # A gate that two rows or more share takes a one from each: it has at most half as many.
        capacity = len(levels) + int(ones.sum()) // 2
        self._count, self._size = len(rows), len(levels)
        self._columns = np.zeros((words, capacity), np.uint64)
        self._columns[:, :self._size] = _packed(ones.T).T
        self._levels = np.zeros(capacity, np.int64)
        self._levels[:self._size] = levels
        self._spare = np.array([(1 << limit) - total for total in sums], dtype=np.int64)
        powers = 1 << np.arange(limit + 1, dtype=np.int64)
        self._costs = abs(powers[:, None] - powers)
        self._able = self._able_rows()
        # For each node, what a pair with an earlier one is worth at most: pairs only lose value.
        self._bound = np.full(capacity, -1, np.int64)
        for node in range(1, self._size):
            self._bound[node] = self._worth(node).max()

    def _able_rows(self) -> np.ndarray:
        """For each two levels, the rows with enough to spare."""
        return np.moveaxis(_packed(self._spare >= self._costs[:, :, None]), -1, 1)

    def _worth(self, node: int) -> np.ndarray:
        """What the pairs of a node with all earlier ones are worth."""
        levels, level = self._levels[:node], self._levels[node]
        rows = self._able[level].take(levels, axis=1)
        rows &= self._columns[:, node, None]
        rows &= self._columns[:, :node]
        worth = -np.maximum(levels, level)
        for counts in np.bitwise_count(rows):
            worth += self._WEIGHT * counts.astype(np.int64)
        return worth

    def best(self) -> tuple[int, int] | None:
        """The pair worth most, or None if no two rows share one."""
        while True:
            node = int(self._bound[:self._size].argmax())
            if self._bound[node] <= self._WEIGHT:
                return None
            worth = self._worth(node)
            other = int(worth.argmax())
            if worth[other] == self._bound[node]:
                return other, node
            self._bound[node] = worth[other]

    def add(self, a: int, b: int):
        """Let all rows that can take a and b together from a new node."""
        new, low, high = self._size, *sorted((self._levels[a], self._levels[b]))
        rows = self._columns[:, a] & self._columns[:, b] & self._able[low, :, high]
        self._columns[:, (a, b)] ^= rows[:, None]
        self._columns[:, new] = rows
        self._levels[new] = high + 1
        self._size += 1
        if low < high:
            self._spare -= self._unpacked(rows) * self._costs[low, high]
            self._able = self._able_rows()
        self._bound[new] = self._worth(new).max()

    def levels(self) -> list[int]:
        """The level of each node."""
        return self._levels[:self._size].tolist()

    def rows(self) -> list[list[int]]:
        """For each row, the nodes that are left of it."""
        ones = self._unpacked(self._columns[:, :self._size].T)
        return [np.flatnonzero(row).tolist() for row in ones.T]

    def _unpacked(self, columns: np.ndarray) -> np.ndarray:
        """Words along the last axis as bits."""
        bytes_ = np.ascontiguousarray(columns).view(np.uint8)
        return np.unpackbits(bytes_, axis=-1, bitorder="little")[..., :self._count]


def _packed(ones: np.ndarray) -> np.ndarray:
    """The last axis as bits of 64-bit words."""
    bytes_ = np.packbits(ones, axis=-1, bitorder="little")
    padding = [(0, 0)] * (ones.ndim - 1) + [(0, -bytes_.shape[-1] % 8)]
    return np.ascontiguousarray(np.pad(bytes_, padding)).view(np.uint64)
