import random

import pytest

from lampyris.framing.word_gate import WordGate
from lampyris.geometry import Geometry
from lampyris.sim.reference import Format
from lampyris.sim.streams import simulate

# m = 1 without and m = 2, 5 with filler words at the end of the frame.
LINKS = [(8, 8, 64), (4, 8, 64), (4, 8, 63 + 8), (3, 10, 128), (1, 8, 104)]


@pytest.mark.parametrize("delay", [1, 6])
@pytest.mark.parametrize("lanes, gear, period", LINKS)
def test_frames(lanes, gear, period, delay):
    """Words with gaps between them, over frames; the first begins anywhere."""
    fmt = Format(lanes=lanes, gear=gear, marker_period=period)
    dut = WordGate(delay=delay, geometry=Geometry(lanes=lanes, spares=0, gear=gear,
                                                  marker_period=period))
    rng = random.Random(period)
    expected, seen = [], []

    async def testbench(ctx):
        position = 0
        for _ in range(4 * period):
            valid = rng.random() < 0.8
            ctx.set(dut.valid, valid)
            ctx.set(dut.position, position if valid else rng.randrange(period))
            place = position - fmt.M
            take = valid and 0 <= place < fmt.blocks_per_frame * fmt.m
            expected.append((int(take), int(take and place % fmt.m == fmt.m - 1)))
            await ctx.tick()
            take = ctx.get(dut.take)
            seen.append((take, take & ctx.get(dut.last)))
            position = (position + valid) % period

    simulate(dut, [testbench])
    assert seen[delay - 1:] == expected[:len(expected) - delay + 1]
    assert sum(last for _, last in seen) >= 2 * fmt.blocks_per_frame


def test_begins_anew_with_the_frame():
    """A frame that was cut short inside a block does not shift the next one's blocks."""
    geometry = Geometry(lanes=4, spares=0, gear=8, marker_period=64)
    dut = WordGate(geometry=geometry, delay=1)
    assert geometry.words_per_block == 2

    async def testbench(ctx):
        ctx.set(dut.valid, 1)
        for position in [*range(geometry.marker_symbols + 3), *range(64)]:
            ctx.set(dut.position, position)
            await ctx.tick()
            if ctx.get(dut.take):
                assert ctx.get(dut.last) == (position - geometry.marker_symbols) % 2

    simulate(dut, [testbench])


def test_bad_parameters():
    with pytest.raises(ValueError, match=r"^delay must be 1 or more, not 0$"):
        WordGate(delay=0, geometry=Geometry(lanes=8, spares=0, gear=8, marker_period=64))
