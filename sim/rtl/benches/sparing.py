"""Bench `sparing`: lanes die one after the other, for good, and spares take their places.

While there are spares a lane that has died is back in the code after some frames; then one after
the other stays erased, and the link says that it is degraded. Then some return. Every packet must
arrive unflagged, and the link must not go down.
"""

import cocotb

from ..bench import parameters, read, watchdog
from ..ends import End
from ..link import LINK, Link, lock_cycles, report
from ..traffic import Traffic, until
from .shots import WAYS

DEFAULTS = {
    **LINK, "low": 16,
    "at_once": 1,          # lanes that die in one clock
    "erased": 1,           # lanes to lose after the last spare
}


@cocotb.test()
async def sparing(dut):
    p = parameters(DEFAULTS)
    link = Link(dut, p)
    rng, channel, spares = link.rng, link.channel, p["spares"]
    await link.up()
    dut.sparing.value = 1
    cocotb.start_soon(watchdog(
        8 * (spares + p["erased"]) * patience(p) + 8 * lock_cycles(p), link.core_ps))
    traffic = Traffic(link)
    board = traffic.board

    # LEDs by logical lane: those of the lanes that die may be spares that serve by now.
    leds = [channel.carrier(link.lane_map[logical])
            for logical in range(p["lanes"] + p["parity"])]
    dead: list[int] = []
    took = 0
    while len(dead) < spares:
        await link.cycles(rng.randint(1, 2 * p["frame"]))
        hit = rng.sample(sorted(set(leds) - set(dead)), min(p["at_once"], spares - len(dead)))
        dead += hit
        for led in hit:
            channel.kill(led, rng.choice(WAYS[:3]))
        await until(link, lambda: read(dut.lost_lanes) > 0, "a lane died, and none is erased")
        took = max(took, await replaced(link))
        assert not read(dut.degraded), f"degraded after {len(dead)} of {spares} spares"
    for count in range(1, p["erased"] + 1):
        led = rng.choice(sorted(set(leds) - set(dead)))
        dead.append(led)
        channel.kill(led, rng.choice(WAYS[:3]))
        await until(link, lambda count=count: read(dut.lost_lanes) == count, "a lane died")
        await link.cycles(patience(p))
        assert read(dut.degraded), "no spare is left, and the link does not say so"
        assert read(dut.lost_lanes) == count, "a lane was moved without a spare"

    # The LEDs come back: those of erased lanes by themselves.
    for led in dead:
        channel.revive(led)
    await replaced(link)
    await until(link, lambda: not read(dut.degraded), "nothing is missing, and still degraded")
    assert not read(dut.failed_words), f"{read(dut.failed_words)} words were not corrected"

    # And can serve as spares.
    led = rng.choice(sorted(set(leds) - set(dead)))
    channel.kill(led, "stuck0")
    await until(link, lambda: read(dut.lost_lanes) > 0, "a lane died, and none is erased")
    await replaced(link, 3)
    await traffic.end()
    assert link.falls.count == 0, f"the link went down {link.falls.count} times"
    assert not read(dut.failed_words), f"{read(dut.failed_words)} words were not corrected"
    report({"kills": len(dead) + 1, "spares": spares, "longest_replacement_frames": took,
            "corrected_words": read(dut.corrected_words), **board.finish()})


def patience(p) -> int:
    """Core clocks that a replacement may take."""
    return (3 * p["spares"] + 40) * p["frame"] + 16 * p["physical"]


async def replaced(link: Link | End, times: int = 1) -> int:
    """Wait until no lane is erased; returns the frames that took."""
    frame = link.p["frame"]
    for frames in range(times * patience(link.p) // frame):
        if not read(link.dut.lost_lanes):
            return frames
        await link.cycles(frame)
    raise AssertionError(f"{read(link.dut.lost_lanes)} lanes are still erased")
