"""The deskew buffers and their reader: lanes that come apart leave together."""

import random

import pytest
from amaranth import Elaboratable, Module
from amaranth.sim import Simulator

from lampyris.striping.deskew import DeskewBuffer, DeskewReader

LANES, DEPTH, PLACES = 3, 16, 64


class Deskew(Elaboratable):
    def __init__(self):
        self.reader = DeskewReader(lanes=LANES, depth=DEPTH, places=PLACES)
        self.buffers = [DeskewBuffer(width=8, depth=DEPTH, places=PLACES) for _ in range(LANES)]

    def elaborate(self, platform):
        m = Module()
        m.submodules.reader = self.reader
        for lane, buffer in enumerate(self.buffers):
            m.submodules[f"buffer{lane}"] = buffer
            m.d.comb += [buffer.run.eq(self.reader.run), buffer.address.eq(self.reader.address),
                         self.reader.ready[lane].eq(buffer.ready)]
        return m


def symbol(lane: int, count: int) -> int:
    """Differs from lane to lane, from place to place and from frame to frame."""
    return (count * 7 + count // PLACES * 3 + lane * 50) % 256


def run(skews, cycles=400, gaps=0.0):
    """Returns (words read as (position, symbols), first cycle that read, overruns seen)."""
    dut, rng = Deskew(), random.Random(5)
    words, overruns, first = [], set(), None
    counts = [PLACES - 20 - skew for skew in skews]     # so that place 0 comes soon

    async def bench(ctx):
        nonlocal first
        ctx.set(dut.reader.run, 1)
        for cycle in range(cycles):
            for lane, buffer in enumerate(dut.buffers):
                valid = rng.random() >= gaps
                ctx.set(buffer.i_valid, valid)
                ctx.set(buffer.position, counts[lane] % PLACES)
                ctx.set(buffer.i, symbol(lane, counts[lane]))
                counts[lane] += valid
            await ctx.tick()
            overruns.update(lane for lane, b in enumerate(dut.buffers) if ctx.get(b.overrun))
            if ctx.get(dut.reader.valid):
                first = cycle if first is None else first
                words.append((ctx.get(dut.reader.position),
                              [ctx.get(buffer.o) for buffer in dut.buffers]))

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return words, first, overruns


def check(words):
    for count, (position, symbols) in enumerate(words, start=PLACES):
        assert position == count % PLACES
        assert symbols == [symbol(lane, count) for lane in range(LANES)]


@pytest.mark.parametrize("skews", [(0, 0, 0), (0, 5, 2), (9, 0, 4), (0, 9, 9)])
def test_lanes_leave_together_without_a_gap(skews):
    words, first, overruns = run(skews)
    check(words)
    assert not overruns
    # Place 0 of the last lane enters in cycle 20 + skew; it is read 5 cycles after the write.
    assert first == 20 + max(skews) + 5
    assert len(words) == 400 - first


def test_drift_is_absorbed():
    """Lanes that leave out a symbol now and then, each at its own time."""
    words, _, overruns = run((0, 2, 4), cycles=1500, gaps=0.02)
    check(words)
    assert not overruns and len(words) > 1300


@pytest.mark.parametrize("skew", [DEPTH - 1, DEPTH + 5])
def test_too_much_skew_is_told(skew):
    assert run((0, skew, 0))[2] == {0, 2}


def test_a_wrong_depth_is_named():
    with pytest.raises(ValueError, match="depth must be a power of two of 8 or more, not 12"):
        DeskewBuffer(width=8, depth=12, places=96)
    with pytest.raises(ValueError, match="places must be a multiple of the depth 16, not 100"):
        DeskewBuffer(width=8, depth=16, places=100)
