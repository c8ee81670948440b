"""The search for the levels: against the model, bit for bit, and against the true ones."""

import numpy as np
import pytest

from lampyris.optics.level_finder import LevelFinder
from lampyris.sim.reference.thresholds import find_levels
from lampyris.sim.streams import simulate

SETTLE = 5


def light(rng, low, high, noise, count):
    """Random bits with noise, in codes."""
    return np.where(rng.integers(0, 2, count), high, low) + noise * rng.standard_normal(count)


def word_of(levels, code):
    return int(np.dot(levels > code, 1 << np.arange(len(levels))))


async def search(ctx, dut, words, quick=0, gaps=()):
    """The codes it looks at, what it finds, and how many words it has waited for."""
    ctx.set(dut.start, 1)
    ctx.set(dut.quick, quick)
    await ctx.tick()
    ctx.set(dut.start, 0)
    codes, position, cycle = [], 0, 0
    while not ctx.get(dut.done):
        if ctx.get(dut.moved):
            codes.append(ctx.get(dut.code))
        valid = cycle % 16 not in gaps and position < len(words)
        ctx.set(dut.i_valid, valid)
        ctx.set(dut.i, word_of(words[position], ctx.get(dut.code)) if valid else 0x55)
        position, cycle = position + valid, cycle + 1
        await ctx.tick()
    found = tuple(ctx.get(port) for port in (dut.low, dut.high, dut.dark, dut.beyond, dut.middle))
    return codes, found, position


def expected(words, gear, width, window, least):
    period = SETTLE + window + 2

    def ones(look, code):
        start = look * period + SETTLE
        return int((words[start:start + window] > code).sum())

    model = find_levels(ones, window * gear, width=width, least=least)
    found = (model.low, model.high, model.dark, model.beyond, model.middle)
    return list(model.codes), found, 2 * width * period


@pytest.mark.parametrize("gear, width, window, low, high, noise, gaps", [
    (8, 6, 64, 20.3, 40.6, 2.0, ()), (8, 6, 64, 20.3, 40.6, 0.0, (3, 4, 9)),
    (10, 4, 64, 5.2, 9.9, 0.7, ()), (7, 6, 64, 3.0, 61.5, 7.0, (0, 15)),
    (8, 5, 64, -4.0, 20.0, 1.0, ()), (16, 6, 64, 30.0, 80.0, 3.0, ()),
    (8, 6, 64, 31.0, 31.0, 4.0, ()), (8, 6, 64, -9.0, -9.0, 1.0, ()),
    (4, 8, 64, 90.0, 93.0, 0.5, ()),
    (7, 10, 19, 400.0, 600.0, 300.0, ()),       # a quarter of the samples is no whole number
])
def test_bit_exact(gear, width, window, low, high, noise, gaps):
    """Levels inside, at the ends of and outside the DAC; one search after another, also quick."""
    rng = np.random.default_rng(7)
    dut = LevelFinder(gear=gear, width=width, settle=SETTLE, window=window, least=4)

    async def testbench(ctx):
        for quick in (0, 1, 0):
            size = window // 8 if quick else window
            words = light(rng, low, high, noise, 2 * width * (SETTLE + size + 2) * gear)
            words = words.reshape(-1, gear)
            assert await search(ctx, dut, words, quick, gaps) == expected(
                words, gear, width, size, 4)

    simulate(dut, [testbench], cycles=6000)


def test_start_again_in_the_middle():
    """A search that is broken off, at any place of a look, leaves nothing behind."""
    rng = np.random.default_rng(3)
    dut = LevelFinder(gear=8, width=3, settle=SETTLE, window=16, least=1)

    async def testbench(ctx):
        for broken_off in range(1, 40):
            levels = (4.0, 9.0) if broken_off % 2 else (19.0, 19.0)
            words = light(rng, *levels, 2.0, 8 * 6 * (SETTLE + 18)).reshape(-1, 8)
            ctx.set(dut.start, 1)
            await ctx.tick()
            ctx.set(dut.start, 0)
            for _ in range(broken_off):
                ctx.set(dut.i_valid, 1)
                ctx.set(dut.i, 0xFF if broken_off % 2 else 0)
                await ctx.tick()
            assert await search(ctx, dut, words) == expected(words, 8, 3, 16, 1)

    simulate(dut, [testbench])


@pytest.mark.parametrize("settings, error, text", [
    ({"gear": 3}, ValueError, "gear must be 4 to 16, not 3"),
    ({"gear": 8.0}, TypeError, "gear must be a whole number, not 8.0"),
    ({"gear": 8, "width": 13}, ValueError, "width must be 3 to 12, not 13"),
    ({"gear": 8, "settle": 0}, ValueError, "settle must be 1 to 65536, not 0"),
    ({"gear": 8, "window": 15}, ValueError, "window must be 16 to 65536, not 15"),
    ({"gear": 8, "least": 64}, ValueError, "least must be 1 to 63, not 64"),
])
def test_bad_parameters(settings, error, text):
    with pytest.raises(error) as info:
        LevelFinder(**settings)
    assert str(info.value) == text
