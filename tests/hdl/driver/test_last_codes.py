"""What a lane's driver got last, while codes go by."""

import random

from lampyris.driver.last_codes import LastCodes
from lampyris.sim.streams import simulate


def test_codes():
    lanes, bits = 5, 4
    dut, rng = LastCodes(lanes=lanes, bits=bits), random.Random(1)
    given = {}

    async def goes_by(ctx):
        lane = lanes - 1
        while True:
            taken = rng.random() < 0.3
            codes = {name: rng.getrandbits(bits) for name in ("bias", "modulation", "rise", "fall")}
            ctx.set(dut.taken, taken)
            ctx.set(dut.codes_lane, lane)
            ctx.set(dut.codes, codes)
            await ctx.tick()
            if taken:
                given.setdefault(lane, []).append((codes["bias"], codes["modulation"]))
                lane = (lane - 1) % lanes

    async def testbench(ctx):
        for turn in range(200):
            lane = rng.randrange(lanes)
            ctx.set(dut.lane, lane)
            ctx.set(dut.ask, 1)
            have = len(given.get(lane, []))
            await ctx.tick()
            clocks = 1
            while not ctx.get(dut.done):
                await ctx.tick()
                clocks += 1
            assert len(given) == lanes
            assert clocks <= 2 or turn == 0
            assert tuple(ctx.get(getattr(dut.o, name)) for name in ("bias", "modulation")) in (
                given[lane][max(0, have - 1):])
            await ctx.tick()
            ctx.set(dut.ask, 0)
            await ctx.tick().repeat(rng.randrange(1, 9))

    simulate(dut, [testbench], background=[goes_by], cycles=10_000)
