"""The threshold loop: every write and every state against the model, and closed over light."""

import random
from dataclasses import replace

import numpy as np
import pytest

from lampyris.optics.threshold_loop import ThresholdLoop
from lampyris.sim.channel.analogue import AnalogueLanes
from lampyris.sim.reference.thresholds import Lane, Levels
from lampyris.sim.streams import simulate

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
        self.inputs = {"dead": 0, "movable": 0, "roving": 1, "freeze": 0, "hold": 0, "valid": 1}
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
                assert self.shown or self.inputs["roving"]
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


def light(lanes, zero, one, monitor):
    """`ones` of an array whose lanes and monitor have their own offsets; levels may be changed."""
    tables = {}

    def ones(lane, code, own):
        key = lane, code, own, zero[lane], one[lane]
        if key not in tables:
            comparators = lanes if own else replace(lanes, offset_ua=monitor)
            tables[key] = float(comparators.share_of_ones(zero, one, code)[lane])
        return tables[key]
    return ones


@pytest.mark.parametrize("lanes, width, seed", [(5, 4, 1), (1, 3, 2), (3, 6, 3)])
def test_every_write_and_state(lanes, width, seed):
    """Everything at random: light, death, permission to move, freeze, commands, the monitor."""
    rng = random.Random(seed)
    codes = 1 << width
    levels = [[-1.0, -1.0]] * lanes

    def ones(lane, code, own):
        zero, one = levels[lane]
        return ((zero + 3 * own > code) + (one + 3 * own > code)) / 2

    bench = Bench(lanes, ones, width=width, settle=2, window=16, least=3)

    async def testbench(ctx):
        for number in range(240):
            if number % 3 == 0:
                zero = rng.uniform(-2, codes - 3)
                levels[rng.randrange(lanes)] = [zero, zero + rng.choice((0, 1, 4, 8, codes / 2))]
                bench.inputs["dead"] = rng.getrandbits(lanes) if rng.random() < 0.3 else 0
                bench.inputs["movable"] = rng.getrandbits(lanes) if number > 30 else 0
                bench.inputs["freeze"] = rng.random() < 0.15
                bench.inputs["roving"] = rng.random() < 0.8
            if number % 7 == 0:
                command = {"lane": rng.randrange(lanes), "manual": rng.getrandbits(1),
                           "code": rng.randrange(codes)}
                while not await bench.tick(ctx, command):
                    pass
            for _ in range(rng.randrange(120)):
                await bench.tick(ctx)
            if number % 20 == 0:
                await bench.compare(ctx)
        await bench.compare(ctx)

    simulate(bench.dut, [testbench], cycles=100_000)
    assert bench.rounds > 10
    assert "jump" in bench.log
    for event in ("left", "swept", "pair", "step", "content", "dark", "beyond"):
        assert bench.log.count(event) >= 3, (event, bench.log.count(event))


ARRAY = AnalogueLanes(offset_ua=-0.6, dac_step_ua=0.08)


@pytest.mark.parametrize("monitor_offset, bound", [(-0.6, 1.0), (-0.2, 1.25)])
def test_closed_over_light_and_drift(monitor_offset, bound):
    """Swept at the start, then 1 dB of light is lost in traffic: by a code at most at a time, and
    never farther from the mean, though the monitor's codes are others by up to 4, or 9. Windows
    are an eighth of the default."""
    count = 3
    lanes = ARRAY.drawn(count, seed=3, spread_db=6, offset_ua=0.3)
    zero, one = lanes.levels(5, 25)
    lanes = replace(lanes, noise_ua=(one - zero) / 2 / np.array([4, 6, 10]))
    bench = Bench(count, light(lanes, zero, one, monitor_offset), width=6, settle=2, window=64)

    def away():
        return np.array(bench.dac) - lanes.code_of((zero + one) / 2)

    async def testbench(ctx):
        bench.inputs["movable"] = (1 << count) - 1
        await bench.turns(ctx, 2)       # quick, then with the whole window
        assert np.abs(away()).max() <= 1.25 and all(lane.known for lane in bench.model)
        bench.inputs["movable"] = 0
        await bench.turns(ctx, 1)
        for _ in range(9):
            zero[:], one[:] = 0.98 * zero, 0.98 * one
            before = len(bench.writes)
            codes = list(bench.dac)
            await bench.turns(ctx, 1)
            for lane, code in bench.writes[before:]:
                assert abs(code - codes[lane]) == 1
            assert np.abs(away()).max() <= bound
        await bench.compare(ctx)

    simulate(bench.dut, [testbench], cycles=100_000)
    assert bench.log.count("step") > 4 and "jump" not in bench.log


