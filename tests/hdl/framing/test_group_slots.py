import random

import pytest

from lampyris.fec.code import Code
from lampyris.fec.group import Group
from lampyris.framing.group_slots import GroupSlots
from lampyris.geometry import Geometry
from lampyris.sim.reference import Format
from lampyris.sim.streams import simulate

# n, k, lanes, frame: with and without words after the last group.
LINKS = [(15, 11, 6, 128), (12, 6, 2, 24 + 5 * 6), (14, 10, 8, 96)]


@pytest.mark.parametrize("n, k, lanes, period", LINKS)
def test_frames(n, k, lanes, period):
    """Words with gaps between them, over frames, one of them cut short."""
    geometry = Geometry(lanes=lanes, spares=0, gear=4, marker_period=period,
                        group=Group(Code(n, k, 4), lanes))
    fmt = Format(lanes, 0, 4, period, group_code=(n, k))
    T, M = fmt.group.T, fmt.M
    messages = set((fmt.message_words(period - M) + M).tolist())
    end = M + (period - M) // T * T
    dut, rng = GroupSlots(geometry=geometry), random.Random(n)
    starts = 0

    async def testbench(ctx):
        nonlocal starts
        for frame in range(6):
            for position in range(period if frame != 3 else period // 2):
                while rng.random() < 0.2:
                    ctx.set(dut.step, 0)
                    ctx.set(dut.marker, rng.getrandbits(1))
                    await ctx.delay(1e-9)
                    assert not ctx.get(dut.inside) | ctx.get(dut.start) | ctx.get(dut.message)
                    await ctx.tick()
                ctx.set(dut.step, 1)
                ctx.set(dut.marker, position < M)
                await ctx.delay(1e-9)
                begins = M <= position < end and (position - M) % T == 0
                assert ctx.get(dut.inside) == (M <= position < end)
                assert ctx.get(dut.start) == begins
                assert ctx.get(dut.message) == (position in messages)
                assert not begins or ctx.get(dut.first) == (position == M)
                starts += begins
                await ctx.tick()

    simulate(dut, [testbench])
    assert starts > 2 * (period - M) // T


def test_no_group_code():
    with pytest.raises(ValueError, match=r"^there is no group code in this geometry$"):
        GroupSlots(geometry=Geometry(lanes=8, spares=0, gear=8, marker_period=128))
