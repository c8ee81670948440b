"""The deskew buffers and their reader: lanes that come apart leave together."""

import random

import pytest
from amaranth import Elaboratable, Module
from amaranth.sim import Simulator

from lampyris.striping.deskew import DeskewBuffer, DeskewReader

LANES, DEPTH, PLACES = 3, 32, 128


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
                         buffer.open.eq(self.reader.open), buffer.drop.eq(self.reader.drop),
                         self.reader.ready[lane].eq(buffer.ready),
                         self.reader.tight[lane].eq(buffer.tight)]
        return m


def symbol(lane: int, count: int) -> int:
    """Differs from lane to lane, from place to place and from frame to frame."""
    return (count * 7 + count // PLACES * 3 + lane * 50) % 256


def run(skews, cycles=400, gaps=0.0, events=()):
    """Words read as (cycle, position, symbols, lanes that had joined), the lanes that were dropped.

    Reading starts when all lanes have joined, or are about to overflow. An event is (cycle, lane,
    name): the lane stops, goes on, or loses or finds its lock.
    """
    dut, rng = Deskew(), random.Random(5)
    words, left = [], set()
    counts = [PLACES - 20 - skew for skew in skews]     # so that place 0 comes soon
    stopped, schedule = set(), {}
    for cycle, lane, name in events:
        schedule.setdefault(cycle, []).append((lane, name))

    async def bench(ctx):
        ctx.set(dut.reader.run, 1)
        joined = [0] * LANES
        for lane in range(LANES):
            ctx.set(dut.buffers[lane].locked, 1)
        for cycle in range(cycles):
            for lane, name in schedule.get(cycle, ()):
                if name in ("stop", "go"):
                    (stopped.add if name == "stop" else stopped.discard)(lane)
                else:
                    ctx.set(dut.buffers[lane].locked, name == "found")
            for lane, buffer in enumerate(dut.buffers):
                valid = rng.random() >= gaps and lane not in stopped
                ctx.set(buffer.i_valid, valid)
                ctx.set(buffer.position, counts[lane] % PLACES)
                ctx.set(buffer.i, symbol(lane, counts[lane]))
                counts[lane] += valid or lane in stopped
            await ctx.tick()
            before, joined = joined, [ctx.get(buffer.joined) for buffer in dut.buffers]
            left.update(lane for lane in range(LANES) if before[lane] and not joined[lane])
            if all(joined) or ctx.get(dut.reader.crowded):
                ctx.set(dut.reader.start, 1)
            if ctx.get(dut.reader.valid):
                words.append((cycle, ctx.get(dut.reader.position),
                              [ctx.get(buffer.o) for buffer in dut.buffers], before))

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return words, left


def check(words, lanes=range(LANES)):
    """The words follow each other, and those lanes' symbols are right."""
    for count, (_, position, symbols, _) in enumerate(words, start=PLACES):
        assert position == count % PLACES
        for lane in lanes:
            assert symbols[lane] == symbol(lane, count), f"lane {lane} at place {position}"


@pytest.mark.parametrize("skews", [(0, 0, 0), (0, 5, 2), (9, 0, 4), (0, 9, 9)])
def test_lanes_leave_together_without_a_gap(skews):
    words, left = run(skews)
    check(words)
    assert not left
    # Place 0 of the last lane enters in cycle 20 + skew; it is read 5 cycles after the write.
    first = words[0][0]
    assert first == 20 + max(skews) + 5
    assert len(words) == 400 - first


def test_drift_is_absorbed():
    """Lanes that leave out a symbol now and then, each at its own time."""
    words, left = run((0, 2, 4), cycles=1500, gaps=0.02)
    check(words)
    assert not left and len(words) > 1300


def test_a_lane_out_of_reach_does_not_join():
    words, left = run((0, DEPTH + 5, 2))
    check(words, (0, 2))
    assert not left and len(words) > 300 and not words[-1][3][1]


def test_a_lane_without_lock_leaves_and_comes_back():
    """The others go on without a gap; from its next place 0 on it takes part again."""
    words, left = run((3, 0, 4), cycles=600, events=[(150, 1, "lost"), (200, 1, "found")])
    check(words, (0, 2))
    check(words[:120])
    assert left == {1} and len(words) > 560
    back = next(place for place, word in enumerate(words) if place > 130 and word[3][1])
    assert words[back][1] > PLACES - DEPTH, "it joins before place 0 is read"
    for place in range(back + DEPTH, len(words)):
        assert words[place][2][1] == symbol(1, PLACES + place)


def test_a_lane_that_stops_is_left_out():
    """Before the others overflow: they lose nothing."""
    words, left = run((3, 0, 4), cycles=600, events=[(150, 2, "stop"), (300, 2, "go")])
    check(words, (0, 1))
    assert left == {2} and len(words) > 550
    for place in range(500, len(words)):
        assert words[place][2][2] == symbol(2, PLACES + place)


def test_a_wrong_depth_is_named():
    with pytest.raises(ValueError, match="depth must be a power of two of 8 or more, not 12"):
        DeskewBuffer(width=8, depth=12, places=96)
    with pytest.raises(ValueError, match="places must be a multiple of the depth 16, not 100"):
        DeskewBuffer(width=8, depth=16, places=100)
