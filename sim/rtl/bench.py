"""Helpers for cocotb benches: parameters, clocks, resets, the lanes' pump, watchdog, progress.

A bench reads whole buses only: every access to the simulator costs 2 to 8 us, whatever its width.
"""

import json
import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge, Timer
from cocotb.utils import get_sim_time

__all__ = ["Progress", "parameters", "pump_channel", "read", "reset", "start_clock", "watchdog"]


def parameters(defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The bench's parameters: `defaults`, overridden by the JSON in ``LAMPYRIS_BENCH``."""
    return {**defaults, **json.loads(os.environ.get("LAMPYRIS_BENCH", "{}"))}


def read(handle) -> int:
    """Value of a signal; bits a four-state simulator does not know count as 0."""
    value = handle.value
    try:
        return int(value)
    except ValueError:
        return int("".join(bit if bit in "01" else "0" for bit in str(value)), 2)


def start_clock(handle, period_ps: float, *, phase_ps: float = 0.0, ppm: float = 0.0) -> float:
    """Start a clock and return its exact period, ps.

    Parameters
    ----------
    period_ps : float
        Rounded to 1 fs, the resolution of the simulation.
    phase_ps : float
        Time to the first rising edge.
    ppm : float
        Offset of the frequency, parts per million: positive is faster.
    """
    period = round(1000 * period_ps / (1 + ppm * 1e-6))

    async def begin():
        handle.value = 0
        if phase_ps:
            await Timer(round(1000 * phase_ps), unit="fs")
        Clock(handle, period, unit="fs", period_high=period // 2).start()

    cocotb.start_soon(begin())
    return period / 1000


async def reset(dut, domains: Sequence[str] = ("host", "tx", "rx"), cycles: int = 16) -> None:
    """Hold the synchronous resets ``<domain>_rst`` for some cycles of each clock; domains that the
    design does not have are left out. Clocks must run."""
    tasks = []
    for domain in domains:
        pin = getattr(dut, f"{domain}_rst", None)
        if pin is not None:
            pin.value = 1
            tasks.append(cocotb.start_soon(_release(pin, getattr(dut, f"{domain}_clk"), cycles)))
    for task in tasks:
        await task


async def _release(pin, clock, cycles: int) -> None:
    for _ in range(cycles):
        await RisingEdge(clock)
    pin.value = 0


async def pump_channel(clock, source, sink, channel, valid=None) -> None:
    """Carry the lanes for ever: at each rising edge of `clock`, what `source` showed before it goes
    through `channel` to `sink`, where it stands until the next edge.

    Parameters
    ----------
    clock : handle
        The transmitter's lane clock. The receiver's must have the same frequency, as a recovered
        clock has; its phase is free.
    source, sink : handle
        Whole buses of lanes.
    channel : object with ``step(word: int) -> int``
    valid : handle
        Set to all ones before the first word.
    """
    edge = RisingEdge(clock)
    if valid is not None:
        valid.value = (1 << len(valid)) - 1
    while True:
        await edge
        sink.value = channel.step(read(source))


async def watchdog(cycles: int, period_ps: float, what: str = "the bench") -> None:
    """Fail the test after a number of cycles; start it with ``cocotb.start_soon``."""
    await Timer(round(1000 * cycles * period_ps), unit="fs")
    raise AssertionError(f"{what} did not end within {cycles} cycles")


class Progress:
    """Prints how far a bench is, at most every `interval` seconds."""

    def __init__(self, total: int, period_ps: float, what: str = "packets", interval: float = 5.0):
        self._total, self._period, self._what, self._interval = total, period_ps, what, interval
        self._start = self._printed = time.monotonic()

    def show(self, done: int) -> None:
        now = time.monotonic()
        if now - self._printed >= self._interval:
            self._printed = now
            cycles = get_sim_time("ps") / self._period
            print(f"  {done} of {self._total} {self._what}, {cycles:.0f} cycles, "
                  f"{cycles / (now - self._start):.0f} cycles/s", flush=True)
