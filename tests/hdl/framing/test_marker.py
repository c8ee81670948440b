import random

import numpy as np
import pytest
from amaranth import Const, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lampyris.framing.marker import Body, body_check, check_step, fold_parity, sync_symbols
from lampyris.geometry import Geometry
from lampyris.sim.reference import Format
from lampyris.sim.reference.marker import build_markers, fold
from lampyris.sim.streams import simulate

GEARS = [4, 5, 8, 10, 12, 16]


def pair(gear):
    """The same link for the RTL and for the model; one lane for each identity."""
    sizes = {"lanes": 1800, "spares": 200, "gear": gear, "marker_period": 256}
    return Geometry(**sizes), Format(**sizes)


class Check(wiring.Component):
    """The three functions, as a block."""

    def __init__(self, gear):
        super().__init__({"body": In(Body), "check": Out(12), "symbol": In(gear), "fresh": In(1),
                          "left": Out(12), "folded": Out(8)})

    def elaborate(self, platform):
        m = Module()
        check = body_check(None)
        for field in ("identity", "sparing", "base", "message", "parity"):
            check = check ^ body_check(field, self.body[field])
        register = Signal(12)
        m.d.comb += [self.check.eq(check), self.left.eq(register),
                     self.folded.eq(fold_parity(self.symbol))]
        m.d.sync += register.eq(check_step(register, self.symbol))
        with m.If(self.fresh):
            m.d.sync += register.eq(check_step(Const(0xFFF, 12), self.symbol))
        return m


@pytest.mark.parametrize("gear", GEARS)
def test_sync(gear):
    geometry, fmt = pair(gear)
    assert sync_symbols(geometry) == build_markers(fmt, 1)[:fmt.Ms, 0].tolist()


@pytest.mark.parametrize("gear", GEARS)
def test_check(gear):
    """The check of a body from its fields; 0 is left in the register of who reads it."""
    _, fmt = pair(gear)
    dut, rng = Check(gear), random.Random(gear)

    async def testbench(ctx):
        for _ in range(40):
            lane, base, message = rng.randrange(fmt.N), rng.getrandbits(16), rng.getrandbits(17)
            parity = rng.getrandbits(8)
            symbols = build_markers(fmt, base, message, parity)[fmt.Ms:, lane].tolist()
            bits = sum(symbol << index * gear for index, symbol in enumerate(symbols))
            assert bits >> 64 == 0
            ctx.set(dut.body, {"identity": lane, "sparing": message >> 16, "base": base,
                               "message": message & 0xFFFF, "parity": parity, "check": 0})
            hurt = rng.choice((None, rng.randrange(64)))
            for index in range(fmt.Mb):
                symbol = bits >> index * gear & (1 << gear) - 1
                if hurt is not None and hurt // gear == index:
                    symbol ^= 1 << hurt % gear
                ctx.set(dut.symbol, symbol)
                ctx.set(dut.fresh, index == 0)
                await ctx.tick()
            assert ctx.get(dut.check) == bits >> 52 & 0xFFF
            assert (ctx.get(dut.left) == 0) == (hurt is None)

    simulate(dut, [testbench])


@pytest.mark.parametrize("gear", GEARS)
def test_fold(gear):
    dut, rng = Check(gear), random.Random(gear)

    async def testbench(ctx):
        for _ in range(50):
            symbol = rng.getrandbits(gear)
            ctx.set(dut.symbol, symbol)
            await ctx.tick()
            assert ctx.get(dut.folded) == fold(np.array([symbol], np.uint16))[0]

    simulate(dut, [testbench])


def test_bad_parameters():
    with pytest.raises(ValueError, match=r"^base has 16 bits, not 15$"):
        body_check("base", Signal(15))
