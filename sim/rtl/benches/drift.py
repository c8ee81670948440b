"""Bench `drift`: the receive clock is faster than the symbols, and the lanes wander.

Each lane skips a cycle now and then, at its own time; beside that the lanes' lags wander, by a
symbol either way against each other, on top of the full skew. Nothing may be lost or flagged, and
the link stays up.
"""

import random

import cocotb
import numpy as np

from ..bench import parameters, watchdog
from ..elastic import ElasticLanes
from ..link import LINK, Link, check_counters, collect, lock_cycles, report
from ..packets import Scoreboard, random_packets

DEFAULTS = {
    **LINK,
    "rx_ppm": 2000.0,
    "wander": 0.5,         # symbols either way for each lane, twice that between two
    "wander_cycles": 4000,  # core clocks for once to and fro
}


@cocotb.test()
async def drift(dut):
    p = parameters(DEFAULTS)
    p["skew"] = max(0, p["skew"] - p["gear"])       # the phases of the lanes add up to a symbol
    link = Link(dut, p)
    rng = random.Random(link.rng.random())
    phases = np.array([rng.random() for _ in range(link.lanes.count)])
    span = 2 * np.pi / (p["wander_cycles"] * link.core_ps)

    def lag(time_ps: float) -> np.ndarray:
        return 1.5 + p["wander"] * (1 + np.sin(span * time_ps + 2 * np.pi * phases)) + phases

    elastic = ElasticLanes(link.lanes, link.channel, link.core_ps, lag)
    await link.up(elastic.carry())
    sent = random_packets(link.rng, p["packets"], p["low"], p["high"], p["marked"])
    for packet in sent:
        link.source.send(packet)
    cocotb.start_soon(watchdog(30 * lock_cycles(p) + 4000 * p["packets"], link.core_ps))
    board = Scoreboard(sent)
    await collect(link.source, link.sink, board, 4 * p["frame"] + 4000, link.core_ps)
    totals = board.finish()
    assert link.falls.count == 0, f"the link went down {link.falls.count} times"
    assert (elastic.gaps > 0).all(), "a lane never skipped a cycle"
    await check_counters(dut, totals, board.marked)
    report({**totals, "gaps": int(elastic.gaps.sum()), "symbols_apart": elastic.most})
