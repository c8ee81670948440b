"""Bench `loop`: a transceiver whose transmit lanes come back through a channel to its receiver.

Random packets go in at the host side while both hosts stall; the lanes are permuted, inverted,
skewed and hit by bit errors. All that arrives unflagged must be what was sent, in order; without
bit errors everything must arrive, and the design's counters must agree. Parameters:
:data:`DEFAULTS`. The totals and the measured payload rate and latency go to ``result.json`` in the
simulator's working folder.
"""

import cocotb
from cocotb.utils import get_sim_time

from ..bench import parameters, read, watchdog
from ..link import LINK, Link, check_counters, collect, rates, report
from ..packets import Scoreboard, random_packets

DEFAULTS = {
    **LINK,
    "cycles": 0,           # core clocks until the watchdog bites, 0: by the packets
}


@cocotb.test()
async def loop(dut):
    p = parameters(DEFAULTS)
    link = Link(dut, p)
    await link.up()

    sent = random_packets(link.rng, p["packets"], p["low"], p["high"], p["marked"])
    board = Scoreboard(sent, allow_flagged=p["ber"] > 0, allow_missing=p["drops"])
    start_ps = get_sim_time("ps")
    for packet in sent:
        link.source.send(packet)
    lanes = link.lanes
    words = sum(len(packet.data) * 8 // len(lanes.output) + 8 for packet in sent)
    stalled = (1 - p["stall_source"]) * (1 - p["stall_sink"])
    limit = round(words * lanes.calls_per_core / max(0.05, stalled) * 6 + 20 * p["frame"] + 20_000)
    limit = p["cycles"] or limit
    cocotb.start_soon(watchdog(limit, link.core_ps, f"the loop of {len(sent)} packets"))
    times = await collect(link.source, link.sink, board, 4 * p["frame"] + 5000, link.core_ps)

    strays = read(dut.stray_blocks) if hasattr(dut, "stray_blocks") else 0
    totals = {**board.finish(strays), "silent": board.silent, "bit_errors": link.channel.errors,
              **rates(p, sent, start_ps, times, link.core_ps)}
    assert link.falls.count == 0, (
        f"the link went down {link.falls.count} times, and nothing called for it")
    if not p["ber"]:
        await check_counters(dut, totals, board.marked)
    report(totals)
