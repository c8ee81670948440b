"""Eye scans of a lane with known noise: what the model counts, and what theory expects."""

from dataclasses import dataclass
from itertools import product
from math import exp, lgamma, log

import numpy as np

from ..reference.eye import count_eye, lane_bits, places, sent_bits, word_lengths
from ..reference.sampler import recover
from .analogue import gaussian_tail
from .optical import OpticalLane

__all__ = ["EyeScan", "binomial_tail", "mismatch", "scan_eye"]

_WARM = 300             # words that the phase has to settle in


@dataclass(frozen=True)
class EyeScan:
    """Counts of a scan.

    Members
    -------
    counts : [codes, places]
        Of `bits` at each point.
    thresholds : [codes]
        From -1, the level of 0, to 1.
    times : [places]
        Of the samples, in UI from the begin of the bit.
    bits : int
    lane : float
        Share of the lane's own decisions that are wrong.
    """

    counts: np.ndarray
    thresholds: np.ndarray
    times: np.ndarray
    bits: int
    lane: float


def scan_eye(lane: OpticalLane, thresholds: np.ndarray, *, gear: int, words: int,
             shared: float = 0.0, fec: bool = False) -> EyeScan:
    """Scan a lane, `words` per code, with random bits; the monitor has as much noise as the lane.

    Its phase has to stay where it is, or there is no theory to compare with.

    Parameters
    ----------
    shared : float
        Noise that both have in common, beside that of the lane.
    fec : bool
        The truth is that of a decoder that corrects all; else the lane's own decisions.
    """
    random = np.random.default_rng(lane.seed)
    rows, phases, wrong = [], set(), 0
    late = 1 if lane.ratio >= 4 else 0
    for threshold in thresholds:
        sent = random.integers(0, 2, gear * (_WARM + words + 2), np.uint8)
        light = lane.waveform(sent, random)
        if shared:
            light = light + shared * random.standard_normal(len(light))
        own, monitor = ((light + lane.noise * random.standard_normal(len(light)) > level).astype(
            np.uint8) for level in (0, threshold))
        track = recover(own, gear, lane.ratio).phases
        bits = lane_bits(own, track, gear, lane.ratio)
        phase = track[_WARM]
        first = int(np.floor(lane.phase_ui + (phase - late) / lane.ratio)) + gear * _WARM
        truth = bits
        if fec:
            lengths, symbols = word_lengths(track, gear, lane.ratio), words + 1
            errors = (bits[_WARM:_WARM + symbols].reshape(-1)
                      ^ sent[first:first + gear * symbols]).reshape(symbols, gear)
            truth, counts = sent_bits(bits, lengths, int(lengths[:_WARM].sum()), errors,
                                      np.full(symbols, True))
            if not counts[_WARM:_WARM + words].all():
                raise ValueError("the phase moved just before the scan")
        rows += list(count_eye(places(monitor, track, gear, lane.ratio), truth, codes=1,
                               settle=_WARM, words=words, most=gear * words))
        wrong += np.count_nonzero(
            bits[_WARM:_WARM + words].reshape(-1) != sent[first:first + gear * words])
        phases |= set(track[_WARM:_WARM + words].tolist())
    if len(phases) > 1:
        raise ValueError(f"the phase moved between {min(phases)} and {max(phases)} during the scan")
    middle = (lane.phase_ui + (phases.pop() - late) / lane.ratio) % 1
    times = middle + (np.arange(lane.ratio) - lane.ratio // 2) / lane.ratio
    return EyeScan(np.array(rows), np.asarray(thresholds), times, gear * words,
                   wrong / (gear * words * len(thresholds)))


def mismatch(time, threshold, *, rise_ui: float, noise: float, lane: float = 0.0) -> np.ndarray:
    """Probability that a sample differs from what the lane decided about the bit.

    Edges are straight lines, random bits last one UI, noise is Gaussian. The level at a time is the
    sum of the bits' pulses; the mean over the bits around, of which two on each side are seen.

    Parameters
    ----------
    time, threshold : float or arrays that fit each other
        Time in UI from the begin of the bit.
    lane : float
        Probability that the lane has decided wrong.
    """
    time, threshold = np.asarray(time, float), np.asarray(threshold, float)

    def step(moment):
        return np.clip(moment / rise_ui + 0.5, 0, 1) if rise_ui else (moment >= 0) * 1.0

    wrong = np.zeros(np.broadcast_shapes(time.shape, threshold.shape))
    for bits in product((-1, 1), repeat=5):
        level = sum(bit * (step(time - place) - step(time - place - 1))
                    for place, bit in zip(range(-2, 3), bits, strict=True))
        wrong += gaussian_tail(bits[2] * (level - threshold) / noise) / 32
    return wrong * (1 - lane) + lane * (1 - wrong)


def binomial_tail(count: int, trials: int, p: float) -> float:
    """Probability of `count` events or of fewer, or more, whichever is the rarer side."""
    if not 0 < p < 1:
        return float(count == trials * p)
    side = 1 if count >= trials * p else -1
    term = exp(lgamma(trials + 1) - lgamma(count + 1) - lgamma(trials - count + 1)
               + count * log(p) + (trials - count) * log(1 - p))
    total, place = 0.0, count
    while term > 1e-12 * total and 0 <= place <= trials:
        total += term
        term *= ((trials - place) / (place + 1) * p / (1 - p) if side > 0
                 else place / (trials - place + 1) * (1 - p) / p)
        place += side
    return min(total, 1.0)
