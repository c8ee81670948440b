"""The bank against the model: random accesses, random signals, all kinds of fields."""

import random

import pytest
from amaranth import Module

from lampyris.control.registers.bank import RegisterBank, port_name
from lampyris.control.registers.description import BANK_BYTES, Access, RegisterMap
from lampyris.control.registers.indexed import IndexedWords
from lampyris.sim.reference.registers import RegisterModel
from lampyris.sim.streams import simulate

INPUTS = (Access.STATUS, Access.COUNTER, Access.WINDOW)


class Bench:
    """A bank, its model, and accesses to both."""

    def __init__(self, bank, seed: int):
        self.bank, self.rng = bank, random.Random(seed)
        self.dut = RegisterBank(bank)
        self.model = RegisterModel(RegisterMap("map", "Map.", (bank,)).plain())
        self.pulses: list = []

    async def access(self, ctx, address: int, write: int = 0, data: int = 0, strobe: int = 15):
        """One access, answered after a random while; returns data, error and clocks."""
        dut = self.dut
        ctx.set(dut.i.payload, {"address": address, "write": write, "data": data,
                                "strobe": strobe})
        ctx.set(dut.i.valid, 1)
        await ctx.tick().until(dut.i.ready)
        ctx.set(dut.i.valid, 0)
        clocks = 1
        while not ctx.get(dut.o.valid):
            await ctx.tick()
            clocks += 1
        for _ in range(self.rng.choice((0, 0, 3))):
            await ctx.tick()
        answer = ctx.get(dut.o.payload)
        ctx.set(dut.o.ready, 1)
        await ctx.tick()
        ctx.set(dut.o.ready, 0)
        return answer.data, answer.error, clocks

    def drive(self, ctx):
        """New values for all inputs; flags are set for one clock by the caller."""
        for register, entry in self.bank.fields():
            if entry.access in INPUTS:
                key = (self.bank.name, register.name, entry.name)
                self.model.inputs[key] = self.rng.getrandbits(entry.width)
                ctx.set(getattr(self.dut, port_name(register, entry)), self.model.inputs[key])

    async def events(self, ctx):
        for register, entry in self.bank.fields():
            if entry.access is Access.FLAG:
                bits = self.rng.getrandbits(entry.width) & self.rng.getrandbits(entry.width)
                self.model.event(self.bank.name, register.name, entry.name, bits)
                ctx.set(getattr(self.dut, port_name(register, entry)), bits)
        await ctx.tick()
        for register, entry in self.bank.fields():
            if entry.access is Access.FLAG:
                ctx.set(getattr(self.dut, port_name(register, entry)), 0)

    def check_outputs(self, ctx):
        """What the design sees of the fields that are kept."""
        for register, entry in self.bank.fields():
            if entry.access is Access.READ_WRITE:
                word, _ = self.model.read(register.address)
                assert ctx.get(getattr(self.dut, port_name(register, entry))) == (
                    (word & entry.mask) >> entry.low), (register.name, entry.name)

    async def watch(self, ctx):
        """Pulses and writes to windows, which last one clock; a window keeps what is written."""
        watched = [(register, entry) for register, entry in self.bank.fields()
                   if entry.access in (Access.PULSE, Access.WINDOW)]
        while True:
            await ctx.tick()
            for register, entry in watched:
                name = port_name(register, entry)
                if entry.access is Access.PULSE:
                    bits = ctx.get(getattr(self.dut, name))
                    if bits:
                        self.pulses.append((self.bank.name, register.name, entry.name, bits))
                elif ctx.get(getattr(self.dut, f"{name}_write")):
                    new = ctx.get(getattr(self.dut, f"{name}_value"))
                    await ctx.tick()
                    assert not ctx.get(getattr(self.dut, f"{name}_write"))
                    ctx.set(getattr(self.dut, name), new)


