"""Lanes whose symbols come by the receiver's clock: valid now and then skips a cycle."""

from collections.abc import Callable

import cocotb
import numpy as np
from cocotb.triggers import RisingEdge
from cocotb.utils import get_sim_time

from .bench import read
from .link import Lanes

__all__ = ["ElasticLanes"]

_ROWS = 256


class ElasticLanes:
    """What a deserializer per lane with a small elastic buffer shows to a faster receive clock.

    The transmitter's words go through `channel`; a lane's symbol is there a time after that, which
    may wander. In each receive cycle a lane shows its next symbol with ``valid``, or none if that
    has not come yet. So every lane has its gaps at other times.

    Parameters
    ----------
    lanes : Lanes
    channel : object with ``step(word: int) -> int``
    period_ps : float
        Of the transmit clock.
    lag : callable
        From the time in ps to the lag of each lane in symbols, 1 or more.

    Members
    -------
    gaps : array of int
        Cycles without a symbol, by lane.
    most : int
        Largest number of symbols that one lane was ahead of another.
    """

    def __init__(self, lanes: Lanes, channel, period_ps: float,
                 lag: Callable[[float], np.ndarray]):
        if lanes.valid is None:
            raise ValueError("the serial view has no valid")
        self._lanes, self._channel, self._period, self._lag = lanes, channel, period_ps, lag
        self._valid = lanes.valid
        self._ring = np.zeros((_ROWS, lanes.count), np.uint32)
        self._sent = 0
        self._taken = np.zeros(lanes.count, np.int64)
        self._start = 0.0
        self.gaps, self.most = np.zeros(lanes.count, np.int64), 0

    async def carry(self) -> None:
        """Run for ever."""
        cocotb.start_soon(self._write())
        lanes, edge = self._lanes, RisingEdge(self._lanes.rx_clock)
        places = np.arange(lanes.count)
        while not self._sent:
            await edge
        while True:
            await edge
            here = (get_sim_time("ps") - self._start) / self._period - self._lag(
                get_sim_time("ps"))
            valid = (here >= self._taken + 1) & (self._taken < self._sent)
            symbols = self._ring[self._taken % _ROWS, places]
            assert self._sent - self._taken.min() < _ROWS, "the receive clock is too slow"
            self._taken += valid
            self.gaps += ~valid
            self.most = max(self.most, int(self._taken.max() - self._taken.min()))
            lanes.input.value = self._join(np.where(valid, symbols, 0))
            self._valid.value = int.from_bytes(
                np.packbits(valid, bitorder="little").tobytes(), "little")

    async def _write(self) -> None:
        lanes, edge = self._lanes, RisingEdge(self._lanes.clock)
        while True:
            await edge
            if not self._sent:
                self._start = get_sim_time("ps")
            self._ring[self._sent % _ROWS] = self._split(self._channel.step(read(lanes.output)))
            self._sent += 1

    def _split(self, word: int) -> np.ndarray:
        gear, ones = self._lanes.gear, (1 << self._lanes.gear) - 1
        return np.array([word >> lane * gear & ones for lane in range(self._lanes.count)],
                        np.uint32)

    def _join(self, symbols: np.ndarray) -> int:
        gear = self._lanes.gear
        return sum(int(symbol) << lane * gear for lane, symbol in enumerate(symbols))
