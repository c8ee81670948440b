"""Bench `duplex`: two transceivers, ``a`` and ``b``, with a fibre each way and clocks of their own.

The ends differ by `ppm`; each receives at the other's rate. Traffic runs both ways; the host at b
stalls for `stall` core clocks at a time. Flow control must stop the far transmitter: nothing is
lost, flagged or dropped. The fibres are `fibre_m` long, as the receive queues are made for.
"""

import random

import cocotb
from cocotb.triggers import Timer

from ..bench import parameters, pump_channel, read, reset, start_clock, watchdog
from ..link import (
    LINK,
    Falls,
    Lanes,
    check_counters,
    collect,
    drive_settings,
    hosts,
    link_up,
    lock_cycles,
    report,
)
from ..packets import Scoreboard, random_packets

DEFAULTS = {**LINK, "ppm": 200.0, "stall": 6000, "flow": 5000, "fibre": None}


class Prefixed:
    """A design's ports without their prefix."""

    def __init__(self, dut, prefix: str):
        self._dut, self._prefix = dut, prefix

    def __getattr__(self, name: str):
        return getattr(self._dut, self._prefix + name)


@cocotb.test()
async def duplex(dut):
    p = parameters(DEFAULTS)
    rng = random.Random(p["seed"])
    a, b = Prefixed(dut, "a_"), Prefixed(dut, "b_")
    core = 1e6 / p["core_mhz"]
    fibre_m = p["fibre_m"] if p["fibre"] is None else p["fibre"]
    for end, other, ppm in ((a, b, p["ppm"] / 2), (b, a, -p["ppm"] / 2)):
        start_clock(end.tx_clk, core, phase_ps=1 + rng.random() * core, ppm=ppm)
        start_clock(other.rx_clk, core, phase_ps=1 + rng.random() * core, ppm=ppm)
        start_clock(end.host_clk, 1e6 / p["host_mhz"], phase_ps=1 + rng.random() * core,
                    ppm=rng.uniform(-100, 100))
    delay_ui = round(fibre_m * 5000 / core * p["gear"])
    channels = {}
    for name, end in (("a", a), ("b", b)):
        lanes = Lanes(end, p)
        drive_settings(end, p, lanes.count, rng)
        channels[name] = lanes.channel(p, rng, delay_ui)
    quiet = {**p, "stall_source": 0, "stall_sink": 0}
    source_a, sink_a = hosts(dut, a, {**p, "stall_sink": 0.1}, rng, "a_")
    source_b, sink_b = hosts(dut, b, quiet, rng, "b_")
    resets = [cocotb.start_soon(reset(end)) for end in (a, b)]
    for each in resets:
        await each
    for name, end, other in (("a", a, b), ("b", b, a)):
        cocotb.start_soon(pump_channel(end.tx_clk, end.lane_tx_data, other.lane_rx_data,
                                       channels[name], other.lane_rx_valid))
    for end in (a, b):
        await link_up(end, lock_cycles(p) + delay_ui // p["gear"], core)
    falls = [Falls(end.link_up) for end in (a, b)]

    await Timer(round(2000 * core), unit="ps")
    stalls = Stalls(sink_b, source_a, p, core)
    cocotb.start_soon(stalls.run())
    cocotb.start_soon(watchdog(4_000_000, core))
    totals = {}
    tasks = []
    for name, source, sink in (("a", source_a, sink_b), ("b", source_b, sink_a)):
        sent = random_packets(rng, p["packets"], p["low"], p["high"], p["marked"])
        for packet in sent:
            source.send(packet)
        board = Scoreboard(sent)
        tasks.append((name, board, cocotb.start_soon(
            collect(source, sink, board, 3 * p["stall"] + 4000, core))))
    for _, _, task in tasks:
        await task
    for (name, board, _), end in zip(tasks, (b, a), strict=True):
        result = board.finish()
        await check_counters(end, result, board.marked)
        totals |= {f"{key}_from_{name}": value for key, value in result.items()}
    assert not any(fall.count for fall in falls), "a link went down, and nothing called for it"
    assert stalls.stopped >= 2, "the stalling host did not stop the far transmitter"
    report({**totals, "stalls": stalls.count, "stopped": stalls.stopped,
            "lost_blocks": read(a.lost_blocks) + read(b.lost_blocks)})


class Stalls:
    """Long stalls of one host.

    Members
    -------
    count : int
        Stalls so far.
    stopped : int
        Those at whose end the far host had been stopped, too.
    """

    def __init__(self, sink, far_source, p, core_ps: float):
        self._sink, self._source, self._p, self._core = sink, far_source, p, core_ps
        self.count = self.stopped = 0

    async def run(self) -> None:
        while True:
            await Timer(round(self._p["flow"] * self._core), unit="ps")
            self._sink.stalled = True
            self.count += 1
            await Timer(round(0.7 * self._p["stall"] * self._core), unit="ps")
            before = self._source.waiting
            await Timer(round(0.3 * self._p["stall"] * self._core), unit="ps")
            self.stopped += bool(before) and self._source.waiting == before
            self._sink.stalled = False
