"""Temperature and ageing: nominal codes of all lanes to those that are used (docs/driver.md,
sections 7 and 8)."""

import numpy as np

__all__ = ["AGEING", "ONE", "TEMPERATURE", "Compensation", "heard", "scaled", "table_factor"]

BIAS, MODULATION, RISE, LIMIT, COMPENSATION = 1, 2, 3, 5, 7
TEMPERATURE, AGEING = 1, 2      # bits of the field
ONE = 1024                      # the factor 1
MOST_BACK = 7


def heard(used: int, sensor: int, quiet: int) -> int:
    """The code of the sensor that is used next."""
    return sensor if abs(sensor - used) >= quiet else used


def table_factor(table, sensor: int, bits: int) -> int:
    """Between two entries of the table, by a straight line."""
    length = 2**bits // (len(table) - 1)
    place, rest = divmod(sensor, length)
    low, high = int(table[place]), int(table[place + 1])
    return (low * (length - rest) + high * rest + length // 2) // length


def scaled(bias, modulation, aged, factor, top: int):
    """Codes to use: bias, modulation, and whether one of them was cut to `top`."""
    bias, modulation, aged, factor = np.broadcast_arrays(bias, modulation, aged, factor)
    alone = modulation == 0         # nothing that the bias could be in proportion to
    product = (np.where(alone, bias, aged) * factor + ONE // 2) // ONE
    used = np.minimum(product, top)
    share = (bias * used + modulation // 2) // np.maximum(modulation, 1)
    cut = (product > top) | (~alone & (share > top))
    return (np.where(alone, used, np.minimum(share, top)), np.where(alone, 0, used), cut)


class Compensation:
    """State of all lanes; entry l of each array is lane l.

    `nominal` [N, 8] by field number, `change`, `clean`, `back`, `tried`, `alarm`, and `codes`
    [N, 2], bias and modulation as they were last written to the drivers.

    Parameters
    ----------
    upper, lower : int
        Errors of a window.
    patience : int
        Windows.
    """

    def __init__(self, lanes: int, bits: int, *, upper: int, lower: int, patience: int):
        self.top, self.upper, self.lower, self.patience = 2**bits - 1, upper, lower, patience
        self.nominal = np.zeros((lanes, 8), int)
        self.change, self.clean, self.back = np.zeros((3, lanes), int)
        self.tried, self.alarm = np.zeros((2, lanes), bool)
        self.codes = np.zeros((lanes, 2), int)

    def aged(self, lanes) -> np.ndarray:
        """The modulation at the reference temperature."""
        wanted = self.nominal[lanes, MODULATION] + self.change[lanes]
        ageing = self.nominal[lanes, COMPENSATION] & AGEING != 0
        return np.where(ageing, np.clip(wanted, 1, self.top), self.nominal[lanes, MODULATION])

    def visit(self, lanes, factor: int, errors=None):
        """Visit lanes, all at once, which is the same as one after the other.

        Parameters
        ----------
        lanes : [n], different ones
        errors : [n], optional
            Their reports.
        """
        lanes = np.asarray(lanes)
        settings = self.nominal[lanes]
        ageing = settings[:, COMPENSATION] & AGEING != 0
        self._forget(lanes[~ageing])
        step, clean, back, tried = np.zeros((4, len(lanes)), int)
        bad = np.zeros(len(lanes), bool)
        judged = ageing & (settings[:, MODULATION] > 0) & (errors is not None)
        if errors is not None:
            bad, good = np.asarray(errors) >= self.upper, np.asarray(errors) < self.lower
            clean, back, tried = self.clean[lanes], self.back[lanes], self.tried[lanes]
            clean = np.where(good, clean + 1, 0)
            lowers = good & (clean == self.patience << back)
            step = bad.astype(int) - lowers
            back = np.where(bad & tried, np.minimum(back + 1, MOST_BACK), back)
            back = np.where(lowers & tried, 0, back)
            clean, tried = np.where(lowers, 0, clean), np.where(bad, False, tried | lowers)

        aged = self.aged(lanes)
        new = np.where(judged, aged + step, aged)
        new = np.where(judged, np.maximum(new, 1), new)
        used = np.where(settings[:, COMPENSATION] & TEMPERATURE, factor, ONE)
        bias, modulation, cut = scaled(settings[:, BIAS], settings[:, MODULATION], new, used,
                                       self.top)
        peak = bias + modulation + settings[:, RISE]
        stays = judged & bad & ((new > self.top) | cut | (peak > settings[:, LIMIT]))

        taken = lanes[~stays]
        self.codes[taken, 0], self.codes[taken, 1] = bias[~stays], modulation[~stays]
        moved = judged & ~stays
        self.change[lanes[moved]] = (new - settings[:, MODULATION])[moved]
        for name, value in (("clean", clean), ("back", back), ("tried", tried), ("alarm", stays)):
            getattr(self, name)[lanes[judged]] = value[judged]

    def _forget(self, lanes):
        for name in ("change", "clean", "back", "tried", "alarm"):
            getattr(self, name)[lanes] = 0
