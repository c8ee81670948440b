import random

import numpy as np
import pytest

from lampyris.geometry import Geometry
from lampyris.lane.sync import SyncMeter
from lampyris.sim.reference import Format
from lampyris.sim.reference.lanes import symbols_to_bits
from lampyris.sim.reference.marker import build_markers
from lampyris.sim.reference.receiver import sync_distance
from lampyris.sim.streams import simulate


def link(gear):
    sizes = {"lanes": 16, "spares": 0, "gear": gear, "marker_period": 128}
    return Geometry(**sizes), Format(**sizes)


def stream_of(fmt, rng, tolerance):
    """Symbols with syncs among them, upright or not, hurt by up to tolerance + 2 wrong bits."""
    sync = build_markers(fmt, 1)[:fmt.Ms, 0].tolist()
    symbols = []
    for _ in range(60):
        symbols += [rng.getrandbits(fmt.g) for _ in range(rng.randint(0, 9))]
        hurt = list(sync)
        for place in rng.sample(range(fmt.Ms * fmt.g), rng.randint(0, tolerance + 2)):
            hurt[place // fmt.g] ^= 1 << place % fmt.g
        flip = rng.choice((0, (1 << fmt.g) - 1))
        symbols += [symbol ^ flip for symbol in hurt]
    return symbols


@pytest.mark.parametrize("tolerance", [0, 1, 2, 4])
@pytest.mark.parametrize("gear", [4, 5, 8, 10, 16])
def test_distance(gear, tolerance):
    """Both outputs after every symbol, one cycle later, with gaps between the symbols."""
    geometry, fmt = link(gear)
    dut, rng = SyncMeter(geometry=geometry, tolerance=tolerance), random.Random(gear)
    symbols = stream_of(fmt, rng, tolerance)
    distance = sync_distance(fmt, symbols_to_bits(np.array(symbols), gear).reshape(-1))[::gear]
    length = fmt.Ms * gear
    found = [0, 0]

    async def testbench(ctx):
        for index, symbol in enumerate(symbols):
            while rng.random() < 0.3:
                ctx.set(dut.valid, 0)
                ctx.set(dut.i, rng.getrandbits(gear))
                before = ctx.get(dut.upright), ctx.get(dut.inverted)
                await ctx.tick()
                assert (ctx.get(dut.upright), ctx.get(dut.inverted)) == before
            ctx.set(dut.valid, 1)
            ctx.set(dut.i, symbol)
            await ctx.tick()
            if index < fmt.Ms - 1:
                assert not ctx.get(dut.upright) and not ctx.get(dut.inverted)
                continue
            wrong = int(distance[index - fmt.Ms + 1])
            assert ctx.get(dut.upright) == (wrong <= tolerance)
            assert ctx.get(dut.inverted) == (wrong >= length - tolerance)
            found[0] += wrong <= tolerance
            found[1] += wrong >= length - tolerance

    simulate(dut, [testbench])
    assert min(found) > 2


@pytest.mark.parametrize("tolerance", [-1, 8])
def test_bad_parameters(tolerance):
    with pytest.raises(ValueError, match=rf"^tolerance must be 0 to 7, not {tolerance}$"):
        SyncMeter(geometry=link(8)[0], tolerance=tolerance)
