"""AXI4-Lite and Wishbone against the model, with stalls everywhere, and their rules."""

import random

import pytest
from amaranth import Module, Signal
from amaranth.lib import wiring

from lampyris.control.registers.axi_lite import AxiLite
from lampyris.control.registers.bank import RegisterBank
from lampyris.control.registers.description import RegisterMap
from lampyris.control.registers.wishbone import Wishbone
from lampyris.sim.reference.registers import RegisterModel
from lampyris.sim.streams import simulate

BITS = 12


def system(bus, bank):
    """A bus in front of a bank, and the bank's model; the window keeps what is written."""
    m, dut = Module(), RegisterBank(bank)
    m.submodules.bus = bus
    m.submodules.bank = dut
    wiring.connect(m, bus.o, dut.i)
    wiring.connect(m, dut.o, bus.i)
    kept = Signal(11)
    m.d.comb += dut.window_entry.eq(kept)
    with m.If(dut.window_entry_write):
        m.d.sync += kept.eq(dut.window_entry_value)
    return m, RegisterModel(RegisterMap("map", "Map.", (bank,)).plain())


def accesses(rng, model, count):
    """Random accesses: address, data or None, strobe."""
    addresses = [*model.addresses, *model.addresses, 0x0C, 0x50]
    return [(rng.choice(addresses), rng.getrandbits(32) if rng.random() < 0.5 else None,
             rng.choice((15, 15, rng.randrange(16)))) for _ in range(count)]


async def handshake(ctx, rng, stall, valid, ready, drive=lambda: None):
    """Offer something after a random while, until it is taken."""
    while rng.random() < stall:
        await ctx.tick()
    drive()
    ctx.set(valid, 1)
    await ctx.tick().until(ready)
    ctx.set(valid, 0)


class Axi:
    """The channels of an AXI4-Lite master, each with a task of its own."""

    def __init__(self, bus, rng, stall):
        self.bus, self.rng, self.stall = bus, random.Random(rng.random()), stall
        self.queues = {name: [] for name in ("aw", "w", "ar")}
        self.answers = {"b": [], "r": []}

    def sender(self, name, *fields):
        async def run(ctx):
            queue, rng = self.queues[name], random.Random(self.rng.random())
            valid, ready = (getattr(self.bus, f"{name}{end}") for end in ("valid", "ready"))
            while True:
                if not queue:
                    await ctx.tick()
                    continue
                values = queue.pop(0)

                def drive(values=values):
                    for field, value in zip(fields, values, strict=True):
                        ctx.set(getattr(self.bus, field), value)
                await handshake(ctx, rng, self.stall, valid, ready, drive)
        return run

    def receiver(self, name, *fields):
        async def run(ctx):
            rng, before = random.Random(self.rng.random()), None
            valid, ready = (getattr(self.bus, f"{name}{end}") for end in ("valid", "ready"))
            signals = [getattr(self.bus, field) for field in fields]
            while True:
                willing = rng.random() >= self.stall
                ctx.set(ready, willing)
                _, _, offered, *values = await ctx.tick().sample(valid, *signals)
                assert before is None or (offered and values == before), "a response has changed"
                before = values if offered and not willing else None
                if offered and willing:
                    self.answers[name].append(tuple(values))
        return run

    @property
    def tasks(self):
        return [self.sender("aw", "awaddr"), self.sender("w", "wdata", "wstrb"),
                self.sender("ar", "araddr"), self.receiver("b", "bresp"),
                self.receiver("r", "rresp", "rdata")]


@pytest.mark.parametrize("stall", [0.0, 0.6])
def test_axi_lite(bank, stall):
    rng, bus = random.Random(7), AxiLite(address_bits=BITS)
    m, model = system(bus, bank)
    axi = Axi(bus, rng, stall)

    async def run(ctx):
        for address, data, strobe in accesses(rng, model, 100):
            if data is None:
                axi.queues["ar"].append((address,))
                while not axi.answers["r"]:
                    await ctx.tick()
                value, error = model.read(address)
                assert axi.answers["r"].pop() == (2 * error, value), hex(address)
            else:
                axi.queues["aw"].append((address,))
                axi.queues["w"].append((data, strobe))
                while not axi.answers["b"]:
                    await ctx.tick()
                assert axi.answers["b"].pop() == (2 * model.write(address, data, strobe),)

    simulate(m, [run], background=axi.tasks, cycles=60_000)


