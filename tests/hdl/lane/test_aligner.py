import random

import pytest

from lampyris.lane.aligner import SymbolAligner
from lampyris.sim.streams import simulate


@pytest.mark.parametrize("gaps", [0.0, 0.3])
@pytest.mark.parametrize("gear", [2, 4, 5, 8, 10, 16])
def test_every_slip(gear, gaps):
    """The bits of the line from `slip` on, over any change of `slip`."""
    dut, rng = SymbolAligner(gear=gear), random.Random(gear)
    line, count, slips = [], 0, [*range(gear), *(rng.randrange(gear) for _ in range(10))]
    valids = [0, 0]

    async def testbench(ctx):
        nonlocal count
        for slip in slips:
            ctx.set(dut.slip, slip)
            skip = 2                    # symbols from before the change are still under way
            for _ in range(30):
                valid = rng.random() >= gaps
                symbol = rng.getrandbits(gear)
                ctx.set(dut.i_valid, valid)
                ctx.set(dut.i, symbol)
                await ctx.tick()
                valids.append(int(valid))
                assert ctx.get(dut.o_valid) == valids[-2], "2 cycles"
                if ctx.get(dut.o_valid):
                    count += 1
                    # Symbol `count` of the output begins in symbol count - 1 of the input.
                    bits = line[(count - 2) * gear + slip:(count - 1) * gear + slip]
                    if skip or count < 2:
                        skip -= bool(skip)
                    else:
                        assert ctx.get(dut.o) == sum(bit << i for i, bit in enumerate(bits))
                if valid:
                    line.extend(symbol >> i & 1 for i in range(gear))

    simulate(dut, [testbench])
    assert dut.gear == gear and count > 15 * len(slips)


def test_bad_parameters():
    with pytest.raises(ValueError, match=r"^gear must be 2 or more, not 1$"):
        SymbolAligner(gear=1)
