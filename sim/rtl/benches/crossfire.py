"""Bench `crossfire`: two transceivers whose lanes die in both directions in the same clock.

Each end asks for spares over a back channel whose own lanes are dying, and in every other round
nothing that either end says is heard for `deaf` frames after the kills. Every packet must arrive
unflagged both ways, both ends must replace their lanes, and no link may go down.
"""

import random

import cocotb

from ..bench import parameters, read, watchdog
from ..ends import Ends
from ..link import LINK, lock_cycles, report
from ..traffic import Traffic, until
from .shots import WAYS
from .sparing import patience, replaced

DEFAULTS = {**LINK, "low": 16, "deaf": 24, "ppm": 200.0}


@cocotb.test()
async def crossfire(dut):
    p = parameters(DEFAULTS)
    rng = random.Random(p["seed"])
    ends = Ends(dut, p, rng, p["fibre_m"], {}, {})
    await ends.up()
    cocotb.start_soon(watchdog(
        (p["spares"] + 1) * 4 * patience(p) + 8 * lock_cycles(p), ends.core_ps))
    for end in ends.both:
        end.rng = random.Random(rng.random())
        end.dut.sparing.value = 1
    traffic = [Traffic(end) for end in ends.both]
    alive = {end: [end.channel.carrier(end.lane_map[logical])
                   for logical in range(p["lanes"] + p["parity"])] for end in ends.both}
    took = 0
    for count in range(p["spares"]):
        deaf = count % 2 == 0
        await ends.a.cycles(rng.randint(1, 2 * p["frame"]))
        for end in ends.both:
            led = rng.choice(alive[end])
            alive[end].remove(led)
            end.channel.kill(led, rng.choice(WAYS[:3]))
            end.watch.deaf = deaf
        for end in ends.both:
            await until(end, lambda end=end: read(end.lost_lanes) > 0, "a lane died unseen")
        if deaf:
            await ends.a.cycles(p["deaf"] * p["frame"])
            for end in ends.both:
                assert read(end.lost_lanes) == 1, "a lane was replaced by words nobody can read"
                end.watch.deaf = False
        for end in ends.both:
            took = max(took, await replaced(end, 2))
            assert not read(end.degraded), f"degraded after {count + 1} of {p['spares']} spares"
    totals = {}
    for name, end, flow in zip("ba", ends.both, traffic, strict=True):
        await flow.end()
        assert end.falls.count == 0, f"the link from {name} went down"
        assert not read(end.failed_words), f"words from {name} were not corrected"
        totals |= {f"{key}_from_{name}": value for key, value in flow.board.finish().items()}
    report({**totals, "longest_replacement_frames": took})