def test_axi_lite_many_at_once(bank):
    """Reads and writes that are all offered at once: each is answered, in its order."""
    rng, bus = random.Random(8), AxiLite(address_bits=BITS)
    m, _ = system(bus, bank)
    axi = Axi(bus, rng, 0.3)

    async def run(ctx):
        written = [rng.getrandbits(32) for _ in range(60)]
        axi.queues["aw"] += [(0x8,)] * 60
        axi.queues["w"] += [(value, 15) for value in written]
        axi.queues["ar"] += [(address,) for address in (0x8, 0x0, 0xC) * 20]
        while len(axi.answers["b"]) < 60 or len(axi.answers["r"]) < 60:
            await ctx.tick()
        assert axi.answers["b"] == [(0,)] * 60
        order = [0x12345678, *written]
        assert order.index(axi.answers["r"][0][1]) < 3, "reads waited for writes"
        last = 0
        for number, (response, value) in enumerate(axi.answers["r"]):
            if number % 3 == 0:
                assert response == 0 and value in order[last:], "a read is older than one before"
                last = order.index(value, last)
            else:
                assert (response, value) == ((0, 0x204C414D), (2, 0))[number % 3 - 1]
        assert last > 20, "writes waited for all reads"

    simulate(m, [run], background=axi.tasks, cycles=20_000)


def test_axi_lite_stuck_response(bank):
    """Nobody takes the write's response: reads go on."""
    bus = AxiLite(address_bits=BITS)
    m, _ = system(bus, bank)

    async def run(ctx):
        rng = random.Random(1)
        ctx.set(bus.rready, 1)
        for value in (1, 2):
            await handshake(ctx, rng, 0, bus.awvalid, bus.awready, lambda: ctx.set(bus.awaddr, 8))
            await handshake(ctx, rng, 0, bus.wvalid, bus.wready, lambda v=value: (
                ctx.set(bus.wdata, v), ctx.set(bus.wstrb, 15)))
            await ctx.tick().repeat(20)
        await handshake(ctx, rng, 0, bus.arvalid, bus.arready, lambda: ctx.set(bus.araddr, 8))
        (value,) = await ctx.tick().sample(bus.rdata).until(bus.rvalid)
        assert value == 1

    simulate(m, [run], cycles=500)


def test_wishbone(bank):
    """Cycles one after the other, with and without a pause, some given up."""
    rng, bus = random.Random(9), Wishbone(address_bits=BITS)
    m, model = system(bus, bank)
    given_up, patience = 0, 100

    async def run(ctx):
        nonlocal given_up, patience
        for address, data, strobe in accesses(rng, model, 200):
            value, error = model.read(address)
            if data is not None:
                value, error = 0, model.write(address, data, strobe)
            ctx.set(bus.cyc, 1)
            ctx.set(bus.stb, 1)
            ctx.set(bus.adr, address >> 2)
            ctx.set(bus.we, data is not None)
            ctx.set(bus.sel, strobe)
            ctx.set(bus.dat_w, data or 0)
            # One that waits for a cycle that was given up has not begun.
            gives_up = patience > 7 and rng.random() < 0.2
            patience = rng.randint(1, 7) if gives_up else 100
            for _ in range(patience):
                _, _, ack, err, read = await ctx.tick().sample(bus.ack, bus.err, bus.dat_r)
                if ack or err:
                    assert (bool(err), read if ack and data is None else value) == (error, value)
                    assert not (ack and err)
                    break
            else:
                given_up += 1
                ctx.set(bus.cyc, 0)
                ctx.set(bus.stb, 0)
                await ctx.tick()
                if ctx.get(bus.ack) or ctx.get(bus.err):    # it came in the clock of giving up
                    await ctx.tick()
            if rng.random() < 0.5:
                ctx.set(bus.stb, 0)
                for _ in range(rng.randint(1, 20)):
                    await ctx.tick()
                    assert not ctx.get(bus.ack) and not ctx.get(bus.err)

    simulate(m, [run], cycles=60_000)
    assert given_up > 10


@pytest.mark.parametrize("bus", [AxiLite, Wishbone])
def test_bad_parameters(bus):
    with pytest.raises(ValueError, match=r"^address_bits must be 3 to 32, not 2$"):
        bus(address_bits=2)
