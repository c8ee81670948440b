"""Errors in windows: sums of each slot and of all, bit for bit, over random scans."""

import random

import pytest
from amaranth import Module, ResetInserter, Signal

from lampyris.control.error_windows import ErrorWindows, Window
from lampyris.control.wrong_bits import WrongBits
from lampyris.sim.streams import simulate


@pytest.mark.parametrize("slots, rounds", [(2, 1), (2, 3), (5, 4)])
def test_windows(slots, rounds):
    """A slot that has not counted once has no result; the total has what counted."""
    window = Window(slots=slots, rounds=rounds, bits=100, most=9)
    dut, rng = ErrorWindows(window), random.Random(slots * rounds)
    assert window.slot_bits == 100 * rounds and max(window.errors) == 9 * rounds

    async def testbench(ctx):
        ctx.set(dut.index, 0)
        await ctx.tick().repeat(3)
        assert not ctx.get(dut.whole)
        for number in range(1, 20):
            looks = [[(rng.random() < 0.9, rng.randrange(10)) for _ in range(slots)]
                     for _ in range(rounds)]
            for round_ in looks:
                for slot, (counts, wrong) in enumerate(round_):
                    while rng.random() < 0.3:           # a turn without a slot
                        ctx.set(dut.look, 0)
                        ctx.set(dut.slot, rng.randrange(slots))
                        await ctx.tick()
                    ctx.set(dut.look, 1)
                    ctx.set(dut.slot, slot)
                    ctx.set(dut.counts, counts)
                    ctx.set(dut.wrong, wrong)
                    await ctx.tick()
            ctx.set(dut.look, 0)
            await ctx.tick().repeat(2)
            counted = [wrong for round_ in looks for counts, wrong in round_ if counts]
            assert ctx.get(dut.number) == number % 16
            assert ctx.get(dut.total_errors) == sum(counted)
            assert ctx.get(dut.total_bits) == 100 * len(counted)
            for slot in range(slots):
                ctx.set(dut.index, slot)
                await ctx.tick()
                whole = all(round_[slot][0] for round_ in looks)
                assert ctx.get(dut.whole) == whole
                if whole:
                    assert ctx.get(dut.errors) == sum(round_[slot][1] for round_ in looks)

    simulate(dut, [testbench])


def test_reset():
    """What the memory still has from before is not shown."""
    dut, reset = ErrorWindows(Window(slots=2, rounds=1, bits=100, most=9)), Signal()
    m = Module()
    m.submodules.dut = ResetInserter(reset)(dut)

    async def testbench(ctx):
        for again in (0, 1):
            ctx.set(reset, again)
            await ctx.tick()
            ctx.set(reset, 0)
            await ctx.tick()
            assert not ctx.get(dut.whole)
            ctx.set(dut.look, 1)
            ctx.set(dut.counts, 1)
            for slot in (0, 1):
                ctx.set(dut.slot, slot)
                await ctx.tick()
            ctx.set(dut.look, 0)
            await ctx.tick().repeat(2)
            assert ctx.get(dut.whole) and ctx.get(dut.number) == 1

    simulate(m, [testbench])


@pytest.mark.parametrize("slots, clocks, gear, frame, markers, most, expected", [
    (140, 256, 8, 12288, 12, 256, (140, 3072, 2046, 256)),      # 64 frames
    (18, 18, 8, 4096, 12, 63, (18, 14564, 143, 63)),            # or a little more
    (256, 256, 16, 1 << 20, 6, 256, (256, 2048, 4095, 256)),    # 2^31 bits are not exceeded
    (2, 2, 4, 128, 24, 63, (2, 4096, 6, 6)),
])
def test_lengths(slots, clocks, gear, frame, markers, most, expected):
    assert Window.of(slots=slots, clocks=clocks, gear=gear, frame=frame, markers=markers,
                     most=most) == expected


def test_wrong_bits_of_lanes():
    """Each lane's since its last turn, at most 63."""
    lanes, most = 5, 8
    dut, rng = WrongBits(lanes=lanes, most=most), random.Random(2)

    async def testbench(ctx):
        counted, lane = [0] * lanes, 0
        for clock in range(2000):
            share = rng.choice((0.05, 0.5)) if clock < 1000 else 1
            wrong = [rng.randrange(most + 1) if rng.random() < share else 0 for _ in range(lanes)]
            if clock % 50 >= 20:            # now and then a lane waits long for its turn
                lane = (lane + 1) % lanes
            ctx.set(dut.turn, lane)
            ctx.set(dut.i, wrong)
            assert ctx.get(dut.wrong) == min(63, counted[lane])
            await ctx.tick()
            counted[lane] = 0
            counted = [min(63, before + now) for before, now in zip(counted, wrong, strict=True)]

    simulate(dut, [testbench], cycles=3000)


@pytest.mark.parametrize("settings, sentence", [
    ({"slots": 1}, "slots must be 2 to 1024, not 1"),
    ({"rounds": 0}, "rounds must be 1 to 16777216, not 0"),
    ({"bits": 1 << 30}, "bits must be 1 to 536870912, not 1073741824"),
    ({"most": 101}, "most must be 1 to 100, not 101"),
])
def test_bad_windows(settings, sentence):
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        ErrorWindows(Window(**{"slots": 4, "rounds": 2, "bits": 100, "most": 9, **settings}))


def test_bad_counters():
    with pytest.raises(ValueError, match=r"^lanes must be 2 to 1024, not 1$"):
        WrongBits(lanes=1, most=8)
    with pytest.raises(ValueError, match=r"^most must be 1 to 63, not 64$"):
        WrongBits(lanes=2, most=64)
