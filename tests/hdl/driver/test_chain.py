"""The serial chain: what is sent, when it counts, what comes back."""

import numpy as np
import pytest
from amaranth import ClockDomain, DomainRenamer, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from lampyris.driver.chain import ChainSender, ChainStage
from lampyris.driver.control import DriverControl
from lampyris.driver.fields import Field
from lampyris.sim.reference.driver import frame_bits
from lampyris.sim.streams import simulate

BITS = 4
SETTINGS = {Field.BIAS: 3, Field.MODULATION: 9, Field.RISE: 2, Field.FALL: 1, Field.LIMIT: 13}
CODES = [3, 9, 1, 1]        # what they come to


class Array(wiring.Component):
    """Control, sender, and the stages of all lanes on a clock of their own."""

    shutdown: Signal
    open: Signal
    short: Signal

    def __init__(self, *, lanes, half, step=15):
        self.lanes = lanes
        self.control = DriverControl(lanes=lanes, bits=BITS, step=step)
        self.sender = ChainSender(lanes=lanes, bits=BITS, half=half)
        self.stages = [ChainStage(bits=BITS) for _ in range(lanes)]
        super().__init__({"shutdown": In(1), "open": In(lanes), "short": In(lanes)})

    def elaborate(self, platform):
        m = Module()
        control, sender = self.control, self.sender
        m.submodules.control, m.submodules.sender = control, sender
        m.domains.sclk = clock = ClockDomain(reset_less=True, local=True)
        wiring.connect(m, control.o, sender.i)
        m.d.comb += [
            clock.clk.eq(sender.sclk),
            sender.shutdown.eq(self.shutdown), control.shutdown.eq(sender.hold),
            control.open.eq(sender.open), control.short.eq(sender.short),
            sender.sback.eq(self.stages[-1].o),
        ]
        before = sender.sdata
        for lane, stage in enumerate(self.stages):
            m.submodules[f"stage{lane}"] = DomainRenamer("sclk")(stage)
            m.d.comb += [
                stage.i.eq(before), stage.latch.eq(sender.latch), stage.blank.eq(sender.blank),
                stage.open.eq(self.open[lane]), stage.short.eq(self.short[lane]),
            ]
            before = stage.o
        return m


def codes_of(ctx, dut):
    values = [ctx.get(stage.codes.as_value()) for stage in dut.stages]
    return [[value >> BITS * place & ((1 << BITS) - 1) for place in range(4)] for value in values]


async def put(ctx, control, lane, field, value):
    for port, setting in ((control.lane, lane), (control.field, field), (control.value, value),
                          (control.write, 1)):
        ctx.set(port, setting)
    await ctx.tick()
    ctx.set(control.write, 0)


async def bring_up(ctx, dut, settings=SETTINGS):
    """Light all lanes, and wait until that has come through."""
    await ctx.tick().repeat(8 * dut.lanes)
    for lane in range(dut.lanes):
        for field, value in settings.items():
            await put(ctx, dut.control, lane, field, value)
        await put(ctx, dut.control, lane, Field.CONTROL, 1)
    await ctx.tick().repeat(3 * dut.sender.frame)


@pytest.mark.parametrize("lanes, half", [(2, 1), (5, 1), (3, 3)])
def test_frames(lanes, half):
    """The bits between two latches are the model's, and all stages have them after the second."""
    dut = ChainSender(lanes=lanes, bits=BITS, half=half)
    rng = np.random.default_rng(lanes)
    frames = rng.integers(1 << BITS, size=(6, lanes, 4))
    bits, latches, was = [], [], 0

    async def source(ctx):
        for frame in frames:
            for lane in reversed(range(lanes)):
                ctx.set(dut.i.payload.lane, lane)
                ctx.set(dut.i.payload.codes.as_value(), sum(
                    int(code) << BITS * place for place, code in enumerate(frame[lane])))
                ctx.set(dut.i.valid, 1)
                await ctx.tick().until(dut.i.ready)
        ctx.set(dut.i.valid, 0)

    async def testbench(ctx):
        nonlocal was
        for clock in range(6 * dut.frame + 10):
            now = ctx.get(dut.sclk)
            if now and not was:
                if ctx.get(dut.latch):
                    latches.append(clock)
                    bits.append(-1)
                else:
                    bits.append(ctx.get(dut.sdata))
            was = now
            await ctx.tick()

    simulate(dut, [source, testbench])
    assert bits == [bit for frame in frames for bit in [*frame_bits(frame, BITS), -1]]
    assert np.diff(latches).tolist() == [dut.frame] * 5


