"""Suspect, erase, replace: health, sparing and lane order together, with LEDs that are sick.

The model has the LEDs, and what the lanes' receivers believe of them. The worst LED is one that is
wrong in many symbols and keeps its lock: it says to be alive wherever it goes, and even to be the
lane that it carried before.
"""

import random

import pytest
from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lampyris.control.health import LaneHealth
from lampyris.control.lane_order import LaneOrder
from lampyris.control.spares import SpareManager, spare_word
from lampyris.geometry import Geometry
from lampyris.sim.streams import simulate

GEOMETRY = Geometry(lanes=4, parity=4, spares=2, gear=8, marker_period=64)
CODE, ALL, FRAME, WINDOW = 8, 10, 64, 64
UNLOCK, RELOCK = 4, 7       # frames until a lane is lost that has changed, and until it is found
SETTLED = 40                # frames after which all must be done


class Receiving(wiring.Component):
    """The three, wired as in the receiver."""

    live: Signal
    wrong: Signal
    word: Signal
    erased: Signal
    degraded: Signal
    frame: Signal
    identity: Signal
    turn: Signal
    sick: Signal
    tags: Signal
    tag: Signal
    commit: Signal

    def __init__(self):
        super().__init__({
            "turn": In(range(ALL)), "live": In(1), "identity": In(11), "wrong": In(ALL),
            "frame": In(1), "word": Out(spare_word), "erased": Out(CODE), "degraded": Out(1),
            "sick": Out(ALL), "tags": Out(ALL), "tag": Out(1), "commit": Out(1)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.order = order = LaneOrder(lanes=ALL, code_lanes=CODE)
        m.submodules.spares = spares = SpareManager(geometry=GEOMETRY)
        m.submodules.health = health = LaneHealth(
            places=ALL, code_places=CODE, limit=GEOMETRY.parity, window=WINDOW)
        m.d.sync += order.commit_out.eq(order.commit)
        m.d.comb += [
            order.turn.eq(self.turn), order.live.eq(self.live), order.identity.eq(self.identity),
            order.served.eq(spares.served), order.leave.eq(spares.leave),
            spares.enable.eq(1), spares.up.eq(1), spares.frame.eq(self.frame),
            spares.live.eq(order.present), spares.sick.eq(health.sick),
            spares.lost.eq(health.count), spares.identity.eq(order.identity),
            health.wrong.eq(self.wrong), health.live.eq(order.present), health.up.eq(1),
            health.erased.eq(~order.present[:CODE] | spares.moving),
            self.word.eq(spares.word), self.erased.eq(health.erased | health.sick[:CODE]),
            self.tags.eq(order.tags), self.tag.eq(order.tag), self.commit.eq(order.commit),
            self.sick.eq(health.sick), self.degraded.eq(spares.degraded),
        ]
        return m


class World:
    """The far transmitter and the LEDs: LED l is at home on logical lane l."""

    def __init__(self):
        self.served = [0] * GEOMETRY.spares
        self.changes = 0
        self.dead: set[int] = set()
        self.rates: dict[int, float] = {}               # share of wrong symbols, by LED
        self.sticky: set[int] = set()                   # LEDs that do not lose their lock
        self.belief: list[int | None] = list(range(ALL))
        self.age = [0] * ALL
        self.places = list(range(ALL))                  # of the LEDs, at the sorter

    def roles(self) -> list[int]:
        """The lane that each LED carries."""
        leds = list(range(ALL))
        for spare, lane in enumerate(self.served):
            if lane:
                leds[lane - 1], leds[CODE + spare] = leds[CODE + spare], leds[lane - 1]
        return [leds.index(led) for led in range(ALL)]

    def step(self, word):
        """One frame."""
        if self.served[word.spare] != word.served:
            self.served[word.spare] = word.served
            self.changes += 1
        for led, role in enumerate(self.roles()):
            well = led not in self.dead and self.belief[led] == role
            self.age[led] = 0 if well else self.age[led] + 1
            if self.age[led] >= UNLOCK and led not in self.sticky:
                self.belief[led] = None
            if self.age[led] >= RELOCK and led not in self.dead | self.sticky:
                self.belief[led] = role

    def wrong(self, rng) -> int:
        """Places whose symbol is wrong in one cycle."""
        places = 0
        for led, (role, place) in enumerate(zip(self.roles(), self.places, strict=True)):
            rate = 1 if led in self.dead or place != role else self.rates.get(led, 0)
            places |= (rng.random() < rate) << place
        return places


def run(script):
    """Run ``script(world, frames, read)``: `frames` waits; `read` is a port."""
    dut, world, rng = Receiving(), World(), random.Random(1)

    async def testbench(ctx):
        shown: list[int] = []

        async def frames(count):
            for cycle in range(count * FRAME):
                if cycle % FRAME == 0:
                    world.step(ctx.get(dut.word))
                led = (ctx.get(dut.turn) + 1) % ALL
                ctx.set(dut.turn, led)
                ctx.set(dut.live, world.belief[led] is not None)
                ctx.set(dut.identity, world.belief[led] or 0)
                ctx.set(dut.wrong, world.wrong(rng))
                ctx.set(dut.frame, cycle % FRAME == 0)
                await ctx.tick()
                if ctx.get(dut.tag):
                    shown.append(ctx.get(dut.tags))
                elif ctx.get(dut.commit):
                    world.places = [sum((column >> led & 1) << 3 - bit for bit, column in
                                        enumerate(shown)) for led in range(ALL)]
                    shown.clear()

        await frames(6)
        await script(world, frames, lambda name: ctx.get(getattr(dut, name)))

    simulate(dut, [testbench], cycles=100_000)


@pytest.mark.parametrize("sticky", [False, True])
@pytest.mark.parametrize("led", [0, CODE - 1])
def test_a_sick_led_is_replaced_for_good(sticky, led):
    """One that keeps its lock, and its old identity too; before or after the spare in the scan."""
    async def script(world, frames, read):
        world.rates[led] = 0.2
        world.sticky |= {led} if sticky else set()
        await frames(4)
        assert read("erased") == 1 << led
        await frames(SETTLED)
        assert world.served == [led + 1, 0] and world.changes == 1
        await frames(60)
        assert world.served == [led + 1, 0] and world.changes == 1
        assert read("erased") == 0 and not read("degraded")

    run(script)


def test_a_sick_led_does_not_get_its_lane_back():
    """Two are replaced, and a third has no spare: it waits until one of the two has recovered. It
    waits already when the two show up in the spares' places."""
    async def script(world, frames, read):
        world.rates = {2: 0.3, 5: 0.3}
        await frames(4)
        world.dead.add(7)
        await frames(2 * SETTLED)
        assert world.served == [3, 6] and world.changes == 2
        assert read("erased") == 1 << 7 and read("degraded")
        world.rates[5] = 0
        await frames(3 * SETTLED)
        assert world.served == [3, 8] and read("erased") == 0 and not read("degraded")
        assert world.changes == 3

    run(script)


def test_a_sick_spare_is_not_asked():
    """Its symbols are known though nobody needs it."""
    async def script(world, frames, read):
        world.rates[CODE] = 0.3
        await frames(4)
        assert read("sick") == 1 << CODE
        world.dead.add(1)
        await frames(SETTLED)
        assert world.served == [0, 2] and read("erased") == 0

    run(script)


def test_a_spare_that_becomes_sick_is_replaced():
    """It serves, keeps its lock, and the lane goes on to the next one."""
    async def script(world, frames, read):
        world.rates[4] = 0.3
        await frames(SETTLED)
        assert world.served == [5, 0]
        world.rates[CODE] = 0.3
        world.sticky.add(CODE)
        await frames(3 * SETTLED)
        assert world.served == [0, 5] and read("erased") == 0

    run(script)


def test_few_errors_move_nothing():
    """One symbol of 500 is wrong on every LED, for 150 windows."""
    async def script(world, frames, read):
        world.rates = dict.fromkeys(range(ALL), 0.002)
        await frames(150)
        assert world.changes == 0 and read("erased") == 0

    run(script)
