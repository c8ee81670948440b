"""One lane alone: markers of every gear and parity, with and without a scrambler.

`test_framer.py` tries whole frames of all lanes.
"""

import random

import numpy as np
import pytest
from amaranth import Const

from lampyris.framing.marker import body_check
from lampyris.framing.transmit_lane import TransmitLane
from lampyris.geometry import Geometry
from lampyris.sim.reference import Format
from lampyris.sim.reference.marker import build_markers, fold
from lampyris.sim.reference.scrambler import keystream
from lampyris.sim.streams import simulate


def common_check(ctx, base, message):
    """The part of the body's check that all lanes share."""
    return (ctx.get(body_check(None)) ^ ctx.get(body_check("base", Const(base, 16)))
            ^ ctx.get(body_check("message", Const(message & 0xFFFF, 16)))
            ^ ctx.get(body_check("sparing", Const(message >> 16, 1))))


@pytest.mark.parametrize("scrambler", [True, False], ids=["scrambled", "plain"])
@pytest.mark.parametrize("gear", [4, 5, 8, 10, 16])
def test_frames(gear, scrambler):
    sizes = {"lanes": 120, "spares": 16, "gear": gear, "marker_period": 128}
    fmt = Format(**sizes, scrambler=scrambler)
    geometry = Geometry(**sizes)
    dut = TransmitLane(geometry=geometry, scrambler=scrambler)
    assert dut.geometry is geometry
    rng = random.Random(gear)
    identity = rng.randrange(fmt.N)

    async def testbench(ctx):
        ctx.set(dut.identity, identity)
        parity = 0
        for _ in range(3):
            base, message = rng.randint(1, 0xFFFF), rng.getrandbits(17)
            slot = {"marker": 1, "base": base, "message": message & 0xFFFF,
                    "sparing": message >> 16,
                    "check": common_check(ctx, base, message)}
            marker = build_markers(fmt, base, message, parity)[:, identity].tolist()
            for index, symbol in enumerate(marker):
                ctx.set(dut.slot, {**slot, "index": index})
                ctx.set(dut.i, rng.getrandbits(gear))
                await ctx.tick()
                assert ctx.get(dut.o) == symbol
            key = keystream(fmt, base, np.array([identity]), fmt.P - fmt.M)[:, 0].tolist()
            ctx.set(dut.slot, {**slot, "marker": 0, "index": 0})
            sent = []
            for mask in key:
                payload = rng.getrandbits(gear)
                ctx.set(dut.i, payload)
                await ctx.tick()
                sent.append(payload ^ mask)
                assert ctx.get(dut.o) == sent[-1]
            parity = int(fold(np.bitwise_xor.reduce(np.array(sent, np.uint16))))

    simulate(dut, [testbench])