async def clocks_until(ctx, dut, lane, peak):
    """Clocks until the lane's peak is no more than that, within 4 frames, and stays so."""
    late = 0
    for clock in range(4 * dut.sender.frame):
        if sum(codes_of(ctx, dut)[lane][:3]) > peak:
            late = clock + 1
        await ctx.tick()
    return late


async def cause_darkness(ctx, dut, cause, lane):
    """Begins a cause, one clock long if it is not to stay. For the limit, darkness is 5."""
    if cause == "disabled":
        await put(ctx, dut.control, lane, Field.CONTROL, 0)
    elif cause == "limit":
        await put(ctx, dut.control, lane, Field.LIMIT, 5)
    else:
        ctx.set(getattr(dut, cause), 1 << lane if cause in ("open", "short") else 1)
        await ctx.tick()


async def restore(ctx, dut, lane):
    for port in (dut.open, dut.short, dut.shutdown):
        ctx.set(port, 0)
    await ctx.tick().repeat(2 * dut.sender.frame)       # until the stage has said that all is well
    for field, value in ((Field.STATUS, 6), (Field.LIMIT, SETTINGS[Field.LIMIT]),
                         (Field.CONTROL, 1)):
        await put(ctx, dut.control, lane, field, value)
    await ctx.tick().repeat(2 * dut.sender.frame)


@pytest.mark.parametrize("cause, frames", [
    ("disabled", 2), ("limit", 2), ("open", 3), ("short", 3), ("shutdown", 0),
])
def test_dark_in_time(cause, frames):
    """Wherever in a frame the cause comes, the latest place included; others keep their light."""
    dut = Array(lanes=3, half=1)
    frame = dut.sender.frame
    late = []

    async def testbench(ctx):
        await bring_up(ctx, dut)
        for place in (1, 40, 70, frame - 2, frame - 1, frame):
            for lane in range(3):
                await ctx.tick().until(dut.sender.latch & dut.sender.sclk)
                await ctx.tick().repeat(place)
                assert codes_of(ctx, dut) == [CODES] * 3
                await cause_darkness(ctx, dut, cause, lane)
                late.append(1 + await clocks_until(ctx, dut, lane, 5 if cause == "limit" else 0))
                others = codes_of(ctx, dut)
                del others[lane]
                assert others == [CODES] * 2 or cause == "shutdown"
                await restore(ctx, dut, lane)

    simulate(dut, [testbench], cycles=10**6)
    bound = max(1, frames * frame)
    assert bound - 1 <= max(late) <= bound


