"""Compensation of temperature and age: factor, scaler and the whole, against the model."""

import numpy as np
import pytest

from lampyris.driver.compensated import CompensatedDriver
from lampyris.driver.compensation import Compensation
from lampyris.driver.factor import TemperatureFactor
from lampyris.driver.scaler import CodeScaler
from lampyris.sim.reference.compensation import ONE, heard, scaled, table_factor
from lampyris.sim.reference.compensation import Compensation as Model
from lampyris.sim.streams import simulate

CONTROL, BIAS, MODULATION, RISE, FALL, LIMIT, STATUS, COMPENSATION = range(8)


@pytest.mark.parametrize("sensor_bits, index_bits, quiet", [(12, 4, 4), (5, 4, 1), (9, 1, 20)])
def test_factor(sensor_bits, index_bits, quiet):
    """Any table, any code; the latency; noise below `quiet` changes nothing."""
    rng = np.random.default_rng(sensor_bits)
    dut = TemperatureFactor(sensor_bits=sensor_bits, index_bits=index_bits, quiet=quiet)
    entries = (1 << index_bits) + 1
    table, used = np.full(entries, ONE), 0

    async def testbench(ctx):
        nonlocal table, used
        for number in range(24):
            while not ctx.get(dut.ready):
                assert ctx.get(dut.factor) == ONE
                await ctx.tick()
            if number in (4, 14):
                table = rng.integers(0, 4096, entries)
                table[rng.integers(entries)] = 4095
                ctx.set(dut.write, 1)
                for index, entry in enumerate(table.tolist()):
                    ctx.set(dut.index, index)
                    ctx.set(dut.entry, entry)
                    await ctx.tick()
                ctx.set(dut.write, 0)
            sensor = int(rng.integers(1 << sensor_bits))
            if number % 3 == 0:
                sensor = [0, (1 << sensor_bits) - 1][number // 3 % 2]
            if number % 5 == 4:     # noise around what is used
                sensor = min(max(used + int(rng.integers(-quiet, quiet + 1)), 0),
                             (1 << sensor_bits) - 1)
            used = heard(used, sensor, quiet)
            ctx.set(dut.sensor, sensor)
            await ctx.tick().repeat(2 * dut.period)
            assert ctx.get(dut.factor) == table_factor(table, used, sensor_bits)

    simulate(dut, [testbench], cycles=20_000)


@pytest.mark.parametrize("bits", [3, 6, 9])
def test_scaler(bits):
    rng = np.random.default_rng(bits)
    dut, top, cuts = CodeScaler(bits=bits), (1 << bits) - 1, 0

    async def testbench(ctx):
        nonlocal cuts
        for number in range(70):
            bias, modulation, aged = (int(value) for value in rng.integers(0, top + 1, 3))
            factor = int(rng.choice([rng.integers(700, 1500), rng.integers(4096), ONE]))
            if number % 8 < 2:
                bias, modulation = [(top, top), (bias, 0)][number % 8]
            aged = aged if modulation else 0
            for name, value in (("bias", bias), ("modulation", modulation), ("aged", aged),
                                ("factor", factor), ("start", 1)):
                ctx.set(getattr(dut, name), value)
            await ctx.tick()
            ctx.set(dut.start, 0)
            clocks = 1
            while not ctx.get(dut.done):
                await ctx.tick()
                clocks += 1
            expected = scaled(bias, modulation, aged, factor, top)
            found = [ctx.get(port) for port in (dut.used_bias, dut.used_modulation, dut.cut)]
            assert found == [int(value) for value in expected], (bias, modulation, aged, factor)
            assert clocks == 4 * bits + 3 or modulation == 0
            cuts += found[2]
            await ctx.tick()

    simulate(dut, [testbench], cycles=20_000)
    assert 5 < cuts < 65


class Bench:
    """The block, the codes that it has written, and the model."""

    def __init__(self, lanes, *, bits=6, upper=12, lower=9, patience=2):
        self.dut = Compensation(lanes=lanes, bits=bits, patience=patience)
        self.model = Model(lanes, bits, upper=upper, lower=lower, patience=patience)
        self.bits, self.bounds = bits, (upper, lower)
        self.codes = np.zeros((lanes, 2), int)
        self.passed = []                # other fields
        self.factor, self.given = ONE, {}

    async def tick(self, ctx, *, write=None, read=False):
        """One clock, in which the user may write (lane, field, value)."""
        dut = self.dut
        lane, field, value = write or (0, 0, 0)
        inputs = {"lane": lane, "field": field, "value": value, "write": write is not None,
                  "read": read, "factor": self.factor, "upper": self.bounds[0],
                  "lower": self.bounds[1]}
        if inputs != self.given:        # setting them takes more time than a clock
            self.given = inputs
            for name, setting in inputs.items():
                ctx.set(getattr(dut, name), int(setting))
        over = ctx.get(dut.round)
        await ctx.tick()
        if ctx.get(dut.to_write):
            wrote = [ctx.get(port) for port in (dut.to_lane, dut.to_field, dut.to_value)]
            if wrote[1] in (BIAS, MODULATION):
                assert write is None and not read
                self.codes[wrote[0], wrote[1] - BIAS] = wrote[2]
            else:
                assert wrote == list(write or ())
                self.passed.append(tuple(wrote))
        return over

    async def put(self, ctx, lane, field, value):
        await self.tick(ctx, write=(lane, field, value))
        width = self.bits + (0 if field in (BIAS, MODULATION) else 2)
        self.model.nominal[lane, field] = value & ((1 << width) - 1)

    async def settle(self, ctx, *, disturbed=0.0, rng=None):
        """A whole round, and what is left of the one before."""
        rounds = 0
        while rounds < 2:
            rounds += await self.tick(ctx, read=rng is not None and rng.random() < disturbed)
        self.model.visit(np.arange(len(self.codes)), self.factor)
        self.compare(ctx)

    async def tell(self, ctx, lane, errors):
        """A report, and its visit. The clocks from when it is taken."""
        dut = self.dut
        ctx.set(dut.report.payload, {"lane": lane, "errors": errors})
        ctx.set(dut.report.valid, 1)
        while not ctx.get(dut.report.ready):
            await self.tick(ctx)
        await self.tick(ctx)
        ctx.set(dut.report.valid, 0)
        clocks = 1
        while not ctx.get(dut.report.ready):
            await self.tick(ctx)
            clocks += 1
        self.model.visit([lane], self.factor, [errors])
        self.compare(ctx)
        return clocks

    def compare(self, ctx):
        assert np.array_equal(self.codes, self.model.codes), (self.codes, self.model.codes)
        alarm = ctx.get(self.dut.alarm)
        assert [alarm >> lane & 1 for lane in range(len(self.codes))] == self.model.alarm.tolist()


@pytest.mark.parametrize("lanes, bits, patience", [(2, 6, 1), (3, 3, 2), (2, 8, 1)])
def test_bit_exact(lanes, bits, patience):
    """Any settings, factors, and runs of reports of one sort; others read all the while."""
    rng = np.random.default_rng(lanes * bits)
    bench = Bench(lanes, bits=bits, patience=patience)
    top, events = (1 << bits) - 1, {"up": 0, "down": 0, "stays": 0, "back": 0, "least": 0}

    async def testbench(ctx):
        while not ctx.get(bench.dut.ready):
            await bench.tick(ctx, write=(0, COMPENSATION, 3))   # ignored
        for number in range(9):
            for lane in range(lanes):
                settings = {BIAS: rng.integers(top + 1), MODULATION: rng.integers(top // 2, top),
                            RISE: rng.integers(4), COMPENSATION: rng.choice([3, 3, 2, 1, 0])}
                # Little room above, or very little.
                settings[LIMIT] = settings[BIAS] + settings[MODULATION] + rng.integers(
                    rng.choice([3, 9]))
                for field, value in settings.items():
                    if rng.random() < 0.5 or number == 0:
                        await bench.put(ctx, lane, field, int(value))
            if rng.random() < 0.2:
                await bench.put(ctx, 0, MODULATION, 0)
            bench.factor = int(rng.integers(800, 1300))
            await bench.settle(ctx, disturbed=0.3, rng=rng)
            ageing = np.flatnonzero(bench.model.nominal[:, COMPENSATION] & 2)
            lane = int(rng.choice(ageing if len(ageing) and number % 4 else lanes))
            for sort in rng.permutation(["low", "high", "low", "high", "any"]):
                for _ in range(int(rng.integers(1, 4 * patience + 1))):
                    errors = {"low": rng.integers(9), "high": rng.integers(10, 16),
                              "any": rng.integers(16)}[sort]
                    model = bench.model
                    before, back = model.change[lane], model.back[lane]
                    await bench.tell(ctx, lane, int(errors))
                    events["up"] += model.change[lane] > before
                    events["down"] += model.change[lane] < before
                    events["back"] += model.back[lane] > back
                    events["stays"] += bool(model.alarm[lane])
            if bench.model.change[lane] < 0:    # the nominal code alone would be 0 then
                await bench.put(ctx, lane, MODULATION, -int(bench.model.change[lane]))
                await bench.settle(ctx)
                events["least"] += 1

    simulate(bench.dut, [testbench], cycles=100_000)
    least = events.pop("least")
    assert least and min(events.values()) >= 2, events


@pytest.mark.full
def test_longest_wait():
    """A code lower is wrong again and again: 1 window until it is tried, 2, 4, .. 128, 128."""
    bench = Bench(2, bits=3, patience=1)
    waits = []

    async def testbench(ctx):
        while not ctx.get(bench.dut.ready):
            await bench.tick(ctx)
        for field, value in ((BIAS, 1), (MODULATION, 5), (LIMIT, 31), (COMPENSATION, 3)):
            await bench.put(ctx, 1, field, value)
        await bench.settle(ctx)
        for _ in range(9):
            waits.append(0)
            while bench.model.change[1] == 0:
                await bench.tell(ctx, 1, 0)
                waits[-1] += 1
            await bench.tell(ctx, 1, 15)

    simulate(bench.dut, [testbench], cycles=100_000)
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 128]


def test_visits():
    """How long they take; and what is written passes in a clock, but bias and modulation."""
    bench = Bench(3)

    async def testbench(ctx):
        while not ctx.get(bench.dut.ready):
            await bench.tick(ctx)
        for lane in range(3):
            for field, value in ((BIAS, 4), (MODULATION, 20), (RISE, 3), (LIMIT, 99),
                                 (COMPENSATION, 3), (CONTROL, 21)):
                await bench.put(ctx, lane, field, value)
        assert bench.passed == [(lane, field, value) for lane in range(3) for field, value in (
            (RISE, 3), (LIMIT, 99), (COMPENSATION, 3), (CONTROL, 21))]
        await bench.settle(ctx)
        assert await bench.tell(ctx, 1, 15) == bench.dut.visit
        clocks = []
        for _ in range(2 * 3 * bench.dut.visit):
            clocks.append(await bench.tick(ctx))
        assert sum(clocks) == 2 and np.diff(np.flatnonzero(clocks)) == 3 * bench.dut.visit
        await bench.put(ctx, 1, BIAS, 4 + 64)       # higher bits are ignored
        await bench.tick(ctx)
        for field, value in ((BIAS, 4), (MODULATION, 20), (LIMIT, 99), (CONTROL, 0)):
            ctx.set(bench.dut.lane, 1)
            ctx.set(bench.dut.field, field)
            await ctx.tick().repeat(2)
            assert ctx.get(bench.dut.nominal) == value

    simulate(bench.dut, [testbench], cycles=20_000)
    assert bench.codes.tolist() == [[4, 20], [4, 21], [4, 20]]


@pytest.mark.parametrize("block, settings, error, text", [
    (TemperatureFactor, {"sensor_bits": 3}, ValueError, "sensor_bits must be 4 to 16, not 3"),
    (TemperatureFactor, {"sensor_bits": 6, "index_bits": 6}, ValueError,
     "index_bits must be 1 to 5, not 6"),
    (TemperatureFactor, {"quiet": 0}, ValueError, "quiet must be 1 to 256, not 0"),
    (CodeScaler, {"bits": 13}, ValueError, "bits must be 3 to 12 per code, not 13"),
    (CompensatedDriver, {"lanes": 8, "width": 0}, ValueError, "width must be 1 to 32 bits, not 0"),
    (CompensatedDriver, {"lanes": 8, "patience": 1.5}, TypeError,
     "patience must be a whole number, not 1.5"),
])
def test_bad_parameters(block, settings, error, text):
    with pytest.raises(error) as info:
        block(**settings)
    assert str(info.value) == text
