"""Bench `duplex`: two transceivers, ``a`` and ``b``, with a fibre each way and clocks of their own.

The ends differ by `ppm`; each receives at the other's rate. Traffic runs both ways; the host at b
stalls for `stall` core clocks at a time. Flow control must stop the far transmitter: nothing is
lost, flagged or dropped. The fibres are `fibre_m` long, as the receive queues are made for.
"""

import random

import cocotb
from cocotb.triggers import Timer

from ..bench import parameters, read, watchdog
from ..ends import Ends
from ..link import LINK, check_counters, collect, report
from ..packets import Scoreboard, random_packets

DEFAULTS = {**LINK, "ppm": 200.0, "stall": 6000, "flow": 5000, "fibre": None}


@cocotb.test()
async def duplex(dut):
    p = parameters(DEFAULTS)
    rng = random.Random(p["seed"])
    core = 1e6 / p["core_mhz"]
    ends = Ends(dut, p, rng, p["fibre_m"] if p["fibre"] is None else p["fibre"],
                {"stall_sink": 0.1}, {"stall_source": 0, "stall_sink": 0})
    await ends.up()
    a, b = ends.both

    await Timer(round(2000 * core), unit="ps")
    stalls = Stalls(b.sink, b.source, p, core)
    cocotb.start_soon(stalls.run())
    cocotb.start_soon(watchdog(4_000_000, core))
    totals = {}
    tasks = []
    for name, end in (("a", b), ("b", a)):
        sent = random_packets(rng, p["packets"], p["low"], p["high"], p["marked"])
        for packet in sent:
            end.source.send(packet)
        board = Scoreboard(sent)
        tasks.append((name, board, cocotb.start_soon(
            collect(end.source, end.sink, board, 3 * p["stall"] + 4000, core))))
    for _, _, task in tasks:
        await task
    for (name, board, _), end in zip(tasks, (b, a), strict=True):
        result = board.finish()
        await check_counters(end, result, board.marked)
        totals |= {f"{key}_from_{name}": value for key, value in result.items()}
    assert not any(end.falls.count for end in ends.both), (
        "a link went down, and nothing called for it")
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
