"""Data recovery of one lane (docs/lane.md, section 1)."""

from dataclasses import dataclass

import numpy as np

from .lanes import bits_to_symbols

__all__ = ["Recovered", "filtered", "recover"]


@dataclass(frozen=True)
class Recovered:
    """Entry w of `symbols`, `valid`, `lost` and `phases` belongs to word w; `bits` are all bits."""

    bits: np.ndarray
    symbols: np.ndarray
    valid: np.ndarray
    lost: np.ndarray
    phases: np.ndarray


def filtered(x: np.ndarray, ratio: int) -> np.ndarray:
    """The samples y after the filter."""
    if ratio < 4:
        return x
    padded = np.concatenate([np.zeros(2, x.dtype), x])
    return (padded[2:] + padded[1:-1] + padded[:-2] >= 2).astype(np.uint8)


def recover(x: np.ndarray, gear: int, ratio: int, patience: int = 4) -> Recovered:
    """Bits and symbols from samples x, uint8 [words·gear·ratio]."""
    y = filtered(x, ratio)
    size = gear * ratio
    words = len(y) // size
    edges = np.flatnonzero(np.diff(y, prepend=np.uint8(0)))
    edges_of = np.split(edges, np.searchsorted(edges, np.arange(1, words) * size))

    phases, moves, balance = [0] * 4, [0] * 4, 0
    for word in range(words):
        distances = (phases[word] - edges_of[word]) % ratio
        bits_of = edges_of[word] // ratio
        later, earlier, neither = (len(set(bits_of[side])) for side in (
            distances < ratio / 2 - 1, distances > ratio / 2,
            (distances >= ratio / 2 - 1) & (distances <= ratio / 2)))
        if len(distances):
            if later >= earlier + neither:
                balance += 1
            elif earlier > later + neither:
                balance -= 1
            else:
                balance -= np.sign(balance)
        move = 0
        if abs(balance) == patience:
            move, balance = int(np.sign(balance)), 0
        phases.append((phases[-1] + move) % ratio)
        moves.append(move)

    bits, symbols, valid, lost = [], [], [], []
    fresh, queue = [], []
    for word in range(words):
        new = list(y[word * size + phases[word]:(word + 1) * size:ratio])
        if moves[word] > 0 and phases[word] == 0:
            del new[0]
        if moves[word] < 0 and phases[word] == ratio - 1:
            new.insert(0, y[word * size - 1])
        bits += new
        fresh += new
        waited = len(queue)
        while len(fresh) >= gear:
            queue.append(fresh[:gear])
            del fresh[:gear]
        lost.append(waited + 2 == len(queue) and waited == 1)
        if lost[-1]:
            queue.pop()
        valid.append(bool(queue))
        symbols.append(queue.pop(0) if queue else [0] * gear)
    return Recovered(np.array(bits, np.uint8), bits_to_symbols(np.array(symbols, np.uint8)),
                     np.array(valid), np.array(lost), np.array(phases[:words]))
