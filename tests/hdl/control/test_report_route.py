"""From a report's logical lane to the LED, by the lane map and the spares; and a link's scale."""

import random

import pytest

from lampyris.control.report_route import ReportRoute
from lampyris.control.report_scale import report_scale
from lampyris.geometry import Geometry
from lampyris.sim.reference.reports import led_of, level_of
from lampyris.sim.streams import simulate

GEOMETRY = Geometry(lanes=4, parity=2, spares=3, gear=8, marker_period=64)
PLAIN = Geometry(lanes=4, spares=3, gear=8, marker_period=64)


@pytest.mark.parametrize("seed", range(2))
def test_bit_exact(seed):
    """Also with two spares for one lane; a report in 3 clocks and one per spare."""
    dut, rng, waits = ReportRoute(geometry=GEOMETRY, width=4), random.Random(seed), set()
    lanes, code = GEOMETRY.physical_lanes, GEOMETRY.code_lanes

    async def testbench(ctx):
        moved = 0
        for _ in range(120):
            order = rng.sample(range(lanes), lanes)
            served = [rng.choice((0, rng.randint(1, code))) for _ in range(3)]
            lane, errors = rng.randrange(lanes), rng.randrange(16)
            ctx.set(dut.lane_map, sum(led << 4 * place for place, led in enumerate(order)))
            for spare, number in enumerate(served):
                ctx.set(dut.served[spare], number)
            ctx.set(dut.i.payload, {"lane": lane, "errors": errors})
            ctx.set(dut.i.valid, 1)
            assert ctx.get(dut.i.ready)
            clocks = 0
            while not ctx.get(dut.o.valid):
                await ctx.tick()
                ctx.set(dut.i.valid, 0)
                clocks += 1
            waits.add(clocks)
            for _ in range(rng.randrange(3)):
                await ctx.tick()
            expected = led_of(lane, order, served, code)
            assert ctx.get(dut.o.valid)
            assert (ctx.get(dut.o.payload.lane), ctx.get(dut.o.payload.errors)) == (
                expected, errors)
            moved += expected != order[lane]
            ctx.set(dut.o.ready, 1)
            await ctx.tick()
            ctx.set(dut.o.ready, 0)
            assert not ctx.get(dut.o.valid)
        assert moved > 20

    simulate(dut, [testbench])
    assert waits == {2 + 3}


def test_scale():
    """The numbers of docs/driver.md, section 8; and small links."""
    big = Geometry(lanes=128, parity=8, spares=4, gear=8, marker_period=12288)
    assert report_scale(big) == (3, 12, 9)
    for lanes in (2, 8, 30, 100):
        geometry = Geometry(lanes=lanes, parity=2, spares=1, gear=8, marker_period=12288)
        errors = 1e-5 * 6 * geometry.physical_lanes * 12288 * 8
        shift, upper, lower = report_scale(geometry)
        assert 64 <= errors / 2**shift < 128 or (shift == 0 and errors < 64)
        assert upper == level_of(int(0.75 * errors), shift) > lower
        assert lower == max(1, level_of(int(0.3 * errors), shift))
    short = Geometry(lanes=4, parity=2, spares=1, gear=8, marker_period=256)
    assert report_scale(short) == (0, 2, 1)


def test_without_spares():
    sentence = r"^reports need spares that are in use, and there are none$"
    with pytest.raises(ValueError, match=sentence):
        ReportRoute(geometry=PLAIN, width=4)
    with pytest.raises(ValueError, match=sentence):
        report_scale(PLAIN)
