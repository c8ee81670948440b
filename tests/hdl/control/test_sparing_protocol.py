"""Sparing against a far end that is slow, hears only every third word, and whose LEDs come and go.

The model has what the protocol cannot see: which LED really carries which lane. A lane that is
alive must never be moved while the decoder relies on it, and when there are spares enough, all
lanes must come back.
"""

import random

import pytest

from lampyris.control.spares import SpareManager
from lampyris.geometry import Geometry
from lampyris.sim.streams import simulate

GEOMETRY = Geometry(lanes=6, parity=4, spares=3, gear=8, marker_period=64)
CODE, ALL, FRAME = 10, 13, 16
UNLOCK, RELOCK = 4, 7       # frames until a lane is lost that has changed, and until it is found


class World:
    """The far transmitter, the fibre, and what the lanes' receivers believe."""

    def __init__(self, rng):
        self.rng, self.dead = rng, set()
        self.served = [0] * GEOMETRY.spares
        self.on_its_way: list[tuple[int, int, int]] = []    # frame of arrival, spare, lane
        self.belief: list[int | None] = list(range(ALL))    # by LED
        self.age = [0] * ALL
        self.frame = 0
        self.heard_last = 0

    def roles(self) -> list[int]:
        """The lane that each LED carries."""
        leds = list(range(ALL))             # by logical lane
        for spare, lane in enumerate(self.served):
            if lane:
                leds[lane - 1], leds[CODE + spare] = leds[CODE + spare], leds[lane - 1]
        return [leds.index(led) for led in range(ALL)]

    def step(self, word) -> int:
        """One frame; returns the places that seem alive."""
        self.frame += 1
        # One word in three is heard for sure, up to two frames late.
        if self.frame - self.heard_last >= 3 or self.rng.random() < 0.3:
            self.heard_last = self.frame
            late = self.rng.randrange(3)
            self.on_its_way.append((self.frame + late, word.spare, word.served))
        for message in [entry for entry in self.on_its_way if entry[0] <= self.frame]:
            self.on_its_way.remove(message)
            if message[1] < len(self.served):       # and no report
                self.served[message[1]] = message[2]
        for led, role in enumerate(self.roles()):
            if led not in self.dead and self.belief[led] == role:
                self.age[led] = 0
                continue
            self.age[led] += 1
            if self.age[led] >= UNLOCK:
                self.belief[led] = None
            if self.age[led] >= RELOCK and led not in self.dead:
                self.belief[led], self.age[led] = role, 0
        return sum(1 << place for place in range(ALL) if place in self.belief)

    def betrayed(self) -> list[int]:
        """Places of the code whose symbols come from an LED that is alive and carries another."""
        return [self.belief[led] for led, role in enumerate(self.roles())
                if led not in self.dead and self.belief[led] is not None
                and self.belief[led] != role and self.belief[led] < CODE]


@pytest.mark.parametrize("seed, reports", [(0, False), (1, False), (5, True), *(
    pytest.param(seed, seed > 4, marks=pytest.mark.full) for seed in (2, 3, 4, 6, 7))])
def test_nothing_moves_under_the_decoders_eyes(seed, reports):
    """Alone, and with a report after each entry, so that entries are heard half as often."""
    rng = random.Random(seed)
    dut, world = SpareManager(geometry=GEOMETRY, reports=reports), World(rng)
    counts = {"moves": 0, "kills": 0}

    async def testbench(ctx):
        ctx.set(dut.enable, 1)
        ctx.set(dut.up, 1)
        if reports:
            ctx.set(dut.report.valid, 1)
            ctx.set(dut.report.payload.as_value(), 0xFFFF)
        before = list(world.served)
        for frame in range(3000):
            if frame % 40 == 0 and frame < 2600:
                if len(world.dead) < 3 and rng.random() < 0.7:
                    world.dead.add(rng.randrange(ALL))
                    counts["kills"] += 1
                elif world.dead:
                    world.dead.discard(rng.choice(sorted(world.dead)))
            if frame == 2600:
                world.dead = {led for led in world.dead if led < 2}
            live = world.step(ctx.get(dut.word))
            counts["moves"] += world.served != before
            before = list(world.served)
            ctx.set(dut.live, live)
            ctx.set(dut.lost, CODE - (live & (1 << CODE) - 1).bit_count())
            moving = ctx.get(dut.moving)
            for place in world.betrayed():
                assert moving >> place & 1, f"place {place} was moved in frame {frame}"
            for cycle in range(FRAME):
                ctx.set(dut.frame, cycle == 0)
                await ctx.tick()
        assert ctx.get(dut.lost) == 0 or ctx.get(dut.degraded)

    simulate(dut, [testbench], cycles=60_000)
    assert counts["moves"] > 5 and counts["kills"] > 10
