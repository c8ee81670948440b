"""The threshold loop: every write and every state against the model, and closed over light."""

import random
from dataclasses import replace

import numpy as np
import pytest

from lampyris.optics.threshold_loop import ThresholdLoop
from lampyris.sim.channel.analogue import AnalogueLanes
from lampyris.sim.streams import simulate


@pytest.mark.parametrize("lanes, width, seed", [(5, 4, 1), (1, 3, 2), (3, 6, 3)])
def test_every_write_and_state(loop_bench, lanes, width, seed):
    """Everything at random: light, death, permission to move, freeze, commands, the monitor."""
    rng = random.Random(seed)
    codes = 1 << width
    levels = [[-1.0, -1.0]] * lanes

    def ones(lane, code, own):
        zero, one = levels[lane]
        return ((zero + 3 * own > code) + (one + 3 * own > code)) / 2

    bench = loop_bench(lanes, ones, width=width, settle=2, window=16, least=3)

    async def testbench(ctx):
        for number in range(240):
            if number % 3 == 0:
                zero = rng.uniform(-2, codes - 3)
                levels[rng.randrange(lanes)] = [zero, zero + rng.choice((0, 1, 4, 8, codes / 2))]
                bench.inputs["dead"] = rng.getrandbits(lanes) if rng.random() < 0.3 else 0
                bench.inputs["movable"] = rng.getrandbits(lanes) if number > 30 else 0
                bench.inputs["freeze"] = rng.random() < 0.15
                bench.inputs["roving"] = rng.random() < 0.8
                bench.inputs["hurry"] = rng.random() < 0.2
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
def test_closed_over_light_and_drift(loop_bench, light, monitor_offset, bound):
    """Swept at the start, then 1 dB of light is lost in traffic: by a code at most at a time, and
    never farther from the mean, though the monitor's codes are others by up to 4, or 9. Windows
    are an eighth of the default."""
    count = 3
    lanes = ARRAY.drawn(count, seed=3, spread_db=6, offset_ua=0.3)
    zero, one = lanes.levels(5, 25)
    lanes = replace(lanes, noise_ua=(one - zero) / 2 / np.array([4, 6, 10]))
    bench = loop_bench(count, light(lanes, zero, one, monitor_offset), width=6, settle=2, window=64)

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


def test_without_a_sweep_the_first_look_jumps(loop_bench, light):
    """Comparators alike, no lane movable, one frozen by hand: the monitor alone finds the means."""
    count = 3
    zero, one = np.array([0.4, 0.3, 1.0]), np.array([1.6, 3.0, 3.5])
    lanes = replace(ARRAY, noise_ua=np.full(count, 0.15))
    bench = loop_bench(count, light(lanes, zero, one, -0.6), width=6, settle=2, window=64)
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


def test_no_step_while_frozen(loop_bench, light):
    """The light goes, the loop looks on, and writes nothing; then it follows, code by code."""
    zero, one = np.array([0.2, 0.3]), np.array([2.4, 3.0])
    lanes = replace(ARRAY, noise_ua=np.full(2, 0.12))
    bench = loop_bench(2, light(lanes, zero, one, -0.6), width=6, settle=2, window=32)

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
def test_the_code_stops_at_the_end_of_the_dac(loop_bench, offset, before, after, end):
    """The light goes to where the own comparator, which is `offset` codes off, cannot follow."""
    levels = list(before)

    def ones(lane, code, own):
        return sum(level + offset * own > code for level in levels) / 2

    bench = loop_bench(1, ones, width=3, settle=2, window=32, least=1)

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


def test_length_of_a_turn(loop_bench):
    """4 cycles for a lane that is passed over, a search and 8 for one that is looked at, two
    searches and 12 for one that is swept."""
    bench = loop_bench(3, lambda lane, code, own: 0.5, width=4, settle=3, window=16)
    search = 2 * 4 * (3 + 16 + 2) + 3

    async def testbench(ctx):
        lengths = []
        await bench.turns(ctx, 1)
        for dead, movable, hurry in ((0b000, 0, 0), (0b110, 0, 0), (0b111, 0, 0), (0b000, 0b111, 0),
                                     (0b000, 0, 1), (0b000, 0b010, 1)):
            bench.inputs.update(dead=dead, movable=movable, hurry=hurry)
            await bench.turns(ctx, 1)
            start = bench.cycle
            await bench.turns(ctx, 1)
            lengths.append(bench.cycle - start)
        assert lengths == [3 * (search + 8), search + 8 + 2 * 4, 3 * 4, 3 * (2 * search + 12),
                           3 * 4, 2 * search + 12 + 2 * 4]

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
