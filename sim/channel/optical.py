"""One lane as light sees it: bits to a waveform, the waveform to samples of a comparator."""

from dataclasses import dataclass

import numpy as np

__all__ = ["OpticalLane"]


@dataclass(frozen=True)
class OpticalLane:
    """The path of one lane from the LED's driver to the sampled comparator.

    Parameters
    ----------
    ratio : int
        Samples per bit.
    phase_ui : float
        Time of the first sample after the begin of the first bit.
    ppm : float
        How much faster the sender's clock is than the sampling clock.
    jitter_ui : float, 0..1
        Edges move by an independent, even distribution this wide.
    sinus_ui, sinus_period_ui : float
        All edges move along a sine this high (peak to peak) and long.
    distortion_ui : float
        Duty-cycle distortion: bits of 1 are longer by this, bits of 0 shorter.
    rise_ui : float
        Length of an edge, a straight line.
    noise : float
        Standard deviation of the comparator's input, of which 1 and 0 are 1 and -1.
    seed : int
    """

    ratio: int
    phase_ui: float = 0.5
    ppm: float = 0.0
    jitter_ui: float = 0.0
    sinus_ui: float = 0.0
    sinus_period_ui: float = 10_000.0
    distortion_ui: float = 0.0
    rise_ui: float = 0.0
    noise: float = 0.0
    seed: int = 1

    def __post_init__(self):
        if self.ratio < 2:
            raise ValueError(f"ratio must be 2 or more samples per bit, not {self.ratio}")
        for name in ("jitter_ui", "sinus_ui", "rise_ui", "noise"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be 0 or more, not {getattr(self, name)}")

    def samples(self, bits: np.ndarray) -> np.ndarray:
        """What the comparator says, uint8; bits are 0 before the first and stay after the last."""
        random = np.random.default_rng(self.seed)
        level = self.waveform(bits, random)
        return (level + self.noise * random.standard_normal(len(level)) > 0).astype(np.uint8)

    def waveform(self, bits: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """The light at the times of the samples, -1 to 1, without noise; jitter is `random`."""
        begins = np.flatnonzero(np.diff(bits, prepend=np.uint8(0)))
        rising = bits[begins] == 1
        edges = begins + self.jitter_ui * (random.random(len(begins)) - 0.5)
        edges += self.sinus_ui / 2 * np.sin(2 * np.pi * begins / self.sinus_period_ui)
        edges += np.where(rising, -self.distortion_ui / 2, self.distortion_ui / 2)
        edges = np.maximum.accumulate(edges)    # a bit that has no length left is not seen
        step = (1 + self.ppm * 1e-6) / self.ratio
        count = int((len(bits) - self.phase_ui) / step)
        times = self.phase_ui + step * np.arange(count)
        after = np.searchsorted(edges, times, side="right")
        light = np.concatenate([[-1.0], np.where(rising, 1.0, -1.0)])
        level = light[after]
        if self.rise_ui:
            # A straight edge is the mean of the sharp one over its length.
            corners = np.concatenate([[-self.rise_ui - 1], edges, [len(bits) + self.rise_ui + 1]])
            area = np.concatenate([[0.0], np.cumsum(light * np.diff(corners))])
            level = (np.interp(times + self.rise_ui / 2, corners, area)
                     - np.interp(times - self.rise_ui / 2, corners, area)) / self.rise_ui
        return level
