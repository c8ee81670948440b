"""Both loops closed over light: drivers in RTL, LEDs and error rates in closed form, reports."""

import numpy as np
from amaranth import Module
from amaranth.lib import wiring

from lampyris.driver.compensated import CompensatedDriver
from lampyris.driver.parallel import ParallelOutput
from lampyris.sim.channel.compensation import ClosedLoop, best, factor_table, sensor_code
from lampyris.sim.channel.led import LedLanes
from lampyris.sim.reference.compensation import Compensation
from lampyris.sim.streams import simulate

CONTROL, BIAS, MODULATION, RISE, FALL, LIMIT, STATUS, COMPENSATION = range(8)
LANES, BITS, UPPER, LOWER, PATIENCE = 2, 6, 12, 9, 1
NOMINAL, MOST = (3, 22), 64
REST = 10
WINDOW = 8e7            # bits


class Driven(wiring.Component):
    """Compensated drivers with buses behind them."""

    def __init__(self):
        self.driver = CompensatedDriver(lanes=LANES, bits=BITS, step=63, patience=PATIENCE)
        self.output = ParallelOutput(lanes=LANES, bits=BITS)
        super().__init__({})

    def elaborate(self, platform):
        m = Module()
        m.submodules.driver, m.submodules.output = self.driver, self.output
        wiring.connect(m, self.driver.o, self.output.i)
        m.d.comb += self.output.dark.eq(self.driver.dark)
        return m


async def put(ctx, driver, lane, field, value):
    """Write a setting."""
    for port, setting in ((driver.lane, lane), (driver.field, field), (driver.value, value),
                          (driver.write, 1)):
        ctx.set(port, setting)
    await ctx.tick()
    ctx.set(driver.write, 0)


def profile():
    """Celsius and age of each window: 125 C to -40 C, then 3 dB of light are lost, then heat."""
    cold, old = np.linspace(125, -40, 16), 10 ** (-0.3 * np.linspace(0, 1, 24))
    parts = [(125, np.ones(REST)), (cold, 1), (-40, np.ones(REST)), (-40, old),
             (cold[::-1], old[-1]), (125, np.full(REST, old[-1]))]
    return np.concatenate([np.broadcast_arrays(*part) for part in parts], axis=1).T.tolist()


def test_ramp_and_age():
    """The RTL's codes are the model's in every window; so is the alarm, of the one lane of which
    the limit is too low in the end. The others have few errors, and little current."""
    leds = LedLanes(coupling=0.3 * np.array([0.75, 1.1]), spread=np.array([1.3, 0.7]))
    model = Compensation(LANES, BITS, upper=UPPER, lower=LOWER, patience=PATIENCE)
    loop = ClosedLoop(leds, model, NOMINAL, MOST, loops=3, bits_per_window=WINDOW, shift=3, seed=5)
    dut, windows = Driven(), []

    async def settle(ctx):
        """Until all lanes have been visited with the factor of the sensor's code."""
        await ctx.tick().repeat(60)
        rounds = 0
        while rounds < 2:
            rounds += ctx.get(dut.driver.round)
            await ctx.tick()

    async def testbench(ctx):
        driver = dut.driver
        ctx.set(driver.upper, UPPER)
        ctx.set(driver.lower, LOWER)
        while not ctx.get(driver.ready):
            await ctx.tick()
        ctx.set(driver.entry_write, 1)
        for index, entry in enumerate(factor_table().tolist()):
            ctx.set(driver.index, index)
            ctx.set(driver.entry, entry)
            await ctx.tick()
        ctx.set(driver.entry_write, 0)
        for lane in range(LANES):
            for field, value in ((BIAS, NOMINAL[0]), (MODULATION, NOMINAL[1]), (LIMIT, MOST),
                                 (COMPENSATION, 3), (CONTROL, 1)):
                await put(ctx, driver, lane, field, value)
        before = None
        for number, (celsius, age) in enumerate(profile()):
            if celsius != before:
                ctx.set(driver.sensor, sensor_code(celsius))
                await settle(ctx)
            before = celsius
            await ctx.tick().repeat(8 * LANES + 8)          # a turn of each
            window, reports = loop.expose(celsius, age)
            codes = [[ctx.get(lane.bias), ctx.get(lane.modulation)] for lane in (
                dut.output.codes[lane] for lane in range(LANES))]
            assert codes == np.stack([window.bias, window.modulation], 1).tolist(), number
            assert max(sum(pair) for pair in codes) <= MOST
            for lane, errors in enumerate(reports.tolist()):
                ctx.set(driver.report.payload, {"lane": lane, "errors": errors})
                ctx.set(driver.report.valid, 1)
                while not ctx.get(driver.report.ready):
                    await ctx.tick()
                await ctx.tick()
            ctx.set(driver.report.valid, 0)
            while not ctx.get(driver.report.ready):     # the last one's visit
                await ctx.tick()
            loop.hear(reports)
            alarm = ctx.get(driver.alarm)
            assert [bool(alarm >> lane & 1) for lane in range(LANES)] == model.alarm.tolist()
            windows.append((celsius, age, window))

    simulate(dut, [testbench], cycles=200_000)
    young = 2 * REST + 16
    rates = np.array([window.rate for _, _, window in windows])
    assert (rates[REST:].mean(axis=0)[1] < 1e-5) and (rates[REST:young].mean(axis=0) < 1e-5).all()
    for number, possible in ((young - 1, [True, True]), (-1, [False, True])):
        celsius, age, window = windows[number]
        least, _ = best(leds, NOMINAL, MOST, celsius, age, 1e-5, 63)
        held = np.isfinite(least)
        assert held.tolist() == possible and (window.alarm == ~held).all()
        assert (window.rate[held] < 1e-5).all()
        assert (window.current[held] <= np.maximum(1.1 * least, least + 1)[held]).all()


def test_reads():
    """Whatever the loop is doing: what is used and what was written, two clocks after `read`."""
    dut = CompensatedDriver(lanes=2, bits=6, patience=1)
    settings = {BIAS: 8, MODULATION: 40, RISE: 3, FALL: 2, LIMIT: 200, COMPENSATION: 3, CONTROL: 9}
    used = {**settings, BIAS: 10, MODULATION: 48, COMPENSATION: 0}      # 1.2 times
    kept = {**settings, CONTROL: 0}

    async def testbench(ctx):
        while not ctx.get(dut.ready):
            await ctx.tick()
        ctx.set(dut.o.ready, 1)
        ctx.set(dut.entry_write, 1)
        for index in range(17):
            ctx.set(dut.index, index)
            ctx.set(dut.entry, 1229)
            await ctx.tick()
        ctx.set(dut.entry_write, 0)
        for field, value in settings.items():
            await put(ctx, dut, 1, field, value)
        await ctx.tick().repeat(60 + 3 * 47)
        for number in range(300):
            field = (*settings, STATUS)[number % 8]
            ctx.set(dut.lane, 1)
            ctx.set(dut.field, field)
            ctx.set(dut.read, 1)
            await ctx.tick()
            for name, value in (("lane", 0), ("field", number % 7), ("read", 0)):
                ctx.set(getattr(dut, name), value)
            await ctx.tick()
            assert ctx.get(dut.q) == used.get(field, 1)                 # lit
            assert ctx.get(dut.nominal) == kept.get(field, 0)

    simulate(dut, [testbench], cycles=5_000)
