"""The management in a link, without its bus: it asks for light by itself, and takes it away.

What is read over the bus is in `tests/system/test_cmis.py`, the records in `test_lane_records.py`.
"""

from amaranth import ClockDomain, DomainRenamer, Module, Signal
from amaranth.sim import Simulator

from lampyris.cmis_link import CmisLink
from lampyris.config import LinkConfig

CONFIG = LinkConfig(name="two", lanes=2, spares=0, fec="none", marker_period=256, deskew_ui=64,
                    fibre_m=0, lane_rate_gbps=0.4, driver="parallel", cmis=True, cmis_clock_mhz=25)


def test_light():
    dut, m = CmisLink(CONFIG), Module()
    m.domains += [ClockDomain("tx"), ClockDomain("rx")]
    m.submodules.dut = DomainRenamer({"cmis": "sync"})(dut)
    stuck, answers = Signal(), Signal()
    m.d.comb += [dut.powered.eq(dut.power), dut.codes_done.eq(dut.codes_ask & answers),
                 dut.summary_done.eq(dut.summary_ask)]
    m.d.tx += dut.lit.eq(dut.light | stuck)

    async def testbench(ctx):
        async def shows(power, light):
            await ctx.tick().repeat(60)
            assert (ctx.get(dut.power), ctx.get(dut.light)) == (power, light)

        for wire in (dut.scl, dut.sda):
            ctx.set(wire, 1)
        ctx.set(dut.supply, 33_000)
        ctx.set(dut.link_up, 1)
        await shows(1, 0)               # the data path waits for the transmitter
        ctx.set(answers, 1)
        await shows(1, 1)
        ctx.set(stuck, 1)
        ctx.set(dut.low_power, 1)
        await shows(1, 0)               # and now until all is dark
        ctx.set(stuck, 0)
        await shows(0, 0)
        ctx.set(dut.low_power, 0)
        await shows(1, 1)
        assert not ctx.get(dut.loopback) and ctx.get(dut.interrupt_low)
        ctx.set(dut.fault, 0x42)
        await shows(0, 0)
        ctx.set(dut.fault, 0)           # it stays, until the host has reset it
        await shows(0, 0)

    simulator = Simulator(m)
    simulator.add_clock(40e-9)
    simulator.add_clock(20e-9, domain="tx")
    simulator.add_clock(23e-9, domain="rx")
    simulator.add_testbench(testbench)
    simulator.run()
