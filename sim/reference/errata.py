"""From the syndromes of received words to their errata: errors, and erasures filled (section 8)."""

import numpy as np

from .galois import Field

__all__ = ["find_errata", "shortest_recurrence"]


def find_errata(field: Field, syndromes: np.ndarray, erased: np.ndarray) -> np.ndarray:
    """What to add to words that have the same number of erasures, at most as many as syndromes.

    Parameters
    ----------
    syndromes : uint16 [count, s]
        Values of the words, as polynomials, at alpha^0..alpha^(s-1).
    erased : bool [count, n]
        Symbols not to be relied on; symbol i is the coefficient of x^(n-1-i).

    Returns
    -------
    uint16 [count, n]
        v errors and e erasures, if that can be with 2v + e <= s; otherwise 0.
    """
    count, s = syndromes.shape
    powers = np.arange(erased.shape[1] - 1, -1, -1)
    places = field.power(powers)                                # X = alpha^(n-1-i), [n]
    inverses = field.power(-powers[:, None] * np.arange(s + 1))     # X^-d, [n, s + 1]

    # Multiplied with the erasures' locator, the product of 1 - X·x over them, the syndromes from
    # number e on are what the errors alone give.
    erasures = np.ones((count, 1), np.uint16)
    for symbol in np.nonzero(erased)[1].reshape(count, -1).T:
        factor = np.stack([np.ones(count, np.uint16), places[symbol]], axis=1)
        erasures = field.product(factor, erasures, erasures.shape[1] + 1)
    e = erasures.shape[1] - 1
    errors, length = shortest_recurrence(field, field.product(erasures, syndromes, s)[:, e:])

    # The recurrence is that of v errors if its polynomial has v different roots 1/X, all at symbols
    # that the word has and that are not erased; 2v + e <= s, as its degree cannot be higher.
    values = np.zeros(erased.shape, np.uint16)
    for d in range(errors.shape[1]):
        values ^= field.mul(errors[:, d, None], inverses[:, d])
    wrong = (values == 0) & ~erased
    good = wrong.sum(axis=1) == length

    # Forney: a magnitude is the evaluator over the odd part of the locator, both at 1/X.
    locator = field.product(erasures, errors, s + 1)
    evaluator = field.product(locator, syndromes, s)
    word, symbol = np.nonzero((wrong | erased) & good[:, None])
    top = field.dot(evaluator[word], inverses[symbol, :s])
    bottom = field.dot(locator[word, 1::2], inverses[symbol, 1::2])
    errata = np.zeros(erased.shape, np.uint16)
    errata[word, symbol] = field.mul(top, field.inv(bottom))
    return errata


def shortest_recurrence(field: Field, sequences: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shortest linear recurrences (Berlekamp-Massey without division).

    Parameters
    ----------
    sequences : uint16 [count, s]

    Returns
    -------
    polynomials : uint16 [count, s // 2 + 1]
        c with c[0]·q[i] + c[1]·q[i-1] + ... + c[length]·q[i-length] = 0 for i = length and up, and
        c[0] not 0. Cut off if the length is above s // 2; if not, no polynomial on the way to it
        had a higher degree.
    length : int [count]
    """
    count, steps = sequences.shape
    current = np.zeros((count, steps // 2 + 1), np.uint16)
    current[:, 0] = 1
    other = current
    scale = np.ones((count, 1), np.uint16)
    length = np.zeros((count, 1), np.intp)
    for step in range(steps):
        other = np.pad(other[:, :-1], ((0, 0), (1, 0)))
        latest = sequences[:, step::-1][:, :current.shape[1]]
        gap = field.dot(current[:, :latest.shape[1]], latest)[:, None]
        following = field.mul(scale, current) ^ field.mul(gap, other)
        longer = (gap != 0) & (2 * length <= step)
        other = np.where(longer, current, other)
        scale = np.where(longer, gap, scale)
        length = np.where(longer, step + 1 - length, length)
        current = following
    return current, length[:, 0]
