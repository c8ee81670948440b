"""Micro-LEDs over current, temperature and age, and the error rates at which they are received."""

from dataclasses import dataclass

import numpy as np

from .analogue import dimming, gaussian_tail

__all__ = ["LedLanes"]


@dataclass(frozen=True)
class LedLanes:
    """From the codes of a driver to error rates, in closed form.

    Light falls with temperature and age, and per current also with the current (droop). The
    bandwidth grows as the square root of the mean current, and what does not settle within a bit
    closes the eye: with one pole at f / sqrt(3), by 2 exp(-2 pi f / (sqrt(3) rate)). The threshold
    is in the middle, the noise Gaussian; the error rate is that with the worst neighbours. The
    defaults are typical figures of papers, not those of a product. Each parameter is a number for
    all lanes, or an array.

    Parameters
    ----------
    step_ua : float
        LSB of all codes.
    efficiency : float
        Light per current, W/A, of a new LED at 25 C and a small current.
    droop_ua : float
        Current at which half of the efficiency is lost.
    coupling : float, 0..1
    spread : float
        Dimming with temperature, relative to that of `AnalogueLanes`.
    bandwidth_ghz : float
        Optical bandwidth f at 100 uA; 4 GHz at most at any current.
    rate_gbps : float
    residual : float, 0..1
        Part of the closing that pre-emphasis leaves.
    responsivity : float
        A/W.
    noise_ua : float
        Standard deviation, as a photocurrent.
    """

    step_ua: float | np.ndarray = 4.0
    efficiency: float | np.ndarray = 0.4
    droop_ua: float | np.ndarray = 2000.0
    coupling: float | np.ndarray = 0.3
    spread: float | np.ndarray = 1.0
    bandwidth_ghz: float | np.ndarray = 1.75
    rate_gbps: float = 4.0
    residual: float | np.ndarray = 0.5
    responsivity: float | np.ndarray = 0.17
    noise_ua: float | np.ndarray = 0.14

    def __post_init__(self):
        for name in ("step_ua", "droop_ua", "bandwidth_ghz", "rate_gbps", "noise_ua"):
            if np.min(getattr(self, name)) <= 0:
                raise ValueError(f"{name} must be above 0, not {np.min(getattr(self, name))}")
        for name in ("efficiency", "coupling", "spread", "residual", "responsivity"):
            if np.min(getattr(self, name)) < 0:
                raise ValueError(f"{name} must be 0 or more, not {np.min(getattr(self, name))}")

    def light(self, code, celsius, ageing) -> np.ndarray:
        """Power in uW at a current of so many steps.

        Parameters
        ----------
        ageing : float, 0..1
            Part of its light that an LED still has.
        """
        current = self.step_ua * np.asarray(code, float)
        return (self.efficiency * ageing * dimming(celsius, self.spread) * current
                / (1 + current / self.droop_ua))

    def opening(self, bias, modulation) -> np.ndarray:
        """Of the worst eye, relative to the distance of the levels."""
        mean = self.step_ua * (np.asarray(bias) + np.asarray(modulation) / 2)
        bandwidth = np.minimum(4.0, self.bandwidth_ghz * np.sqrt(mean / 100))
        closing = 2 * np.exp(-2 * np.pi * bandwidth / (np.sqrt(3) * self.rate_gbps))
        return np.maximum(0.0, 1 - self.residual * closing)

    def quality(self, bias, modulation, celsius, ageing) -> np.ndarray:
        """Q, half of the eye in standard deviations of the noise."""
        one = self.light(np.add(bias, modulation), celsius, ageing)
        current = self.responsivity * self.coupling * (one - self.light(bias, celsius, ageing))
        return self.opening(bias, modulation) * current / (2 * self.noise_ua)

    def error_rate(self, bias, modulation, celsius, ageing) -> np.ndarray:
        """Of bits, before any correction."""
        return gaussian_tail(self.quality(bias, modulation, celsius, ageing))
