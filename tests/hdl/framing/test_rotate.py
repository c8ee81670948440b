import random

import pytest
from amaranth import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lampyris.framing.rotate import granules_of, rotate_granules
from lampyris.sim.streams import simulate


class Rotator(wiring.Component):
    def __init__(self, size):
        self._size = size
        super().__init__({"i": In(32 * size), "amount": In(range(size)), "o": Out(32 * size)})

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.o.eq(rotate_granules(m, self.i, self.amount, "level"))
        return m


@pytest.mark.parametrize("size", [2, 3, 4, 5, 7, 31, 32, 40])
def test_every_amount(size):
    dut, rng = Rotator(size), random.Random(size)

    async def testbench(ctx):
        for amount in range(size):
            granules = [rng.getrandbits(32) for _ in range(size)]
            ctx.set(dut.i, sum(granule << 32 * i for i, granule in enumerate(granules)))
            ctx.set(dut.amount, amount)
            await ctx.delay(1e-9)
            row = ctx.get(dut.o)
            assert [row >> 32 * (i + amount) % (32 * size) & 0xFFFF_FFFF
                    for i in range(size)] == granules

    simulate(dut, [testbench])


def test_granules():
    dut = Rotator(3)
    assert [len(granule) for granule in granules_of(dut.i)] == [32, 32, 32]

    async def testbench(ctx):
        ctx.set(dut.i, 1 | 2 << 32 | 3 << 64)
        assert [ctx.get(granule) for granule in granules_of(dut.i)] == [1, 2, 3]

    simulate(dut, [testbench])
