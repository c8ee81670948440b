"""Lanes as a receiver sees them that samples its comparators by a clock of its own."""

import random

import cocotb
import numpy as np
from cocotb.triggers import RisingEdge
from cocotb.utils import get_sim_time

from .bench import read

__all__ = ["SampledLanes"]

_RING = 1024            # bits kept of each lane, a power of two
_PATH_SYMBOLS = 3       # the shortest way from the transmit clock's edge to the comparator


class SampledLanes:
    """The transmitter's words, after `channel`, sampled `sampling` times per bit.

    Each lane has a phase of its own, which wanders to and fro, and edges that jitter. The receive
    clock takes what is there, so its frequency is free.

    Parameters
    ----------
    lanes : Lanes
        Of the design; `clock` is its transmit clock, `rx_clock` its receive clock.
    channel : object with ``step(word: int) -> int``
    period_ps : float
        Of the transmit clock.
    p : mapping
        `sampling`, `jitter_ui`, `wander_ui` and `wander_cycles` of a bench's parameters.
    rng : random.Random
    """

    def __init__(self, lanes, channel, period_ps: float, p, rng: random.Random):
        self._lanes, self._channel, self._gear = lanes, channel, lanes.gear
        self._ui, self._jitter = period_ps / lanes.gear, p["jitter_ui"]
        self._random = np.random.default_rng(rng.getrandbits(32))
        count, ratio = lanes.count, p["sampling"]
        self._samples = np.arange(self._gear * ratio) / ratio
        self._bits = np.zeros((count, _RING), np.uint8)
        self._late = np.zeros((count, _RING))       # of the edge before a bit, UI
        self._rows = _RING * np.arange(count)[:, None]
        self._sent = 0                              # bits
        self._start = 0.0
        self._phase = self._random.random(count)
        self._wander = p["wander_ui"] / 2
        self._span = 2 * np.pi / (p["wander_cycles"] * period_ps)

    async def carry(self) -> None:
        """Run for ever."""
        cocotb.start_soon(self._write())
        lanes, edge = self._lanes, RisingEdge(self._lanes.rx_clock)
        lanes.valid.value = (1 << lanes.count) - 1
        while self._sent < (_PATH_SYMBOLS + 2) * self._gear:
            await edge
        while True:
            await edge
            samples = self._look(get_sim_time("ps"))
            raw = np.packbits(samples, bitorder="little").tobytes()
            lanes.input.value = int.from_bytes(raw, "little")

    def _look(self, time_ps: float) -> np.ndarray:
        """The samples of all lanes up to a time, oldest first: lanes x gear·ratio."""
        bits, part = self._places(time_ps)
        # An edge may be late for this bit, or early for the next one.
        bits -= part < self._at(self._late, bits)
        bits += part - 1 >= self._at(self._late, bits + 1)
        return self._at(self._bits, bits)

    def _places(self, time_ps: float) -> tuple[np.ndarray, np.ndarray]:
        """The bits in which these samples lie, and how far into them, UI."""
        swing = np.sin(self._span * time_ps + 2 * np.pi * self._phase)
        ends = (time_ps - self._start) / self._ui - _PATH_SYMBOLS * self._gear
        ends = ends - self._phase - self._wander * (1 + swing)
        times = (ends - self._gear)[:, None] + self._samples
        bits = times.astype(np.int64)
        assert bits.max() + 1 < self._sent <= bits.min() + _RING, "the path holds too little"
        return bits, times - bits

    def _at(self, ring: np.ndarray, bits: np.ndarray) -> np.ndarray:
        return ring.reshape(-1).take(self._rows + (bits & _RING - 1))

    async def _write(self) -> None:
        lanes, gear, edge = self._lanes, self._gear, RisingEdge(self._lanes.clock)
        size = (lanes.count * gear + 7) // 8
        while True:
            await edge
            if not self._sent:
                self._start = get_sim_time("ps")
            word = self._channel.step(read(lanes.output)).to_bytes(size, "little")
            bits = np.unpackbits(np.frombuffer(word, np.uint8), count=lanes.count * gear,
                                 bitorder="little").reshape(lanes.count, gear)
            places = np.arange(self._sent, self._sent + gear) % _RING
            self._bits[:, places] = bits
            self._late[:, places] = self._jitter * (self._random.random(bits.shape) - 0.5)
            self._sent += gear
