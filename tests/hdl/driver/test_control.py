"""The drivers of all lanes against the model, clock by clock."""

import numpy as np
import pytest
from amaranth import Module, ResetInserter, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from lampyris.driver.control import DriverControl
from lampyris.driver.parallel import ParallelOutput
from lampyris.sim.reference.driver import Drivers
from lampyris.sim.streams import simulate

CONTROL, BIAS, MODULATION, RISE, FALL, LIMIT, STATUS = range(7)


class Parallel(wiring.Component):
    """Control with buses behind it; `stall` makes the turns wait."""

    stall: Signal

    def __init__(self, *, lanes, bits, step):
        self.step = step
        self.control = DriverControl(lanes=lanes, bits=bits, step=step)
        self.output = ParallelOutput(lanes=lanes, bits=bits)
        super().__init__({"stall": In(1)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.control, m.submodules.output = self.control, self.output
        m.d.comb += [
            self.output.i.payload.eq(self.control.o.payload),
            self.output.i.valid.eq(self.control.o.valid & ~self.stall),
            self.control.o.ready.eq(self.output.i.ready & ~self.stall),
            self.output.dark.eq(self.control.dark),
        ]
        return m


def number(flags):
    return int.from_bytes(np.packbits(flags, bitorder="little").tobytes(), "little")


def play(dut, stimuli):
    """Drive both with the inputs of each clock and compare all that is registered."""
    control = dut.control
    lanes, bits = control.lanes, control.bits
    model = Drivers(lanes, bits, dut.step)
    history = []

    async def testbench(ctx):
        was_ready = False
        for inputs in stimuli(model):
            for name, port in (("lane", control.lane), ("field", control.field),
                               ("value", control.value), ("write", control.write),
                               ("shutdown", control.shutdown)):
                ctx.set(port, int(inputs.get(name, 7 if name == "field" else 0)))
            for name, port in (("open_", control.open), ("short", control.short)):
                ctx.set(port, number(inputs.get(name, np.zeros(lanes, bool))))
            ctx.set(dut.stall, not inputs.get("go", True))
            await ctx.tick()
            model.clock(**inputs)
            codes = ctx.get(dut.output.codes.as_value())
            seen = np.array([codes >> bits * place & ((1 << bits) - 1)
                             for place in range(4 * lanes)]).reshape(lanes, 4)
            assert np.array_equal(seen, model.codes), (model.clocks, seen, model.codes)
            assert ctx.get(control.lit) == number(model.lit)
            assert ctx.get(control.fault) == model.fault
            assert ctx.get(control.ready) == model.ready
            assert ctx.get(control.control.as_value()) == sum(
                int(setting) << 5 * lane for lane, setting in enumerate(model.settings[:, CONTROL]))
            if was_ready and inputs.get("lane", 0) < lanes:
                assert ctx.get(control.q) == model.q, (model.clocks, inputs)
            was_ready = model.ready
            history.append(model.codes.copy())

    simulate(dut, [testbench])
    return model, np.array(history)


def bring_up(lanes, settings):
    """The inputs that write the same settings to all lanes, enable last."""
    yield from ({} for _ in range(8 * lanes))
    for lane in range(lanes):
        for field, value in settings.items():
            yield {"lane": lane, "field": field, "value": value, "write": True}
        yield {"lane": lane, "field": CONTROL, "value": 1, "write": True}


def anything(lanes, bits, clocks, calm):
    """Random settings and stalls all the time; a cause for darkness once in `calm` clocks."""
    rng = np.random.default_rng(lanes * bits)

    def stimuli(model):
        yield from bring_up(lanes, {LIMIT: 2 << bits, BIAS: 3, MODULATION: 1 << bits - 1})
        for _ in range(clocks):
            field = int(rng.choice([BIAS, MODULATION, RISE, FALL, 7]))
            value = int(rng.integers(1 << bits + 2))
            if rng.random() < 1 / calm:
                field = int(rng.choice([CONTROL, LIMIT]))
                value |= rng.random() < 0.8
            elif rng.random() < 3 / calm:
                field = STATUS
            yield {
                "lane": int(rng.integers(lanes + lanes % 2)), "field": field, "value": value,
                "write": rng.random() < 0.3 or field in (CONTROL, LIMIT, STATUS),
                "shutdown": rng.random() < 1 / calm / lanes,
                "open_": rng.random(lanes) < 0.3 / calm, "short": rng.random(lanes) < 0.3 / calm,
                "go": rng.random() < 0.8,
            }
    return stimuli


@pytest.mark.parametrize("lanes, bits, step, calm", [
    (2, 3, 1, 40), (3, 6, 7, 100), (5, 6, 63, 20), (8, 4, 2, 200),
])
def test_bit_exact(lanes, bits, step, calm):
    dut = Parallel(lanes=lanes, bits=bits, step=step)
    _, history = play(dut, anything(lanes, bits, 3000, calm))
    peaks = history[:, :, :3].sum(axis=2)
    # It must have been worth it: lanes got light and lost it, many times.
    assert (np.diff((peaks > 0).astype(int), axis=0) != 0).sum() > 20
    assert np.diff(peaks, axis=0).max() <= step


@pytest.mark.parametrize("limit, wanted", [
    (250, [20, 30, 9, 12]), (55, [20, 30, 5, 12]), (33, [20, 13, 0, 12]), (8, [8, 0, 0, 8]),
    (0, [0, 0, 0, 0]),
])
def test_ramp_and_limit(limit, wanted):
    """Bias first, then modulation, then rise; a limit takes them away in the reverse order."""
    dut, step = Parallel(lanes=2, bits=6, step=4), 4
    settings = {BIAS: 20, MODULATION: 30, RISE: 9, FALL: 12, LIMIT: limit}

    def stimuli(model):
        yield from bring_up(2, settings)
        yield from ({} for _ in range(14 * 17))

    model, history = play(dut, stimuli)
    assert model.codes.tolist() == [wanted, wanted]
    peaks = history[:, 0, :3].sum(axis=1)
    ramp = peaks[np.flatnonzero(np.diff(peaks)) + 1].tolist()
    top = sum(wanted[:3])
    assert ramp == ([*range(step, top, step), top] if top else [])
    assert (history[:, 0, 3] <= history[:, 0, 0]).all()


CAUSES = {
    "shutdown": ({"shutdown": True}, None),
    "disabled": ({"lane": 1, "field": CONTROL, "value": 0, "write": True},
                 {"lane": 1, "field": CONTROL, "value": 1, "write": True}),
    "limited": ({"lane": 1, "field": LIMIT, "value": 250, "write": True}, None),
    "open": ({"open_": np.array([False, True])},
             {"lane": 1, "field": STATUS, "value": 2, "write": True}),
    "short": ({"short": np.array([False, True])},
              {"lane": 1, "field": STATUS, "value": 4, "write": True}),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_dark_and_back(cause):
    """One clock of a cause at any place of the turns: dark a clock later, then a new ramp."""
    event, remedy = CAUSES[cause]
    late = 1 if cause == "disabled" else 0      # a clock for the setting
    darkened = []

    def stimuli(model):
        yield from bring_up(2, {LIMIT: 250, BIAS: 2, MODULATION: 9})
        for place in range(14):
            yield from ({} for _ in range(56 + place))
            assert model.codes[:, :2].tolist() == [[2, 9], [2, 9]]
            darkened.append(model.clocks + late)
            yield event
            if remedy:
                yield from ({} for _ in range(20))
                assert not model.lit[1]
                yield remedy

    dut = Parallel(lanes=2, bits=6, step=4)
    _, history = play(dut, stimuli)
    peaks = history[:, :, :3].sum(axis=2)
    assert (peaks[darkened, 1] == 0).all() and (peaks[np.array(darkened) - 1, 1] == 11).all()
    other = peaks[darkened[0]:, 0]
    assert (other == 11).all() or cause == "shutdown"
    assert np.diff(peaks, axis=0).max() <= 4


def test_nothing_without_enable_or_limit():
    def stimuli(model):
        for lane, field, value in ((0, CONTROL, 1), (0, BIAS, 9), (1, BIAS, 9), (1, LIMIT, 99)):
            yield {"lane": lane, "field": field, "value": value, "write": True}     # too early
        yield from ({} for _ in range(40))
        assert not model.settings.any()
        for lane, field, value in ((0, CONTROL, 1), (0, BIAS, 9), (1, BIAS, 9), (1, LIMIT, 99)):
            yield {"lane": lane, "field": field, "value": value, "write": True}
        yield from ({} for _ in range(60))

    model, history = play(Parallel(lanes=2, bits=6, step=4), stimuli)
    assert not history.any() and model.lit.tolist() == [True, False]


def test_reset():
    """Dark in the next clock; then all settings are 0, and enable alone gives no light."""
    dut, reset = Parallel(lanes=3, bits=6, step=63), Signal()
    control = dut.control

    async def put(ctx, lane, field, value):
        for port, setting in ((control.lane, lane), (control.field, field),
                              (control.value, value), (control.write, 1)):
            ctx.set(port, setting)
        await ctx.tick()
        ctx.set(control.write, 0)

    async def testbench(ctx):
        await ctx.tick().repeat(24)
        for lane in range(3):
            for field, value in ((BIAS, 9), (FALL, 5), (LIMIT, 99), (CONTROL, 21)):
                await put(ctx, lane, field, value)
        await ctx.tick().repeat(60)
        assert ctx.get(dut.output.codes[2].bias) == 9 and ctx.get(control.lit) == 7
        ctx.set(reset, 1)
        await ctx.tick()
        ctx.set(reset, 0)
        assert not any(ctx.get(port) for port in (
            dut.output.codes.as_value(), control.lit, control.control.as_value(), control.ready))
        await ctx.tick().repeat(24)
        assert ctx.get(control.ready)
        for lane in range(3):
            for field in range(7):
                ctx.set(control.lane, lane)
                ctx.set(control.field, field)
                await ctx.tick()
                assert ctx.get(control.q) == 0
            await put(ctx, lane, CONTROL, 1)
        await ctx.tick().repeat(60)
        assert ctx.get(control.lit) == 7 and not ctx.get(dut.output.codes.as_value())

    simulate(ResetInserter(reset)(dut), [testbench])


@pytest.mark.parametrize("settings, error, text", [
    ({"lanes": 1}, ValueError, "lanes must be 2 to 2048, not 1"),
    ({"lanes": 2.0}, TypeError, "lanes must be a whole number, not 2.0"),
    ({"lanes": 8, "bits": 2}, ValueError, "bits must be 3 to 12 per code, not 2"),
    ({"lanes": 8, "step": 64}, ValueError, "step must be 1 to 63, not 64"),
    ({"lanes": 8, "step": True}, TypeError, "step must be a whole number, not True"),
])
def test_bad_parameters(settings, error, text):
    with pytest.raises(error) as info:
        DriverControl(**settings)
    assert str(info.value) == text
