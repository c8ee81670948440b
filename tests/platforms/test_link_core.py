"""The board's core over simulated wires: it comes up, carries packets, and tells of errors."""

import pytest
from amaranth import ClockDomain, Module, Signal
from amaranth.sim import Simulator

from lampyris.config import PRESETS
from lampyris.platforms.lane_io import LoopbackLaneIO
from lampyris.platforms.link_core import LinkCore

LANES = 2
CONFIG = PRESETS["uled8"].with_settings({
    "lanes": LANES, "ddr": True, "deskew_ui": 8, "marker_period": 128, "fibre_m": 0.0})


def test_link_and_pattern():
    """Two lanes with skew and an inversion: up, no errors; then a broken lane; then PRBS31."""
    core = LinkCore(CONFIG)
    wires = LoopbackLaneIO(LANES, bits=2, skew=(3, 0), inverted=0b10, tx_domain="bit",
                           rx_domain="bit")
    m = Module()
    for name in ("bit", "core"):
        m.domains += ClockDomain(name)
    m.submodules.core, m.submodules.wires = core, wires
    noise = Signal(2 * LANES)
    m.d.comb += [wires.lane.tx.eq(core.lane.tx ^ noise), core.lane.rx.eq(wires.lane.rx)]

    async def bench(ctx):
        async def watch(cycles):
            """Errors per lane and bad packets in that time."""
            errors, bad = [0] * LANES, 0
            for _ in range(cycles):
                await ctx.tick("core")
                for lane in range(LANES):
                    errors[lane] += ctx.get(core.errors) >> lane & 1
                bad += ctx.get(core.bad_packet)
            return errors, bad

        for _ in range(3000):
            await ctx.tick("core")
            if ctx.get(core.link_up):
                break
        assert ctx.get(core.link_up)
        assert ctx.get(core.locked) == 0b11
        before = ctx.get(core.packets)
        assert await watch(1000) == ([0, 0], 0)
        assert ctx.get(core.packets) - before > 10

        ctx.set(noise, 0b0001)  # lane 0, first bit of each clock: inverted
        errors, bad = await watch(200)
        assert (errors[0] > 0 or bad > 0) and errors[1] == 0
        ctx.set(noise, 0)

        ctx.set(core.pattern, 5)
        await watch(300)
        # Lane 1 arrives inverted, and an inverted PRBS31 is not one.
        errors, bad = await watch(300)
        assert errors[0] == 0 and errors[1] > 0 and bad == 0
        assert ctx.get(core.locked) == 0b01

    simulator = Simulator(m)
    simulator.add_clock(10e-9, domain="bit")
    simulator.add_clock(40e-9, domain="core")
    simulator.add_testbench(bench)
    simulator.run()


def test_word_view_is_refused():
    with pytest.raises(ValueError) as caught:
        LinkCore(CONFIG.with_settings({"view": "word", "ddr": False}))
    assert str(caught.value) == 'a board needs a link with view = "serial", not "word"'
