"""Bench `patterns`: each test pattern over all lanes, and the near-end loopback.

Without errors every lane counts none; each wrong bit put on a lane counts three times; a dead lane
counts. With the lanes cut and `loopback` on, traffic returns. The lanes are not inverted: an
inverted pattern is all errors.
"""

import cocotb
from cocotb.triggers import ClockCycles

from ..bench import parameters, read, watchdog
from ..link import LINK, Link, collect, link_up, lock_cycles, report
from ..packets import Scoreboard, random_packets

DEFAULTS = {**LINK, "words": 600}
PATTERNS = {1: 7, 2: 9, 3: 15, 4: 23, 5: 31}
ERRORS = 40
"""Place of the error counter in lane_status."""


@cocotb.test()
async def patterns(dut):
    p = parameters(DEFAULTS)
    p["invert"] = False
    link = Link(dut, p)
    await link.up()
    cocotb.start_soon(watchdog(40 * lock_cycles(p) + 40 * p["words"], link.core_ps))
    assert not any(await errors(link)), "there are parity errors without a pattern"
    injected = 0
    for code in PATTERNS:
        injected += await one_pattern(link, code)
    dut.tx_prbs.value = dut.rx_prbs.value = 0
    await link.cycles(2 * p["frame"])
    await link_up(dut, lock_cycles(p) + 4 * p["frame"], link.core_ps)
    await traffic(link)

    for lane in range(link.lanes.count):
        link.channel.kill(lane)
    dut.loopback.value = 1
    await link.cycles(6 * p["frame"])
    await link_up(dut, lock_cycles(p), link.core_ps)
    await traffic(link)
    report({"patterns": len(PATTERNS), "injected": injected, "loopback_packets": p["packets"]})


async def one_pattern(link: Link, code: int) -> int:
    """Select a pattern, count errors; returns how many were put on the lanes."""
    dut, channel, name = link.dut, link.channel, f"PRBS{PATTERNS[code]}"
    dut.tx_prbs.value = dut.rx_prbs.value = code
    await link.cycles(200 + max(channel.skew_ui) // link.p["gear"])
    await clear(link)
    await link.cycles(link.p["words"])
    counts = await errors(link)
    assert not any(counts), f"{name} without errors: the lanes count {counts}"

    expected = [0] * len(counts)
    for _ in range(2 * len(counts)):
        lane = link.rng.randrange(len(counts))
        channel.flip(lane)
        expected[lane] += 3
        await link.cycles(12)            # further apart than the longest register
    await link.cycles(20)
    counts = await errors(link)
    assert counts == expected, f"{name}: the lanes count {counts}, not {expected}"

    dead = link.rng.randrange(len(counts))
    for how in ("stuck0", "stuck1", "random"):
        channel.kill(dead, how)
        await link.cycles(20)
        await clear(link)
        await link.cycles(100)
        counts = await errors(link)
        others = [count for lane, count in enumerate(counts) if lane != dead]
        assert counts[dead] > 100 and not any(others), f"{name} with lane {dead} {how}: {counts}"
    channel.revive(dead)
    return sum(expected) // 3


async def clear(link: Link) -> None:
    """Zero the lanes' counters."""
    link.dut.clear.value = 1
    await ClockCycles(link.dut.rx_clk, 2)
    link.dut.clear.value = 0
    await ClockCycles(link.dut.rx_clk, 2)


async def errors(link: Link) -> list[int]:
    """The error counters of all lanes, through the window."""
    counts = []
    for lane in range(link.lanes.count):
        link.dut.lane_index.value = lane
        await ClockCycles(link.dut.rx_clk, 2 * link.lanes.count + 6)
        counts.append(read(link.dut.lane_status) >> ERRORS & 0xFFFF)
    return counts


async def traffic(link: Link) -> None:
    """Packets there and back without a flaw."""
    p = link.p
    while link.sink.waiting:        # what the change of the lanes has looked like
        assert (await link.sink.receive()).error, "noise came as a good packet"
    sent = random_packets(link.rng, p["packets"], p["low"], p["high"], p["marked"])
    for packet in sent:
        link.source.send(packet)
    board = Scoreboard(sent)
    await collect(link.source, link.sink, board, 4 * p["frame"] + 4000, link.core_ps)
    board.finish()
