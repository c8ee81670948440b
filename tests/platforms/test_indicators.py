"""The LEDs."""

import pytest
from amaranth.sim import Simulator

from lampyris.platforms.indicators import Indicators


def _run(dut, bench):
    simulator = Simulator(dut)
    simulator.add_clock(40e-9)
    simulator.add_testbench(bench)
    simulator.run()


def test_leds():
    dut = Indicators(6, heartbeat_bits=3)

    async def bench(ctx):
        async def shown(errors=0, **changes):
            """LEDs after one clock with `errors` and one to show them."""
            for name, value in changes.items():
                ctx.set(getattr(dut, name), value)
            ctx.set(dut.errors, errors)
            await ctx.tick()
            ctx.set(dut.errors, 0)
            await ctx.tick()
            return ctx.get(dut.leds) & ~0b1000

        assert await shown() == 0
        assert await shown(link_up=1) == 0b0000_0001
        assert await shown(locked=0b011111) == 0b0000_0001
        assert await shown(locked=0b111111) == 0b0000_0011
        assert await shown(errors=0b100100) == 0b0010_0111  # two lanes
        assert await shown() == 0b0010_0111                 # stays
        assert await shown(by_lane=1) == 0b0110_0111        # lanes 2 and 5: LEDs 4 + 2, 4 + 1
        assert await shown(by_lane=0, errors=0b111111) == 0b1000_0111
        assert await shown(errors=0b111111) == 0b1110_0111
        assert await shown(errors=0b111111) == 0b1111_0111  # 20 errors: 15
        assert await shown(errors=0b000001) == 0b1111_0111
        assert await shown(clear=1) == 0b0000_0011
        assert await shown(clear=0, by_lane=1) == 0b0000_0011

    _run(dut, bench)


def test_heartbeat():
    dut = Indicators(1, heartbeat_bits=3)
    seen = []

    async def bench(ctx):
        for _ in range(33):
            seen.append(ctx.get(dut.leds) >> 3 & 1)
            await ctx.tick()

    _run(dut, bench)
    assert seen[1:] == [0, 0, 0, 0, 1, 1, 1, 1] * 4


@pytest.mark.parametrize(("parameters", "sentence"), [
    ({"lanes": 0}, "lanes = 0 must be a whole number of 1 or more"),
    ({"lanes": 8, "heartbeat_bits": 0}, "heartbeat_bits = 0 must be 1 or more"),
])
def test_wrong_parameters(parameters, sentence):
    with pytest.raises(ValueError) as caught:
        Indicators(**parameters)
    assert str(caught.value) == sentence
