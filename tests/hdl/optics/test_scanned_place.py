"""Where the scanned lane is in the code, as the lanes pass in turn."""

import random

import pytest

from lampyris.optics.scanned_place import ScannedPlace
from lampyris.sim.streams import simulate


def test_sure_after_eight_rounds_and_no_longer_at_once():
    lanes, rng = 5, random.Random(2)
    dut = ScannedPlace(lanes=lanes)
    identity, joined = [3, 0, 4, 1, 2], [1] * lanes

    async def turns(ctx, count, *, expected=None):
        """So many turns of lane 2; returns after its own."""
        for _ in range(count):
            for lane in (3, 4, 0, 1, 2):
                ctx.set(dut.turn, lane)
                ctx.set(dut.joined, joined[lane])
                ctx.set(dut.identity, identity[lane])
                await ctx.tick()
                if expected is not None and lane != 2:
                    assert ctx.get(dut.sure) == expected
            assert ctx.get(dut.place) == identity[2] % 8

    async def settled(ctx):
        await turns(ctx, 9, expected=0)
        assert ctx.get(dut.sure)
        await turns(ctx, 3, expected=1)

    async def testbench(ctx):
        ctx.set(dut.lane, 2)
        ctx.set(dut.present, 0b11111)
        await settled(ctx)
        identity[2] = 1                     # it has moved
        await turns(ctx, 1, expected=1)
        assert not ctx.get(dut.sure)
        await turns(ctx, 7, expected=0)
        await turns(ctx, 1, expected=0)
        assert ctx.get(dut.sure)
        joined[2] = 0                       # it takes no part
        await turns(ctx, 1, expected=1)
        joined[2] = 1
        await turns(ctx, 8, expected=0)
        assert ctx.get(dut.sure)
        ctx.set(dut.present, 0b11101)       # its place has no live lane
        await turns(ctx, 1)
        assert not ctx.get(dut.sure)
        ctx.set(dut.present, 0b11111)
        await turns(ctx, 8, expected=0)
        ctx.set(dut.lane, rng.choice((0, 1, 3, 4)))     # another lane
        await ctx.tick()
        assert not ctx.get(dut.sure)
        ctx.set(dut.lane, 2)
        identity[2] = 9                     # no such place, though its low bits are one
        await turns(ctx, 12)
        assert not ctx.get(dut.sure)

    simulate(dut, [testbench])


def test_bad_parameters():
    with pytest.raises(ValueError) as info:
        ScannedPlace(lanes=0)
    assert str(info.value) == "lanes must be 1 or more, not 0"
