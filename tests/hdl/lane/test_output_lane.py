import random

import numpy as np
import pytest

from lampyris.lane.output_lane import OutputLane
from lampyris.sim.reference.lanes import bits_to_symbols
from lampyris.sim.reference.prbs import prbs_bits, prbs_state
from lampyris.sim.streams import simulate

ORDERS = {1: 7, 2: 9, 3: 15, 4: 23, 5: 31}


@pytest.mark.parametrize("test_patterns", [True, False])
def test_traffic(test_patterns):
    """1 cycle, whatever there was before; without test patterns `prbs` is ignored."""
    dut, rng = OutputLane(gear=8, test_patterns=test_patterns), random.Random(1)

    async def testbench(ctx):
        for prbs in (0, 3, 0):
            ctx.set(dut.prbs, prbs)
            await ctx.tick().repeat(5)
            for _ in range(20):
                symbol = rng.getrandbits(8)
                invert = rng.getrandbits(1)
                ctx.set(dut.i, symbol)
                ctx.set(dut.invert, invert)
                await ctx.tick()
                if not prbs or not test_patterns:
                    assert ctx.get(dut.o) == symbol ^ 0xFF * invert

    simulate(dut, [testbench])


@pytest.mark.parametrize("code", ORDERS)
@pytest.mark.parametrize("gear", [4, 8, 10])
def test_patterns(gear, code):
    """Each lane sends the model's sequence from its own state on, whenever it is selected."""
    dut, rng = OutputLane(gear=gear), random.Random(gear + code)
    order = ORDERS[code]
    starts = []

    async def testbench(ctx):
        for lane in (0, 5, 135):
            bits = prbs_bits(order, 40 * gear, prbs_state(order, lane))[:, 0]
            wanted = bits_to_symbols(bits.reshape(40, gear)).tolist()
            ctx.set(dut.lane, lane)
            ctx.set(dut.prbs, 0)
            await ctx.tick().repeat(rng.randint(1, 5))
            ctx.set(dut.prbs, code)
            seen = []
            for _ in range(48):
                ctx.set(dut.i, rng.getrandbits(gear))
                await ctx.tick()
                seen.append(ctx.get(dut.o))
            start = next(at for at in range(8) if seen[at:at + 6] == wanted[:6])
            assert seen[start:start + 40] == wanted
            starts.append(start)
            ctx.set(dut.invert, 1)
            await ctx.tick()
            plain = bits_to_symbols(prbs_bits(order, 49 * gear, prbs_state(order, lane))[
                :, 0].reshape(49, gear)).tolist()
            assert ctx.get(dut.o) == plain[48 - start] ^ ((1 << gear) - 1)
            ctx.set(dut.invert, 0)

    simulate(dut, [testbench])
    assert len(set(starts)) == 1


def test_lanes_differ():
    """Neighbours that send one pattern are at places far apart in it."""
    states = [tuple(np.ravel(prbs_state(15, lane))) for lane in range(136)]
    assert len(set(states)) == len(states)
