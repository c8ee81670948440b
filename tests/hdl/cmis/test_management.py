"""The module in Amaranth's simulator: up to light, and a lane's record, over the bus.

`test_on_a_bus.py` is the thorough one.
"""

import pytest
from amaranth import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In

from lampyris.cmis.management import CmisManagement
from lampyris.sim.i2c import Controller
from lampyris.sim.reference import cmis
from lampyris.sim.streams import simulate

SETTINGS = {"clock_hz": 25_000_000, "lanes": 4, "data_lanes": 2, "spares": 1, "symbol_bits": 8,
            "width": 8}


class Board(wiring.Component):
    """The module with power and light that obey, and wires with pull-ups."""

    scl: Signal
    sda: Signal

    def __init__(self):
        self.module = CmisManagement(**SETTINGS)
        self.seen_scl, self.seen_sda = Signal(), Signal()
        super().__init__({"scl": In(1, init=1), "sda": In(1, init=1)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.module = module = self.module
        record = module.record
        m.d.comb += [
            self.seen_scl.eq(self.scl & ~module.scl_low),
            self.seen_sda.eq(self.sda & ~module.sda_low),
            module.scl.eq(self.seen_scl), module.sda.eq(self.seen_sda), module.answer.eq(1),
            module.supply.eq(33_000), module.link_up.eq(1),
            record.locked.eq(1), record.bias.eq(0x1200 + module.lane), record.bits.eq(100),
            record.errors.eq(module.lane),
        ]
        m.d.sync += [module.powered.eq(module.power), module.prepared.eq(module.prepare),
                     module.lit.eq(module.light)]
        return m


def test_over_the_bus():
    board = Board()

    async def testbench(ctx):
        controller = Controller(ctx, board, 13)
        await ctx.tick().repeat(1000)
        assert await controller.write(2) == [True] * 2
        assert (await controller.read(2))[1] >> 1 == 3      # ready
        await controller.write(126, 0, 0xC0)
        await controller.write(128 + 48)
        record = bytes(await controller.read(16))
        await controller.stop()
        lane = cmis.decode_lane(lambda page, byte, count: record, 3)
        assert lane.valid and lane.locked and lane.bias == 0x1203
        assert lane.rate == cmis.rate_code(3, 100) and lane.errors == 3
        assert ctx.get(board.module.light) == 1 and controller.stretched == 0

    simulate(board, [testbench], cycles=100_000)


def test_bad_parameters():
    with pytest.raises(ValueError, match="clock_hz must be 25000000 to"):
        CmisManagement(**{**SETTINGS, "clock_hz": 10_000_000})
