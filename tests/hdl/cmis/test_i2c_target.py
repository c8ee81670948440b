"""The I2C target: transfers, what ends them, spikes, stretching."""

import random

import pytest
from amaranth import Cat, Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In

from lampyris.cmis.i2c_target import ByteAccess, I2cTarget, spike_clocks
from lampyris.sim.i2c import Controller
from lampyris.sim.streams import simulate

CLOCK = 25_000_000
SPIKES = spike_clocks(CLOCK)
HALF = 13                   # clocks: 1 MHz
CYCLES = 10_000_000


class Bus(wiring.Component):
    """Target, wires with pull-ups, and a memory that answers `delay` clocks after a fetch."""

    scl: Signal
    sda: Signal
    delay: Signal

    def __init__(self, **settings):
        self.target = I2cTarget(clock_hz=CLOCK, **settings)
        self.bytes = Signal(data.ArrayLayout(8, 256))
        self.taken = Signal(16)
        self.fetched = Signal(16)
        super().__init__({
            "scl": In(1, init=1), "sda": In(1, init=1), "delay": In(8)})
        self.seen_scl, self.seen_sda = Signal(init=1), Signal(init=1)

    def elaborate(self, platform):
        m = Module()
        m.submodules.target = target = self.target
        memory = target.memory
        wait = Signal(9)
        m.d.comb += [
            self.seen_scl.eq(self.scl & ~target.scl_low),
            self.seen_sda.eq(self.sda & ~target.sda_low),
            Cat(target.scl, target.sda).eq(Cat(self.wires())),
            memory.data.eq(self.bytes[memory.address]), memory.ready.eq(wait == 0),
        ]
        with m.If(wait != 0):
            m.d.sync += wait.eq(wait - 1)
        with m.If(memory.fetch):
            m.d.sync += [wait.eq(self.delay), self.fetched.eq(self.fetched + 1)]
        with m.If(memory.taken):
            m.d.sync += self.taken.eq(self.taken + 1)
        with m.If(memory.write):
            m.d.sync += self.bytes[memory.address].eq(memory.value)
        return m

    def wires(self):
        """What the target sees of them."""
        return self.seen_scl, self.seen_sda


def run(testbench, **settings):
    bus = Bus(**settings)

    async def bench(ctx):
        await testbench(ctx, bus, Controller(ctx, bus, HALF))

    simulate(bus, [bench], cycles=CYCLES)


async def contents(ctx, bus):
    return [ctx.get(bus.bytes[place]) for place in range(256)]


def test_write_and_read():
    async def testbench(ctx, bus, controller):
        assert await controller.write(0x10, 1, 2, 0xAB) == [True] * 5
        await controller.stop()
        assert await controller.write(0x11) == [True] * 2
        assert await controller.read(2) == [2, 0xAB]         # a repeated start
        await controller.stop()
        assert ctx.get(bus.taken) == 2
        assert await controller.read(1) == [0]               # the address after the last byte
        await controller.stop()
        await controller.write(0x20, 9)
        await controller.stop()
        await controller.write(0x20)
        assert await controller.read(1) == [9]
        await controller.stop()
        assert controller.stretched == 0
        for stopped in (False, True):               # a stop ends it
            await controller.write(0x20)
            if stopped:
                await controller.stop()
            assert ctx.get(bus.target.memory.busy) == (not stopped)
            assert await controller.put(9) == (not stopped)

    run(testbench)


@pytest.mark.parametrize("last, first", [(127, 0), (255, 128)])
def test_wrap(last, first):
    async def testbench(ctx, bus, controller):
        await controller.write(last, 3, 4)
        await controller.stop()
        assert ctx.get(bus.bytes[last]) == 3 and ctx.get(bus.bytes[first]) == 4
        await controller.write(last)
        assert await controller.read(2) == [3, 4]
        await controller.stop()

    run(testbench)


def test_other_device():
    """No acknowledge, no data, whatever comes after; then it listens again."""
    async def testbench(ctx, bus, controller):
        assert await controller.write(0x50, 0xA0, 7, device=0x51) == [False] * 4
        assert await controller.write(4, 7) == [True] * 3
        await controller.stop()
        assert [place for place, value in enumerate(await contents(ctx, bus)) if value] == [4]
        assert await controller.write(device=0x48) == [False]
        await controller.stop()

    run(testbench)


class NoisyBus(Bus):
    """With spikes between the wires and the target."""

    def __init__(self):
        super().__init__()
        self.spikes = (Signal(name="spike_scl"), Signal(name="spike_sda"))

    def wires(self):
        return self.seen_scl ^ self.spikes[0], self.seen_sda ^ self.spikes[1]