def test_random_accesses(bank):
    bench = Bench(bank, 1)
    rng, dut, model = bench.rng, bench.dut, bench.model
    addresses = [*model.addresses, *model.addresses, 0x20, 0x20, 0x0C, 0x14, 0x50, 0xFF8]

    async def run(ctx):
        assert await bench.access(ctx, bank["setup"].address) == (bank["setup"].reset, 0, 4)
        for _ in range(400):
            if rng.random() < 0.3:
                bench.drive(ctx)
            if rng.random() < 0.3:
                await bench.events(ctx)
            address = rng.choice(addresses) + rng.randrange(4)
            if rng.random() < 0.5:
                data, strobe = rng.getrandbits(32), rng.choice((15, 15, rng.randrange(16)))
                error = model.write(address, data, strobe)
                got = await bench.access(ctx, address, 1, data, strobe)
                settle = 0 if error else next(
                    r.settle for r in bank.registers if r.address == address & ~3)
                assert got == (0, error, max(4, 3 + settle)), hex(address)
            else:
                assert await bench.access(ctx, address) == (*model.read(address), 4), hex(address)
            assert bench.pulses == model.pulses
            bench.check_outputs(ctx)
            await ctx.tick()
            assert ctx.get(dut.interrupt) == model.interrupt(bank.name)

    simulate(dut, [run], background=[bench.watch], cycles=40_000)
    assert len(model.pulses) > 10


def test_every_address(bank):
    """Nothing shows, or is changed, at a wrong address."""
    bench = Bench(bank, 2)

    async def run(ctx):
        for address in [*range(0, BANK_BYTES, 4 * 7), *range(0, 0x100, 4)]:
            data, error, _ = await bench.access(ctx, address)
            assert (data, error) == bench.model.read(address), hex(address)
            if bench.model.read(address)[1]:
                assert (await bench.access(ctx, address, 1, 0xFFFFFFFF))[1]
        for address in bench.model.addresses:
            assert (await bench.access(ctx, address))[:2] == bench.model.read(address)

    simulate(bench.dut, [run], cycles=30_000)


def test_snapshot_is_of_one_clock(bank):
    """A counter that runs on in two registers is read as it was in one clock."""
    bench = Bench(bank, 3)
    dut = bench.dut

    async def count(ctx):
        value = 0xFFFFFF00
        while True:
            ctx.set(dut.count_low_value, value & 0xFFFFFFFF)
            ctx.set(dut.count_high_value, value >> 32 & 0xFFFF)
            await ctx.tick()
            value += 0x123456789 if value & 1 else 1

    async def run(ctx):
        seen = set()
        for _ in range(40):
            await bench.access(ctx, 0x20, 1, 1)
            low, _, _ = await bench.access(ctx, 0x24)
            high, _, _ = await bench.access(ctx, 0x28)
            assert (await bench.access(ctx, 0x24))[0] == low
            seen.add(high << 32 | low)
        assert len(seen) == 40
        value, values = 0xFFFFFF00, set()
        for _ in range(4000):
            values.add(value & 0xFFFFFFFFFFFF)
            value += 0x123456789 if value & 1 else 1
        assert seen <= values

    simulate(dut, [run], background=[count])


@pytest.mark.parametrize("clock", range(6))
def test_flag_that_is_set_while_it_is_cleared(bank, clock):
    """Nothing that happens is lost: it is cleared after 2 clocks, and what comes then stays."""
    dut = RegisterBank(bank)

    async def run(ctx):
        ctx.set(dut.o.ready, 1)
        for write, expected in ((1, 0), (0, int(clock >= 2))):
            ctx.set(dut.i.payload, {"address": 0x40, "write": write, "data": 1, "strobe": 15})
            ctx.set(dut.i.valid, 1)
            for place in range(8):
                ctx.set(dut.events_one, write & (place == clock))
                if place == 4:
                    assert ctx.get(dut.o.valid)
                    assert ctx.get(dut.o.payload.data) == expected
                await ctx.tick()
                ctx.set(dut.i.valid, 0)

    simulate(dut, [run])


@pytest.mark.parametrize("count", [1, 5, 40])
def test_indexed_words(count):
    rng = random.Random(count)
    words = [rng.getrandbits(7) for _ in range(count)]
    dut, m = IndexedWords(width=7, init=words), Module()
    m.submodules.dut = dut

    async def run(ctx):
        for _ in range(200):
            index = rng.randrange(count + 2)
            ctx.set(dut.index, index)
            for _ in range(dut.latency):
                await ctx.tick()
            assert ctx.get(dut.q) == (words[index] if index < count else 0)
            value = rng.getrandbits(7)
            ctx.set(dut.value, value)
            ctx.set(dut.write, 1)
            await ctx.tick()
            ctx.set(dut.write, 0)
            if index < count:
                words[index] = value
            assert ctx.get(dut.o) == sum(word << 7 * place for place, word in enumerate(words))

    simulate(m, [run])
