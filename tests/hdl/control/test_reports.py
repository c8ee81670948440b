"""Reports: what the receiver makes of running totals, and what the transmitter hears."""

import numpy as np
import pytest

from lampyris.control.reports import ReportReader, ReportSender
from lampyris.sim.reference.reports import FULL, LEVELS, Turns, report, reported
from lampyris.sim.streams import simulate


class Bench:
    """A sender, and totals that it is shown late, as LaneHealth does."""

    def __init__(self, lanes, *, wait=6, shift=0):
        self.dut = ReportSender(lanes=lanes, wait=wait, shift=shift)
        self.wait = wait
        self.errors, self.failed = [0] * lanes, 0
        self.live, self.up = [True] * lanes, True
        self.index, self.age = 0, 0

    async def tick(self, ctx):
        dut = self.dut
        index = ctx.get(dut.index)
        self.age = self.age + 1 if index == self.index else 1
        self.index = index
        late = self.age >= self.wait            # until then it shows something else
        for port, value in ((dut.errors, self.errors[index] if late else 12345),
                            (dut.live, self.live[index] if late else 0),
                            (dut.failed, self.failed), (dut.up, self.up)):
            ctx.set(port, int(value))
        await ctx.tick()
        ctx.set(dut.o.ready, 0)

    async def next(self, ctx):
        """The next report, which is taken with the next tick."""
        if ctx.get(self.dut.o.ready):
            await self.tick(ctx)
        while not ctx.get(self.dut.o.valid):
            await self.tick(ctx)
        ctx.set(self.dut.o.ready, 1)
        return ctx.get(self.dut.o.payload.as_value())


@pytest.mark.parametrize("lanes, wait, shift", [(3, 6, 0), (2, 2, 3), (5, 3, 1)])
def test_bit_exact(lanes, wait, shift):
    """Counts around all levels, lanes that come and go, totals that are cleared or full, words
    that failed, links that go down."""
    rng = np.random.default_rng(lanes)
    bench, model = Bench(lanes, wait=wait, shift=shift), Turns(lanes, shift)
    levels, silent = set(), 0

    async def testbench(ctx):
        nonlocal silent
        for number in range(250):
            expected = None
            for _ in range(3 * lanes):
                lane = model.lane
                expected = model.turn(bench.live[lane], bench.errors[lane], bench.failed)
                if expected is not None:
                    break
            if expected is None:        # nobody is live, or all are full
                silent += 1
                bench.live, bench.errors = [True] * lanes, [5] * lanes
                bench.up = False
                for _ in range(3 * (wait + 20)):
                    await bench.tick(ctx)
                model.restart()
                bench.up = True
                continue
            word = await bench.next(ctx)
            assert word == expected, (number, reported(word), reported(expected))
            levels.add(reported(word)[1])
            for lane in range(lanes):
                bench.errors[lane] = min(FULL, bench.errors[lane] + (
                    int(rng.choice(LEVELS)) - int(rng.integers(-1, 2))
                    << shift >> int(rng.integers(3)) if rng.random() < 0.6 else 0))
                if rng.random() < 0.04:
                    bench.errors[lane] = int(rng.choice([0, 5, FULL, FULL - 9]))
                if rng.random() < 0.1 or (number > 220 and lane < 2):
                    bench.live[lane] = bool(rng.random() < 0.5)
            bench.failed += int(rng.integers(3)) * (rng.random() < 0.2)
            if rng.random() < 0.1:      # with the report, or in the turn after it
                for _ in range(int(rng.integers(wait + 1))):
                    await bench.tick(ctx)
                bench.up = False
                await bench.tick(ctx)
                bench.up = True
                model.restart()

    simulate(bench.dut, [testbench], cycles=60_000)
    assert levels == set(range(16)) and (silent or lanes > 2)


def test_reader():
    """A report is heard once, however long it is held; entries of the sparing in between."""
    rng = np.random.default_rng(4)
    dut, sent, found = ReportReader(lanes=5), [], []

    async def testbench(ctx):
        last = None
        for _ in range(300):
            word = report(int(rng.integers(7)), int(rng.integers(16)))
            if rng.random() < 0.4:
                word &= 0x7FFF
            spoken = reported(word)
            if spoken and spoken[0] < 5 and word != last:
                sent.append(spoken)
                last = word
            ctx.set(dut.word.as_value(), word)
            for clock in range(int(rng.integers(4, 9))):
                ctx.set(dut.o.ready, clock == 3)
                if clock == 3 and ctx.get(dut.o.valid):
                    found.append((ctx.get(dut.o.payload.lane), ctx.get(dut.o.payload.errors)))
                await ctx.tick()

    simulate(dut, [testbench], cycles=20_000)
    assert found == sent and len(sent) > 80


@pytest.mark.parametrize("block, settings, text", [
    (ReportSender, {"lanes": 1}, "lanes must be 2 to 2048, not 1"),
    (ReportSender, {"lanes": 2, "wait": 1}, "wait must be 2 to 65536 clocks, not 1"),
    (ReportSender, {"lanes": 2, "shift": 25}, "shift must be 0 to 24 bits, not 25"),
    (ReportReader, {"lanes": 4096}, "lanes must be 2 to 2048, not 4096"),
])
def test_bad_parameters(block, settings, text):
    with pytest.raises(ValueError) as info:
        block(**settings)
    assert str(info.value) == text
