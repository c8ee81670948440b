"""Bench `placed`: lanes die at chosen places: in a marker, in a packet, while lanes are swapped.

In each round a lane dies at one place of the frame; when it is erased, a second one dies some
frames later, so that in one of the rounds every frame of the swap is hit. Both are replaced; then
the LEDs return, and the lanes go home. Every packet must arrive unflagged.
"""

import cocotb

from ..bench import parameters, pump_channel, read, watchdog
from ..frames import FrameWatch
from ..link import LINK, Link, lock_cycles, report
from ..traffic import Traffic, until
from .shots import WAYS
from .sparing import patience, replaced

DEFAULTS = {**LINK, "low": 600, "rounds": 12}


@cocotb.test()
async def placed(dut):
    p = parameters(DEFAULTS)
    link = Link(dut, p)
    rng, frame = link.rng, p["frame"]
    watch = FrameWatch(link.channel)
    lanes = link.lanes
    await link.up(pump_channel(lanes.clock, lanes.output, lanes.input, watch, lanes.valid))
    dut.sparing.value = 1
    cocotb.start_soon(watchdog(
        p["rounds"] * (4 * patience(p) + 60 * frame) + 8 * lock_cycles(p), link.core_ps))
    traffic = Traffic(link)
    leds = [link.channel.carrier(link.lane_map[logical])
            for logical in range(p["lanes"] + p["parity"])]
    # In the sync, in the body, in a packet, and where one frame ends and lanes change places.
    places = (2, 7, frame // 2, frame - 1)
    kills = 0
    for count in range(p["rounds"]):
        hit = rng.sample(leds, 2)
        for led, later in zip(hit, (0, count), strict=True):
            for _ in range(later):
                await link.cycles(frame)
            place = places[(count + kills) % len(places)]
            await until(link, lambda place=place: watch.position == place, "the frame stands")
            link.channel.kill(led, rng.choice(WAYS[:3]))
            kills += 1
            if led == hit[0]:
                await until(link, lambda: read(dut.lost_lanes) > 0, "a lane died unseen")
        await link.cycles(6 * frame)        # until the second is erased
        await replaced(link, 2)
        assert not read(dut.degraded), "two lanes died, there are two spares, and none is left"
        for led in hit:
            link.channel.revive(led)
        await link.cycles(8 * frame)
        dut.sparing.value = 0
        await link.cycles(24 * frame)
        dut.sparing.value = 1
        assert not read(dut.failed_words), f"words were not corrected in round {count}"
    await traffic.end()
    assert link.falls.count == 0, f"the link went down {link.falls.count} times"
    report({"kills": kills, "corrected_words": read(dut.corrected_words),
            **traffic.board.finish()})
