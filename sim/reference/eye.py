"""What the monitor sees of a lane, and the counts of an eye scan (docs/lane.md, 3 and 5)."""

import numpy as np

from .sampler import filtered

__all__ = ["bit_error_rate", "count_eye", "lane_bits", "lane_error_rate", "places", "sent_bits",
           "word_lengths"]


def lane_bits(x: np.ndarray, phases: np.ndarray, gear: int, ratio: int) -> np.ndarray:
    """The bits b of all words from the lane's samples x: [words, gear]."""
    y = filtered(x, ratio)[:len(phases) * gear * ratio].reshape(-1, gear, ratio)
    return y[np.arange(len(y))[:, None], np.arange(gear), np.asarray(phases)[:, None]]


def places(monitor: np.ndarray, phases: np.ndarray, gear: int, ratio: int) -> np.ndarray:
    """The monitor's samples of all words at each place: [words, gear, ratio].

    Samples from before the first are 0, and those after the last, too.
    """
    late = 1 if ratio >= 4 else 0
    starts = np.arange(len(phases))[:, None, None] * gear * ratio + np.asarray(
        phases)[:, None, None] + ratio * np.arange(gear)[:, None]
    index = starts + np.arange(ratio) - ratio // 2 - late
    inside = (index >= 0) & (index < len(monitor))
    return np.where(inside, monitor[np.where(inside, index, 0)], 0).astype(monitor.dtype)


def count_eye(seen: np.ndarray, bits: np.ndarray, *, codes: int, settle: int, words: int,
              most: int) -> np.ndarray:
    """The table of a scan that begins with word 0: [codes, ratio].

    `seen` are the monitor's samples at the places, each word with the code that holds then.
    """
    period = settle + words + 2
    table = []
    for code in range(codes):
        look = slice(code * period + settle, code * period + settle + words)
        wrong = np.count_nonzero(seen[look] != bits[look][:, :, None], axis=(0, 1))
        table.append(np.minimum(wrong, most))
    return np.array(table)


def word_lengths(phases: np.ndarray, gear: int, ratio: int) -> np.ndarray:
    """How many bits the lane has taken in each word: one that is not whole has gear - 1 or + 1."""
    phases = np.asarray(phases)
    before = np.concatenate([phases[:1], phases[:-1]])
    return gear + ((before == 0) & (phases == ratio - 1)).astype(int) - (
        (before == ratio - 1) & (phases == 0))


def sent_bits(bits: np.ndarray, lengths: np.ndarray, begin: int, errors: np.ndarray,
              known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What was sent as the `bits` of each word, and the words for which that is known.

    Bit `begin` of all that the lane has taken is the first of symbol 0. `errors` are those of the
    symbols, [symbols, gear], valid where they are `known`. A word counts if it and the three
    before it are whole, and the symbol in which it begins and the next one are known.
    """
    words, gear = bits.shape
    first = np.concatenate([[0], np.cumsum(lengths)])[:words] - begin
    symbol = first // gear
    inside = (symbol >= 0) & (symbol + 1 < len(known))
    at = np.where(inside, symbol, 0)
    flat = np.where(known[:, None], errors, 0).reshape(-1)
    wrong = flat[np.where(inside, first, 0)[:, None] + np.arange(gear)]
    whole = lengths == gear
    counts = inside & known[at] & known[np.minimum(at + 1, len(known) - 1)] & whole
    counts[1:] &= whole[:-1]
    counts[2:] &= whole[:-2]
    counts[3:] &= whole[:-3]
    return bits ^ wrong.astype(bits.dtype), counts


def bit_error_rate(mismatch, lane):
    """The monitor's error rate from how often it differs, and the lane's own error rate."""
    return (mismatch - lane) / (1 - 2 * lane)


def lane_error_rate(symbol_errors: int, symbols: int, gear: int) -> float:
    """The lane's bit error rate from its wrong symbols."""
    return 1 - (1 - symbol_errors / symbols) ** (1 / gear)
