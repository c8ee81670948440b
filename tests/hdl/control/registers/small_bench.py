"""cocotb bench: a small map behind AXI4-Lite and behind Wishbone, each with random accesses.

All inputs of the design are constants that the test names; its windows keep what is written.
"""

import random

import cocotb
from cocotb.triggers import ClockCycles, RisingEdge

from lampyris.sim.reference.registers import RegisterModel
from lampyris.sim.rtl.bench import parameters, read, reset, start_clock
from lampyris.sim.rtl.register_hosts import AxiLiteHost, WishboneHost

STROBES = (1, 2, 3, 4, 6, 7, 8, 12, 14, *(15,) * 9)


class Rig:
    """The design after a reset, its hosts, and a model for each."""

    def __init__(self, dut):
        self.dut, self.p = dut, parameters({})
        self.rng = random.Random(self.p["seed"])
        self.hosts = {"axil": AxiLiteHost(dut), "wb": WishboneHost(dut)}
        self.models = {bus: RegisterModel(self.p["map"]) for bus in self.hosts}
        for model in self.models.values():
            for bank, register, field, value in self.p["inputs"]:
                model.inputs[bank, register, field] = value

    async def begin(self):
        for domain, period in (("host", 10_000), ("tx", 7_300), ("rx", 3_100)):
            start_clock(getattr(self.dut, f"{domain}_clk"), period)
        await reset(self.dut)


@cocotb.test()
async def every_bus(dut):
    """Both buses at once; every register of every bank, and addresses without one."""
    rig = Rig(dut)
    await rig.begin()
    tasks = [cocotb.start_soon(accesses(rig, bus, random.Random(rig.rng.random())))
             for bus in rig.hosts]
    for task in tasks:
        await task


async def accesses(rig: Rig, bus: str, rng: random.Random):
    host, model = rig.hosts[bus], rig.models[bus]
    for address in model.addresses:
        assert await host.read(address) == model.read(address), f"{bus}, reset, {address:#x}"
    addresses = [*model.addresses, *model.addresses, 0x0C, 0x1FF0, 0x2050, 0x3000]
    for _ in range(rig.p["accesses"]):
        address = rng.choice(addresses)
        if rng.random() < 0.5:
            assert await host.read(address) == model.read(address), f"{bus}, {address:#x}"
        else:
            data, strobe = rng.getrandbits(32), rng.choice(STROBES)
            assert await host.write(address, data, strobe) == model.write(address, data, strobe)
            for bank, _, _, bits in model.pulses:
                model.event(bank, "events", "one", bits & 1)
                model.event(bank, "events", "many", bits & 31)
            model.pulses.clear()
        if rng.random() < 0.05:
            await ClockCycles(rig.dut.host_clk, 10)
            asked = any(model.interrupt(bank) for bank in ("host", "tx", "rx"))
            assert read(getattr(rig.dut, f"{bus}_interrupt")) == asked, f"{bus}, interrupt"


@cocotb.test()
async def many_at_once(dut):
    """AXI4-Lite: reads and writes side by side, with back pressure on both responses."""
    rig = Rig(dut)
    await rig.begin()
    host, rng = rig.hosts["axil"], rig.rng

    def stalls():
        while True:
            yield rng.random() < 0.6

    for channel in (host.master.read_if.r_channel, host.master.write_if.b_channel):
        channel.set_pause_generator(stalls())
    values = [rng.getrandbits(32) for _ in range(100)]
    writes = [cocotb.start_soon(host.write(0x1008, value)) for value in values]
    reads = [cocotb.start_soon(host.read(rng.choice((0x0, 0x1008, 0x3000)))) for _ in values]
    for task in writes:
        assert not await task
    for task in reads:
        value, error = await task
        assert (value, error) in ((0, True), (0x204C414D, False), (0x12345678, False)) or (
            value in values and not error)
    assert await host.read(0x1008) == (values[-1], False)
    await RisingEdge(dut.host_clk)
