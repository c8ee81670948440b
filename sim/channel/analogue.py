"""The analogue part of an array of lanes: LEDs, photodiodes, comparators with threshold DACs."""

from dataclasses import dataclass, replace
from math import erfc, sqrt

import numpy as np

__all__ = ["AnalogueLanes", "dimming", "gaussian_tail"]

_DIMMING = 0.1 / 60     # of the light, per kelvin: 90 % of it are left at 85 C
_ROOM = 25.0            # C


def gaussian_tail(x) -> np.ndarray:
    """Q(x), the probability that a standard normal variable is above x."""
    return np.vectorize(lambda value: erfc(value / sqrt(2)) / 2, otypes=[float])(x)


def dimming(celsius, spread: float | np.ndarray = 1.0) -> np.ndarray:
    """Light of an LED at a temperature, as part of that at 25 C; falls `spread` times as fast."""
    return np.maximum(0.0, 1 - spread * _DIMMING * (np.asarray(celsius) - _ROOM))


@dataclass(frozen=True)
class AnalogueLanes:
    """From driver codes to photocurrents, and from these to what comparators say.

    An LED has no threshold: its light is proportional to its current. Everything behind the
    photodiode is in uA of its current. Each parameter is a number for all lanes or an array with
    one for each, and so is everything that the methods take and return.

    Parameters
    ----------
    bias_step_ua, modulation_step_ua : float
        LSB of the driver's codes. A 0 has the bias, a 1 the modulation on top.
    efficiency : float
        Light of the LED per current at 25 C when new, W/A.
    coupling : float, 0..1
        Part of the light that reaches the photodiode.
    celsius : float
        Temperature of the LEDs.
    ageing : float, 0..1
        Part of its light that an LED still has.
    responsivity : float
        Of the photodiode, A/W.
    offset_ua : float
        Current at which the comparator switches when its code is 0.
    dac_step_ua : float
        LSB of the threshold code.
    noise_ua : float
        Standard deviation, Gaussian.
    """

    bias_step_ua: float | np.ndarray = 1.0
    modulation_step_ua: float | np.ndarray = 4.0
    efficiency: float | np.ndarray = 0.4
    coupling: float | np.ndarray = 0.3
    celsius: float | np.ndarray = _ROOM
    ageing: float | np.ndarray = 1.0
    responsivity: float | np.ndarray = 0.17
    offset_ua: float | np.ndarray = 0.0
    dac_step_ua: float | np.ndarray = 0.06
    noise_ua: float | np.ndarray = 0.14

    def __post_init__(self):
        for name in ("efficiency", "coupling", "responsivity", "ageing", "noise_ua"):
            if np.min(getattr(self, name)) < 0:
                raise ValueError(f"{name} must be 0 or more, not {np.min(getattr(self, name))}")
        if np.min(self.dac_step_ua) <= 0:
            raise ValueError(f"dac_step_ua must be above 0, not {np.min(self.dac_step_ua)}")

    def drawn(self, lanes: int, *, seed: int, spread_db: float, offset_ua: float):
        """Lanes like these, with light that differs by up to `spread_db`, evenly in dB of optical
        power, and offsets evenly within +-`offset_ua`."""
        random = np.random.default_rng(seed)
        light = 10 ** (spread_db / 10 * (random.random(lanes) - 0.5))
        return replace(self, coupling=self.coupling * light,
                       offset_ua=self.offset_ua + offset_ua * random.uniform(-1, 1, lanes))

    def levels(self, bias, modulation) -> tuple[np.ndarray, np.ndarray]:
        """Photocurrents of 0 and 1 with these driver codes."""
        light = self.efficiency * self.ageing * self.coupling * dimming(self.celsius)
        current = self.bias_step_ua * np.asarray(bias)
        zero = self.responsivity * light * current
        return zero, zero + self.responsivity * light * self.modulation_step_ua * modulation

    def code_of(self, current) -> np.ndarray:
        """The threshold code, with a fraction, at which the comparator switches at a current."""
        return (np.asarray(current) - self.offset_ua) / self.dac_step_ua

    def threshold(self, code) -> np.ndarray:
        """The current at which it switches."""
        return self.offset_ua + self.dac_step_ua * np.asarray(code)

    def share_of_ones(self, zero, one, code) -> np.ndarray:
        """Of samples in the middle of random bits."""
        below = (self.threshold(code) - zero) / self.noise_ua
        above = (self.threshold(code) - one) / self.noise_ua
        return (gaussian_tail(below) + gaussian_tail(above)) / 2

    def error_rate(self, zero, one, code) -> np.ndarray:
        """Of such samples."""
        below = (self.threshold(code) - zero) / self.noise_ua
        above = (one - self.threshold(code)) / self.noise_ua
        return (gaussian_tail(below) + gaussian_tail(above)) / 2

    def samples(self, waveform: np.ndarray, zero, one, code,
                random: np.random.Generator) -> np.ndarray:
        """What the comparators say, uint8 [lanes, samples].

        Parameters
        ----------
        waveform : [lanes, samples] or [samples]
            -1 for 0 and 1 for 1, as :meth:`OpticalLane.waveform` has it.
        """
        def column(value):
            return np.asarray(value, float)[..., None]

        current = column(zero) + (1 + waveform) / 2 * column(np.subtract(one, zero))
        noise = column(self.noise_ua) * random.standard_normal(current.shape)
        return (current + noise > column(self.threshold(code))).astype(np.uint8)
