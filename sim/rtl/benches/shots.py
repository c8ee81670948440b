"""Bench `shots`: lanes are shot while traffic runs, and nothing is lost.

In each round four, two and one of the code's lanes die, the lanes of one shot in the same clock,
each shot when the receiver has erased the lanes of the one before; so that the code is never asked
for more than it can: ``2·new + known <= expendable``. Lanes go dark, go bright, drown in noise,
turn over or slip by a bit; the last two the receiver finds again by itself. Then all return. Every
packet must arrive unflagged, and the link must not go down.
"""

import cocotb

from ..bench import parameters, read, watchdog
from ..link import LINK, Link, lock_cycles, report
from ..traffic import Traffic, until

DEFAULTS = {
    **LINK, "low": 16,
    "rounds": 9,
    "known": 0,            # code lanes that are dead from the beginning to the end
    "named": False,        # and the receiver is told so
}

_UNLOCK = 6
"""Frames in which a lane that is dead, or has slipped, loses its lock."""

_NOTICE = 8
"""Cycles per lane until the decoder knows of it: two rounds of the lane order, and the locator."""

WAYS = ("stuck0", "stuck1", "random", "inverted", "slipped")


@cocotb.test()
async def shots(dut):
    p = parameters(DEFAULTS)
    link = Link(dut, p)
    rng, channel, bearable = link.rng, link.channel, p["expendable"]
    lanes = [channel.carrier(link.lane_map[logical]) for logical in range(p["lanes"] + p["parity"])]
    dead = rng.sample(lanes, p["known"])
    for lane in dead:
        channel.kill(lane, rng.choice(WAYS[:3]))
    if p["named"]:
        dut.lane_dead.value = sum(1 << lane for lane in dead)
    await link.up(patient=bool(dead) and not p["named"])
    await settled(link, {}, len(dead))
    cocotb.start_soon(watchdog(p["rounds"] * 5 * lock_cycles(p) + 20_000, link.core_ps))

    traffic = Traffic(link)
    board = traffic.board
    kills = 0
    for _ in range(p["rounds"]):
        hit: dict[int, str] = {}
        await link.cycles(8 * p["frame"])
        while count := (bearable - len(dead) - len(erased(hit))) // 2:
            await link.cycles(rng.randint(1, 2 * p["frame"]))
            for lane in rng.sample(sorted(set(lanes) - set(dead) - set(hit)), count):
                hit[lane] = rng.choice(WAYS)
                shoot(channel, lane, hit[lane])
                kills += 1
            await link.cycles(_UNLOCK * p["frame"] + _NOTICE * link.lanes.count)
            await settled(link, hit, len(dead) + len(erased(hit)))
        for lane in erased(hit):
            channel.revive(lane)
        await settled(link, hit, len(dead))
    await traffic.end()
    assert link.falls.count == 0, f"the link went down {link.falls.count} times"
    report({"kills": kills, "known": len(dead), "corrected_words": read(dut.corrected_words),
            **board.finish()})


async def settled(link: Link, hit: dict[int, str], dead: int) -> None:
    """Wait until as many lanes are erased as are dead; no word may have been lost by then."""
    lost = link.dut.lost_lanes
    await until(link, lambda: read(lost) == dead, f"{dead} lanes are dead, and not so many erased")
    failed = read(link.dut.failed_words)
    assert not failed, f"{failed} words were not corrected after {', '.join(hit.values())}"


def erased(hit: dict[int, str]) -> list[int]:
    """Lanes that do not come back by themselves."""
    return [lane for lane, how in hit.items() if how in WAYS[:3]]


def shoot(channel, lane: int, how: str) -> None:
    """Let one lane fail."""
    if how == "inverted":
        channel.invert(lane)
    elif how == "slipped":
        channel.set_skew(lane, channel.skew_ui[lane] + 1)
    else:
        channel.kill(lane, how)
