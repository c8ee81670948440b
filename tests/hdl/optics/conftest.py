"""A threshold loop with DACs behind it, and the rules that it must follow."""

import random
from dataclasses import replace

import numpy as np
import pytest

from lampyris.optics.threshold_loop import ThresholdLoop
from lampyris.sim.reference.thresholds import Lane, Levels

GEAR = 8


class Bench:
    """The loop, the DACs behind it, and what its rules make of the levels that it finds.

    `ones(lane, code, own)` is the probability of a 1.
    """

    def __init__(self, lanes, ones, **settings):
        self.dut = ThresholdLoop(lanes=lanes, gear=GEAR, **settings)
        self.width = settings["width"]
        self.ones, self.random = ones, random.Random(5)
        middle = 1 << self.width - 1
        self.model = [Lane(middle, width=self.width) for _ in range(lanes)]
        self.dac = [0] * lanes
        self.writes, self.expected = [], [(lane, middle) for lane in range(lanes)]
        self.inputs = {"dead": 0, "movable": 0, "roving": 1, "hurry": 0, "freeze": 0, "hold": 0,
                       "valid": 1}
        self.given, self.heard = {}, dict(self.inputs)      # some are heard a cycle later
        self.done = [0, 0, 0]           # the loop takes three cycles to weigh what has been found
        self.words = {}                 # share of ones -> words that have it
        self.cycle = self.rounds = 0
        self.swept = None               # levels of an own look whose pair is awaited
        self.shown = self.quick = None  # what the look that goes on must be
        self.log = []

    async def tick(self, ctx, command=None):
        """One cycle; a command is offered in it, and True returned if it was taken."""
        dut, finder = self.dut, self.dut._finder
        if self.inputs != self.given:
            self.given = dict(self.inputs)
            for name, value in self.inputs.items():
                ctx.set(getattr(dut, name), value)
        lane = ctx.get(dut.lane)
        ctx.set(dut.own, self._word(self.ones(lane, self.dac[lane], True)))
        ctx.set(dut.monitor, self._word(self.ones(lane, ctx.get(dut.monitor_code), False)))
        if command:
            ctx.set(dut.command.payload, command)
        ctx.set(dut.command.valid, command is not None)
        taken = command is not None and ctx.get(dut.command.ready)
        if taken:
            self.model[command["lane"]] = self.model[command["lane"]].commanded(
                bool(command["manual"]), command["code"])
            if command["manual"]:
                self.expected.append((command["lane"], command["code"]))
        self._follow(ctx, lane, finder)
        await ctx.tick()
        self.cycle, self.heard = self.cycle + 1, dict(self.inputs)
        self.rounds += ctx.get(dut.round)
        if ctx.get(dut.dac_write):
            self.writes.append((ctx.get(dut.dac_lane), ctx.get(dut.dac_code)))
            self.dac[self.writes[-1][0]] = self.writes[-1][1]
        return taken

    def _word(self, share):
        if share not in self.words:
            bits = np.random.default_rng(len(self.words)).random((1024, GEAR)) < share
            self.words[share] = np.packbits(bits, axis=1)[:, 0].tolist()
        return self.words[share][self.random.getrandbits(10)]

    def _follow(self, ctx, lane, finder):
        """What this cycle's events ask for by the rules."""
        dead = self.heard["dead"] >> lane & 1
        movable = self.heard["movable"] >> lane & 1 and not self.inputs["freeze"]
        before, sweeping = self.model[lane], ctx.get(self.dut.sweeping)
        self.done.append(ctx.get(finder.done))
        done = self.done.pop(0)
        if ctx.get(finder.start):
            assert not dead
            if self.swept is None:
                self.shown = movable and not before.manual      # it must become a sweep
                assert self.shown or (self.inputs["roving"] and not self.inputs["hurry"])
                self.quick = not before.known
        elif self.shown is not None:
            assert sweeping == (self.shown and self.swept is None)
            assert ctx.get(finder.quick) == self.quick
            if dead or (sweeping and not movable):
                if sweeping:
                    self.expected.append((lane, before.code))
                self.log.append("left")
                self.swept = self.shown = None
            elif done:
                found = ctx.get(finder.middle) - 2 * (
                    ctx.get(finder.low) + ctx.get(finder.high)) - 1
                levels = Levels(ctx.get(finder.low), ctx.get(finder.high),
                                (found > 0, found > 1), bool(ctx.get(finder.dark)),
                                bool(ctx.get(finder.beyond)), ())
                self._found(lane, before, sweeping, levels)
            elif sweeping and ctx.get(finder.moved):
                self.expected.append((lane, ctx.get(finder.code)))

    def _found(self, lane, before, sweeping, levels):
        if sweeping:
            self.model[lane] = before.swept(levels)
            self.expected.append((lane, self.model[lane].code))
            if self.inputs["roving"] and not levels.dark:
                self.swept = levels
                return
            self.log.append("swept")
        elif self.swept is not None:
            self.model[lane] = before.swept(self.swept, levels)
            self.log.append("pair")
        else:
            after = before.seen(levels, frozen=bool(self.inputs["freeze"]))
            if after.code != before.code:
                self.expected.append((lane, after.code))
            self.log.append("jump" if after.known and not before.known else
                            "step" if after.code != before.code else "content")
            self.model[lane] = after
        self.log += ["dark"] * levels.dark + ["beyond"] * levels.beyond
        self.swept = self.shown = None

    async def compare(self, ctx):
        """Writes and states; between two turns, so that nothing is under way."""
        self.inputs["hold"] = 1
        while not ctx.get(self.dut.idle):
            await self.tick(ctx)
        await self.tick(ctx)
        assert self.writes == self.expected
        for lane, model in enumerate(self.model):
            ctx.set(self.dut.index, lane)
            await ctx.tick()
            state = ctx.get(self.dut.state)
            for name in ("code", "known", "manual", "offset", "low", "high", "dark", "beyond"):
                assert state[name] == getattr(model, name), (lane, name)
            assert self.dac[lane] == model.code
        self.inputs["hold"] = 0

    async def turns(self, ctx, rounds):
        goal = self.rounds + rounds
        while self.rounds < goal:
            await self.tick(ctx)


def _light(lanes, zero, one, monitor):
    """`ones` of an array whose lanes and monitor have their own offsets; levels may be changed."""
    tables = {}

    def ones(lane, code, own):
        key = lane, code, own, zero[lane], one[lane]
        if key not in tables:
            comparators = lanes if own else replace(lanes, offset_ua=monitor)
            tables[key] = float(comparators.share_of_ones(zero, one, code)[lane])
        return tables[key]
    return ones


@pytest.fixture
def loop_bench():
    return Bench


@pytest.fixture
def light():
    return _light
