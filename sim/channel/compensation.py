"""The loops of temperature and ageing closed over LEDs: the model of the drivers, light, errors."""

from dataclasses import dataclass

import numpy as np

from lampyris.sim.reference.compensation import (
    BIAS,
    COMPENSATION,
    LIMIT,
    MODULATION,
    ONE,
    Compensation,
    heard,
    table_factor,
)
from lampyris.sim.reference.reports import LEVELS

from .analogue import dimming
from .led import LedLanes

__all__ = ["SENSOR_BITS", "ClosedLoop", "Window", "best", "factor_table", "sensor_code", "within"]

SENSOR_BITS = 12
_COLDEST, _PER_KELVIN = -64.0, 16       # of the sensor: -64 to 192 C
_QUIET = 4


def sensor_code(celsius: float) -> int:
    """What the sensor says."""
    code = round((celsius - _COLDEST) * _PER_KELVIN)
    return min(max(code, 0), 2**SENSOR_BITS - 1)


def factor_table(index_bits: int = 4) -> np.ndarray:
    """Entries for LEDs that dim as most do: the current that gives the light of 25 C."""
    celsius = _COLDEST + np.arange(2**index_bits + 1) * 2**(SENSOR_BITS - index_bits) / _PER_KELVIN
    return np.minimum(np.rint(ONE / dimming(celsius)), 4 * ONE - 1).astype(int)


def within(bias, modulation, limit) -> tuple[np.ndarray, np.ndarray]:
    """What a driver without rise makes of these codes."""
    bias = np.minimum(bias, limit)
    return bias, np.minimum(modulation, limit - bias)


def best(leds: LedLanes, nominal: tuple[int, int], limit: int, celsius: float, ageing: float,
         target: float, top: int) -> tuple[np.ndarray, np.ndarray]:
    """All codes tried: the least current of each lane that holds the target, and its least rate.

    Currents are means, in codes; inf where no code within the limit holds it.
    """
    rates, currents = [], []
    for modulation in range(1, top + 1):
        bias = (nominal[0] * modulation + nominal[1] // 2) // nominal[1]
        if bias + modulation <= limit:
            rates.append(leds.error_rate(bias, modulation, celsius, ageing))
            currents.append(bias + modulation / 2)
    table = np.array(rates)
    holds = np.where(table <= target, np.array(currents)[:, None], np.inf)
    return holds.min(axis=0), table.min(axis=0)


@dataclass(frozen=True)
class Window:
    """What was in a window, per lane."""

    rate: np.ndarray        # of errors, as it is, not as it was counted
    bias: np.ndarray
    modulation: np.ndarray
    alarm: np.ndarray       # at its begin

    @property
    def current(self) -> np.ndarray:
        """Mean, in codes."""
        return self.bias + self.modulation / 2


class ClosedLoop:
    """All lanes in step: a window with the codes that they have, then a report of each.

    Parameters
    ----------
    leds : LedLanes
    nominal : (bias, modulation)
        Of all lanes.
    loops : int
        The field `compensation` of all lanes.
    bits_per_window : float
    shift : int
        Of the reports.
    """

    def __init__(self, leds: LedLanes, model: Compensation, nominal: tuple[int, int], limit: int,
                 *, loops: int, bits_per_window: float, shift: int, seed: int):
        self.leds, self.model, self.shift = leds, model, shift
        self.bits_per_window, self.random = bits_per_window, np.random.default_rng(seed)
        self.table, self.used = factor_table(), 0
        for field, value in ((BIAS, nominal[0]), (MODULATION, nominal[1]), (LIMIT, limit),
                             (COMPENSATION, loops)):
            model.nominal[:, field] = value

    def window(self, celsius: float, ageing: float) -> Window:
        """A window, and the reports about it, which change the codes of the next one."""
        window, reports = self.expose(celsius, ageing)
        self.hear(reports)
        return window

    def expose(self, celsius: float, ageing: float) -> tuple[Window, np.ndarray]:
        """A window, and the levels that its reports have."""
        self.used = heard(self.used, sensor_code(celsius), _QUIET)
        self.model.visit(np.arange(len(self.model.codes)), self.factor)
        bias, modulation = within(self.model.codes[:, 0], self.model.codes[:, 1],
                                  self.model.nominal[:, LIMIT])
        rate = self.leds.error_rate(bias, modulation, celsius, ageing)
        errors = self.random.poisson(rate * self.bits_per_window) >> self.shift
        reports = np.searchsorted(LEVELS, errors, side="right") - 1
        return Window(rate, bias, modulation, self.model.alarm.copy()), reports

    def hear(self, reports: np.ndarray):
        self.model.visit(np.arange(len(self.model.codes)), self.factor, reports)

    @property
    def factor(self) -> int:
        return table_factor(self.table, self.used, SENSOR_BITS)