def test_all_lanes_at_once():
    """Codes change in the clocks of a latch only, for all lanes, whatever is written meanwhile."""
    dut = Array(lanes=3, half=2)
    changes = []

    async def testbench(ctx):
        await bring_up(ctx, dut)
        rng = np.random.default_rng(1)
        before = codes_of(ctx, dut)
        for clock in range(8 * dut.sender.frame):
            ctx.set(dut.control.write, clock % 50 < 3)
            ctx.set(dut.control.lane, clock % 50)
            ctx.set(dut.control.field, Field.BIAS)
            ctx.set(dut.control.value, 3 + clock // 50 % 2 * int(rng.integers(1, 5)))
            latching = ctx.get(dut.sender.latch) and not ctx.get(dut.sender.sclk)
            await ctx.tick()
            after = codes_of(ctx, dut)
            if after != before:
                assert latching and ctx.get(dut.sender.sclk)
                changes.append(sum(a != b for a, b in zip(after, before, strict=True)))
            before = after

    simulate(dut, [testbench])
    assert len(changes) > 5 and max(changes) > 1


@pytest.mark.parametrize("place", [1, 30, 130, 200, 201, 202, 203])
def test_shutdown_of_one_clock(place):
    """Dark at once, for a frame at least, until all stages have the beginning of a new ramp."""
    dut = Array(lanes=3, half=2, step=4)
    peaks = []

    async def testbench(ctx):
        await bring_up(ctx, dut)
        await ctx.tick().repeat(4 * dut.sender.frame)
        await ctx.tick().until(dut.sender.latch & dut.sender.sclk)
        await ctx.tick().repeat(place)
        assert codes_of(ctx, dut) == [CODES] * 3
        ctx.set(dut.shutdown, 1)
        await ctx.tick()
        ctx.set(dut.shutdown, 0)
        for _ in range(8 * dut.sender.frame):
            peaks.append([sum(codes[:3]) for codes in codes_of(ctx, dut)])
            await ctx.tick()

    simulate(dut, [testbench])
    ramp = np.array(peaks)
    # The first lane of a frame starts a frame later: in its turn, no frame had begun.
    assert np.unique(ramp, axis=0).tolist() == [[0, 0, 0], [4, 4, 0], [8, 8, 4], [12, 12, 8],
                                                [13, 13, 12], [13, 13, 13]]
    assert (np.diff(ramp, axis=0) >= 0).all()
    assert dut.sender.frame <= np.argmax(ramp[:, 0] > 0) <= 2 * dut.sender.frame


def test_faults_come_back():
    """Each to its lane and kind; and what is in the stages before the first latch is no fault."""
    dut = ChainSender(lanes=3, bits=BITS, half=1)
    told = []

    async def testbench(ctx):
        ctx.set(dut.i.valid, 1)
        ctx.set(dut.sback, 1)
        lane = 2
        for clock in range(3 * dut.frame):
            ctx.set(dut.i.payload.lane, lane)
            if ctx.get(dut.i.ready):
                lane = (lane - 1) % 3
            if ctx.get(dut.open) or ctx.get(dut.short):
                told.append((clock // dut.frame, ctx.get(dut.open), ctx.get(dut.short)))
            await ctx.tick()

    simulate(dut, [testbench])
    order = [(4, 0), (0, 4), (2, 0), (0, 2), (1, 0), (0, 1)]
    assert told == [(frame, *faults) for frame in (1, 2) for faults in order]


@pytest.mark.parametrize("kind, status", [("open", 2), ("short", 4)])
def test_a_stage_says_what_is_wrong(kind, status):
    dut = Array(lanes=3, half=3)
    found = []

    async def testbench(ctx):
        await bring_up(ctx, dut)
        for lane in range(3):
            await cause_darkness(ctx, dut, kind, lane)
            await ctx.tick().repeat(2 * dut.sender.frame)
            ctx.set(dut.control.field, Field.STATUS)
            for other in range(3):
                ctx.set(dut.control.lane, other)
                await ctx.tick()
                found.append((lane == other, ctx.get(dut.control.q)))
            await restore(ctx, dut, lane)

    simulate(dut, [testbench])
    assert set(found) == {(True, status), (False, 1)} and len(found) == 9


@pytest.mark.parametrize("half, error, text", [
    (0, ValueError, "half must be 1 to 256 clocks, not 0"),
    ("1", TypeError, "half must be a whole number, not '1'"),
])
def test_bad_parameters(half, error, text):
    with pytest.raises(error) as info:
        ChainSender(lanes=8, half=half)
    assert str(info.value) == text
