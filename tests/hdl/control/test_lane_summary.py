"""A lane's summary against the model, in random states of all lanes that hold for a while."""

import random

import pytest
from amaranth import Module, Signal
from amaranth.lib import data

from lampyris.control.lane_summary import LaneSummary
from lampyris.control.lane_window import LaneWindow
from lampyris.lane.receive_lane import LaneStatus
from lampyris.sim.reference.lane_summary import SummaryModel
from lampyris.sim.streams import simulate

WIDTH, DEPTH, MOST = 6, 16, 500


def random_world(rng, lanes, spares):
    def bits(share):
        return [rng.random() < share for _ in range(lanes)]

    status = []
    for locked, joined, quiet in zip(bits(0.7), bits(0.8), bits(rng.choice((0.3, 1))), strict=True):
        status.append({name: 0 for name, _ in LaneStatus} | {
            "locked": locked, "joined": locked and joined, "quiet": quiet,
            "identity": rng.randrange(lanes) if rng.random() < 0.9 else rng.randrange(2048),
            "phase": rng.randrange(4), "errors": rng.randrange(1 << 16)})
    return {
        "status": status, "given_up": bits(0.1), "dark": bits(0.2), "movable": bits(0.1),
        "shunned": bits(0.1), "following": [rng.randrange(DEPTH) for _ in range(lanes)],
        "address": rng.randrange(DEPTH), "codes": [rng.getrandbits(WIDTH) for _ in range(lanes)],
        "errors": [rng.randrange(MOST) for _ in range(lanes)], "whole": bits(0.8),
        "served": [rng.choice((0, rng.randrange(1, lanes + 1))) for _ in range(spares)],
    }


@pytest.mark.parametrize("lanes, spares, width, by_place, sampled", [
    (7, 2, WIDTH, True, True), (5, 0, 0, False, False), (2, 0, WIDTH, False, True)])
def test_summaries(lanes, spares, width, by_place, sampled):
    rng = random.Random(lanes)
    code_lanes = lanes - spares
    dut = LaneSummary(lanes=lanes, depth=DEPTH, width=width, code_lanes=code_lanes, spares=spares,
                     errors=range(MOST), by_place=by_place, sampled=sampled)
    m = Module()
    m.submodules.dut = dut
    m.submodules.window = window = LaneWindow(lanes=lanes)
    m.d.comb += [dut.turn.eq(window.turn), dut.seen.eq(window.seen)]
    errors = Signal(data.ArrayLayout(range(MOST), lanes))
    whole = Signal(lanes)
    m.d.sync += [dut.errors.eq(errors[dut.index]), dut.whole.eq(whole.bit_select(dut.index, 1))]
    model = SummaryModel(lanes, DEPTH, code_lanes, by_place, sampled, width > 0)

    async def show(ctx, world):
        ctx.set(window.i, world["status"])
        for name in ("given_up", "dark", "movable", "shunned"):
            ctx.set(getattr(dut, name), sum(bit << at for at, bit in enumerate(world[name])))
        ctx.set(dut.following, world["following"])
        ctx.set(dut.address, world["address"])
        ctx.set(errors, world["errors"])
        ctx.set(whole, sum(bit << at for at, bit in enumerate(world["whole"])))
        if spares:
            ctx.set(dut.served, world["served"])
        for lane, code in enumerate(world["codes"] if width else ()):
            ctx.set(dut.dac_write, 1)
            ctx.set(dut.dac_lane, lane)
            ctx.set(dut.dac_code, code)
            await ctx.tick()
            ctx.set(dut.dac_write, 0)
        await ctx.tick().repeat(3 * lanes)      # so that all of the last round are of this world

    async def ask(ctx, lane):
        ctx.set(dut.lane, lane)
        ctx.set(dut.ask, 1)
        clocks = 0
        while not ctx.get(dut.done):
            await ctx.tick()
            clocks += 1
        found = ctx.get(dut.summary)
        await ctx.tick()
        ctx.set(dut.ask, 0)
        assert not ctx.get(dut.done)
        return found, clocks

    now = random_world(rng, lanes, spares)

    async def testbench(ctx):
        constants = {"reason": 3, "number": 9, "total_errors": 123456789, "total_bits": 1 << 31}
        for name, value in constants.items():
            ctx.set(getattr(dut, name), value)
        states = set()
        for turn in range(25):
            now.update(random_world(rng, lanes, spares))
            await show(ctx, now)
            assert ctx.get(dut.all_dark) == model.all_dark(now)
            for _ in range(2 * lanes):
                lane = rng.randrange(lanes)
                found, clocks = await ask(ctx, lane)
                expected = model.summary(lane, now)
                shown = {name: int(getattr(found, name).value) if name == "state"
                         else int(getattr(found, name)) for name in expected}
                assert shown == expected, (turn, lane)
                for name, value in constants.items():
                    got = getattr(found, name)
                    assert int(getattr(got, "value", got)) == value
                assert clocks <= lanes + 5
                states.add(expected["state"])
                await ctx.tick().repeat(rng.randrange(1, 5))
        assert states == {1, 2, 3, 4, 5, 6}

    simulate(m, [testbench], cycles=100_000)


def test_after_a_reset():
    """Nothing is told before each lane's comparator has had a code, and no lane has a past."""
    dut = LaneSummary(lanes=3, depth=DEPTH, width=WIDTH, code_lanes=2, spares=1, errors=range(MOST),
                     by_place=True, sampled=True)

    async def testbench(ctx):
        ctx.set(dut.lane, 1)
        ctx.set(dut.ask, 1)
        ctx.set(dut.turn, 1)
        ctx.set(dut.served, [1])
        for lane in range(3):
            await ctx.tick().repeat(20)
            assert not ctx.get(dut.done)
            ctx.set(dut.dac_write, 1)
            ctx.set(dut.dac_lane, lane)
            ctx.set(dut.dac_code, 32 + lane)
            await ctx.tick()
            ctx.set(dut.dac_write, 0)
        while not ctx.get(dut.done):
            await ctx.tick()
        summary = ctx.get(dut.summary)
        assert summary.threshold == 33 and summary.position == 0xFFFF and not summary.spared

    simulate(dut, [testbench])


def test_bad_parameters():
    good = {"depth": 16, "width": 0, "spares": 0, "errors": range(4), "by_place": True,
            "sampled": True}
    with pytest.raises(ValueError, match=r"^lanes must be 2 to 256, not 257$"):
        LaneSummary(lanes=257, code_lanes=2, **good)
    with pytest.raises(ValueError, match=r"^code_lanes must be 1 to 4, not 5$"):
        LaneSummary(lanes=4, code_lanes=5, **good)
