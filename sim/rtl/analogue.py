"""An array of LEDs, photodiodes and comparators between the lanes of a design with DACs."""

from collections.abc import Iterable

import numpy as np

from ..channel.analogue import AnalogueLanes
from .bench import read
from .sampled import SampledLanes

__all__ = ["ANALOGUE", "AnalogueArray"]

ANALOGUE = {
    "spread_db": 6.0,       # of the light, from the weakest lane to the strongest
    "offset_ua": 0.4,       # of the comparators, either way
    "noise_ua": 0.07,       # standard deviation
    "rise_ui": 0.5,         # length of an edge
    "bias": 5, "modulation": 20, "rise": 2, "fall": 2, "limit": 30,     # codes for light-up
}
"""Parameters of benches with such an array, beside those of the link."""

_DRIVE_CYCLES = 256         # between looks at the driver codes


class AnalogueArray(SampledLanes):
    """Lanes whose light comes from the design's driver codes, and whose bits depend on its
    threshold codes. What the channel does to the bits (skew, polarity, order) it does before.

    Parameters
    ----------
    dut : handle
        With `drive_codes`, `dac_*` and `monitor_*`.
    link : Link
    dark : iterable of int
        Receive lanes that never get light.

    Members
    -------
    array : AnalogueLanes
    codes : int [lanes]
        Of the working comparators.
    zero, one : float [lanes]
        Photocurrents, uA.
    """

    def __init__(self, dut, link, dark: Iterable[int] = ()):
        p = link.p
        super().__init__(link.lanes, link.channel, link.core_ps, p, link.rng)
        self._dut, self._rise = dut, p["rise_ui"]
        count = link.lanes.count
        self._source = [link.channel.source(lane) for lane in range(count)]
        self._code_bits = len(dut.drive_codes) // count // 4
        step = 2.0 ** (6 - self._code_bits)         # the largest current is that of 6 bits
        self.array = AnalogueLanes(noise_ua=p["noise_ua"], bias_step_ua=step,
                                   modulation_step_ua=4 * step).drawn(
            count, seed=p["seed"], spread_db=p["spread_db"], offset_ua=p["offset_ua"])
        np.asarray(self.array.coupling)[list(dark)] = 0
        self._monitor = AnalogueLanes(noise_ua=p["noise_ua"], offset_ua=p["offset_ua"] / 2)
        self.codes = np.zeros(count, np.int64)
        self.zero = self.one = np.zeros(count)
        self._looks = 0

    def disturb(self, lane: int, share: float) -> None:
        """Move a comparator's offset by a share of the lane's swing, away from the DAC's end."""
        high = 2 * self.codes[lane] >= 1 << len(self._dut.dac_code)
        shift = share * (self.one - self.zero)[lane]
        np.asarray(self.array.offset_ua)[lane] += shift if high else -shift

    def _look(self, time_ps: float) -> np.ndarray:
        dut = self._dut
        if read(dut.dac_write):
            self.codes[read(dut.dac_lane)] = read(dut.dac_code)
        if self._looks % _DRIVE_CYCLES == 0:
            self._light()
        self._looks += 1
        bits, part = self._places(time_ps)
        before, now = (self._at(self._bits, places).astype(np.float32)
                       for places in (bits - 1, bits))
        level = before + (now - before) * np.minimum(1, part / self._rise).astype(np.float32)
        current = (self.zero[:, None] + level * (self.one - self.zero)[:, None])

        lane = read(dut.monitor_lane)
        threshold = self._monitor.threshold(read(dut.monitor_code))
        seen = current[lane] + self._noise(current[lane].shape) > threshold
        dut.monitor_data.value = int.from_bytes(np.packbits(seen, bitorder="little").tobytes(),
                                                "little")
        thresholds = self.array.threshold(self.codes)
        return current + self._noise(current.shape) > thresholds[:, None]

    def _noise(self, shape) -> np.ndarray:
        return self._monitor.noise_ua * self._random.standard_normal(shape, np.float32)

    def _light(self) -> None:
        """The photocurrents that the driver codes of now make."""
        word, bits = read(self._dut.drive_codes), self._code_bits
        mask = (1 << bits) - 1
        codes = [word >> 4 * bits * source for source in self._source]
        self.zero, self.one = self.array.levels(
            np.array([code & mask for code in codes]),
            np.array([code >> bits & mask for code in codes]))
