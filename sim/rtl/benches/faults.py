"""Bench `faults`: lanes die, repeat each other and slip out of reach while traffic runs.

Each time the link must go down with the right reason, come back by itself, and carry on without a
flaw. What arrives unflagged in between must be what was sent, in order.
"""

import cocotb

from ..bench import parameters, read, watchdog
from ..link import LINK, Link, collect, link_up, lock_cycles, report
from ..packets import Scoreboard, random_packets
from ..traffic import Traffic, until

DEFAULTS = {**LINK, "low": 16, "after": 20}

LANE, IDENTITY, SKEW = 2, 3, 4
"""Values of down_reason."""


@cocotb.test()
async def faults(dut):
    p = parameters(DEFAULTS)
    link = Link(dut, p)
    await link.up()
    channel, rng = link.channel, link.rng
    cocotb.start_soon(watchdog(60 * lock_cycles(p), link.core_ps))
    # Lanes of the word: a spare is not missed.
    lane, other = (channel.carrier(link.lane_map[logical])
                   for logical in rng.sample(range(p["lanes"]), 2))
    skew, source = channel.skew_ui[lane], channel.source(lane)
    reach = p["depth"] * p["gear"]
    away = max(channel.skew_ui) + reach

    totals: dict[str, int] = {}
    for how in ("stuck0", "stuck1", "random"):
        await trouble(link, totals, LANE, lambda how=how: channel.kill(lane, how),
                      lambda: channel.revive(lane))
    await trouble(link, totals, IDENTITY, lambda: channel.set_source(lane, channel.source(other)),
                  lambda: channel.set_source(lane, source))
    await trouble(link, totals, SKEW, lambda: channel.set_skew(lane, away),
                  lambda: channel.set_skew(lane, skew))
    # A lane that dies and returns in the middle of everything, several at once.
    await trouble(link, totals, LANE, lambda: [channel.kill(each) for each in (lane, other)],
                  lambda: [channel.revive(each) for each in (lane, other)])
    report(totals)


async def trouble(link: Link, totals, reason: int, begin, end) -> None:
    """Break something under traffic, wait for the reason, mend it, and see that all is well."""
    p, dut = link.p, link.dut
    traffic = Traffic(link, allow_flagged=True, allow_missing=True)
    board = traffic.board
    await link.cycles(link.rng.randint(1000, 3000))
    assert read(dut.down_reason) == 0 and board.delivered and not board.flagged
    begin()
    await until(link, lambda: not read(dut.link_up), "the link did not go down")
    await until(link, lambda: read(dut.down_reason) == reason,
                f"down_reason did not become {reason}")
    assert not read(dut.link_up)
    before = board.delivered
    await link.cycles(link.rng.randint(p["frame"], 3 * p["frame"]))
    assert board.delivered - before <= 1, "packets came through a dead link"
    end()
    await link_up(dut, lock_cycles(p) + 8 * p["frame"], link.core_ps)
    assert read(dut.down_reason) == 0
    before = board.delivered
    await link.cycles(3000)
    assert board.delivered > before, "no packet came after the link was up again"
    await traffic.end()
    await link.cycles(100)

    final = random_packets(link.rng, p["after"], p["low"], p["high"], p["marked"])
    for packet in final:
        link.source.send(packet)
    strict = Scoreboard(final)
    await collect(link.source, link.sink, strict, 4000, link.core_ps)
    strict.finish()
    for name, value in {**board.finish(), "faults": 1}.items():
        totals[name] = totals.get(name, 0) + value