@pytest.mark.parametrize("length, survives", [(SPIKES - 1, True), (SPIKES, False)])
def test_spikes(length, survives):
    """Short ones do nothing, on either wire, in any part of a bit, in both directions."""
    bus = NoisyBus()
    rng = random.Random(1)

    async def spikes(ctx):
        while True:
            wire = rng.choice(bus.spikes)
            for level, clocks in ((1, length), (0, rng.randint(2 * SPIKES + 2, 20))):
                ctx.set(wire, level)
                for _ in range(clocks):
                    await ctx.tick()

    async def testbench(ctx):
        controller = Controller(ctx, bus, half=2 * HALF)
        values = [0x35, 0xCA]
        good = all(await controller.write(17, *values))
        good &= all(await controller.write(17))
        await controller.start()
        good &= await controller.put(0xA1)
        good &= [await controller.get(more) for more in (True, False)] == values
        await controller.stop()
        assert good == survives

    simulate(bus, [testbench], background=[spikes], cycles=CYCLES)


def test_stretching():
    async def testbench(ctx, bus, controller):
        await controller.write(0, 0x5A, 0xA5)
        ctx.set(bus.delay, 200)
        await controller.write(0)
        assert await controller.read(2) == [0x5A, 0xA5]
        await controller.stop()
        assert 150 < controller.stretched < 210 and ctx.get(bus.taken) == 2

    run(testbench)


@pytest.mark.parametrize("settings, longest", [({"patience": 20}, 40), ({"stretch": False}, 0)])
def test_late(settings, longest):
    """A byte that does not come is FFh, and has not been read: the address stays."""
    async def testbench(ctx, bus, controller):
        await controller.write(0, 0x5A, 0xA5)
        await controller.write(0)
        ctx.set(bus.delay, 120)
        assert await controller.read(1) == [0xFF]
        await controller.stop()
        assert ctx.get(bus.taken) == 0 and controller.stretched <= longest
        ctx.set(bus.delay, 0)
        assert await controller.read(2) == [0x5A, 0xA5]
        await controller.stop()

    run(testbench, **settings)


def test_byte_that_is_broken_off_has_not_happened():
    """By a stop or by a start; neither is read, written, or counted."""
    async def testbench(ctx, bus, controller):
        await controller.write(5, 0xFF)
        await controller.stop()
        for bits, end in ((0, controller.stop), (4, controller.start), (7, controller.stop)):
            await controller.write(5)
            await controller.start()
            await controller.put(0xA1)
            for _ in range(bits):
                await controller.bit(1)
            await end()
            assert ctx.get(bus.taken) == 0 and ctx.get(bus.target.memory.address) == 5
            await controller.write(5)
            for _ in range(bits):
                await controller.bit(0)
            await end()
        assert (await contents(ctx, bus))[5] == 0xFF

    run(testbench)


def test_longest_spike():
    """A pulse of 50 ns never covers as many edges of the clock as make a level."""
    for clock_hz in (25_000_000, 39_999_999, 100_000_000, 333_333_333):
        period = 1 / clock_hz
        edges = 1 + int(50e-9 / period)
        assert (edges - 1) * period <= 50e-9 < edges * period
        assert spike_clocks(clock_hz) == edges + 1


def test_nine_clocks_free_the_bus():
    """A controller that was reset in the middle of a read finds SDA low."""
    async def testbench(ctx, bus, controller):
        await controller.write(0, 0, 0)
        for bits in (0, 5):
            await controller.write(0)
            await controller.start()
            await controller.put(0xA1)
            for _ in range(bits):
                await controller.bit(1)
            for _ in range(9):
                await controller.bit(1)
            assert ctx.get(bus.seen_sda)
            await controller.stop()
            assert await controller.write(0) == [True] * 2

    run(testbench)


async def torture(ctx, bus, controller, rounds, rng):
    """Random wires, then a transfer that must do."""
    for _ in range(rounds):
        for _ in range(rng.randrange(60)):
            wire = rng.choice((bus.scl, bus.sda))
            ctx.set(wire, rng.randrange(2))
            await ctx.tick().repeat(rng.choice((1, 2, SPIKES, SPIKES + 1, HALF)))
        ctx.set(bus.sda, 1)
        ctx.set(bus.scl, 0)
        await controller.wait()
        for _ in range(9):
            await controller.bit(1)
        await controller.stop()
        place, value = rng.randrange(256), rng.randrange(256)
        assert await controller.write(place, value) == [True] * 3
        await controller.write(place)
        assert await controller.read(1) == [value]
        await controller.stop()


def test_random_wires():
    async def testbench(ctx, bus, controller):
        await torture(ctx, bus, controller, 3, random.Random(3))

    run(testbench)


@pytest.mark.full
def test_many_random_wires():
    async def testbench(ctx, bus, controller):
        await torture(ctx, bus, controller, 500, random.Random(4))

    run(testbench)


@pytest.mark.parametrize("settings, sentence", [
    ({"clock_hz": 20_000_000}, "clock_hz must be 25000000 to 10000000000 Hz, not 20000000"),
    ({"address": 0x78}, "address must be 8 to 119, not 120"),
    ({"patience": 0}, "patience must be 1 to 16777216 clocks, not 0"),
])
def test_bad_parameters(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        I2cTarget(**{"clock_hz": CLOCK, **settings})


def test_signature():
    assert ByteAccess.members["data"].flow == wiring.In