def test_without_a_sweep_the_first_look_jumps():
    """Comparators alike, no lane movable, one frozen by hand: the monitor alone finds the means."""
    count = 3
    zero, one = np.array([0.4, 0.3, 1.0]), np.array([1.6, 3.0, 3.5])
    lanes = replace(ARRAY, noise_ua=np.full(count, 0.15))
    bench = Bench(count, light(lanes, zero, one, -0.6), width=6, settle=2, window=64)
    true = lanes.code_of((zero + one) / 2)

    async def testbench(ctx):
        await bench.tick(ctx, None)
        while not await bench.tick(ctx, {"lane": 1, "manual": 1, "code": 9}):
            pass
        await bench.turns(ctx, 1)
        assert np.abs(np.array(bench.dac) - true)[[0, 2]].max() <= 1 and bench.dac[1] == 9
        await bench.turns(ctx, 1)
        await bench.compare(ctx)

    simulate(bench.dut, [testbench], cycles=20_000)


def test_no_step_while_frozen():
    """The light goes, the loop looks on, and writes nothing; then it follows, code by code."""
    zero, one = np.array([0.2, 0.3]), np.array([2.4, 3.0])
    lanes = replace(ARRAY, noise_ua=np.full(2, 0.12))
    bench = Bench(2, light(lanes, zero, one, -0.6), width=6, settle=2, window=32)

    async def testbench(ctx):
        await bench.turns(ctx, 2)
        bench.inputs["freeze"] = 1
        await bench.tick(ctx)
        before = len(bench.writes)
        one[:] = 0.7 * one
        lows = [lane.high for lane in bench.model]
        await bench.turns(ctx, 3)
        assert len(bench.writes) == before
        assert all(lane.high < low for lane, low in zip(bench.model, lows, strict=True))
        bench.inputs["freeze"] = 0
        await bench.turns(ctx, 3)
        assert len(bench.writes) >= before + 4
        await bench.compare(ctx)

    simulate(bench.dut, [testbench], cycles=50_000)


@pytest.mark.parametrize("offset, before, after, end", [
    (3, (-1.5, 3.5), (4.5, 7.9), 7), (-3, (4.5, 9.5), (-3.0, 2.5), 0)])
def test_the_code_stops_at_the_end_of_the_dac(offset, before, after, end):
    """The light goes to where the own comparator, which is `offset` codes off, cannot follow."""
    levels = list(before)

    def ones(lane, code, own):
        return sum(level + offset * own > code for level in levels) / 2

    bench = Bench(1, ones, width=3, settle=2, window=32, least=1)

    async def testbench(ctx):
        bench.inputs["movable"] = 1
        await bench.turns(ctx, 2)
        bench.inputs["movable"] = 0
        levels[:] = after
        for _ in range(7):
            await bench.turns(ctx, 1)
            await bench.compare(ctx)
        assert bench.dac == [end]

    simulate(bench.dut, [testbench])


def test_length_of_a_turn():
    """4 cycles for a lane that is passed over, a search and 8 for one that is looked at, two
    searches and 12 for one that is swept."""
    bench = Bench(3, lambda lane, code, own: 0.5, width=4, settle=3, window=16)
    search = 2 * 4 * (3 + 16 + 2) + 3

    async def testbench(ctx):
        lengths = []
        await bench.turns(ctx, 1)
        for dead, movable in ((0b000, 0), (0b110, 0), (0b111, 0), (0b000, 0b111)):
            bench.inputs.update(dead=dead, movable=movable)
            await bench.turns(ctx, 1)
            start = bench.cycle
            await bench.turns(ctx, 1)
            lengths.append(bench.cycle - start)
        assert lengths == [3 * (search + 8), search + 8 + 2 * 4, 3 * 4, 3 * (2 * search + 12)]

    simulate(bench.dut, [testbench])


@pytest.mark.parametrize("settings, error, text", [
    ({"lanes": 0}, ValueError, "lanes must be 1 to 2048, not 0"),
    ({"lanes": True}, TypeError, "lanes must be a whole number, not True"),
    ({"lanes": 4, "hysteresis": 2}, ValueError, "hysteresis must be 3 to 64, not 2"),
])
def test_bad_parameters(settings, error, text):
    with pytest.raises(error) as info:
        ThresholdLoop(gear=8, **settings)
    assert str(info.value) == text
