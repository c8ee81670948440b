"""The first settings of the drivers: in order, once, and never in somebody else's way."""

import random

from lampyris.driver.light_up import LightUp
from lampyris.sim.streams import simulate

LANES = 3
CODES = {"bias": 5, "modulation": 20, "rise": 3, "fall": 4}
LIMIT = 40
FIRST = [(5, LIMIT), (1, 5), (2, 20), (3, 3), (4, 4), (0, 1)]


def run(wait: int, share: float, seed: int = 1, compensated: bool = False):
    """Writes of the block after `wait` clocks without `ready`, with somebody else's in between."""
    dut, rng = LightUp(lanes=LANES, bits=6, compensated=compensated), random.Random(seed)
    seen, others = [], []

    async def testbench(ctx):
        ctx.set(dut.codes, CODES)
        ctx.set(dut.limit, LIMIT)
        if compensated:
            ctx.set(dut.compensation, {"ageing": 1})
        ctx.set(dut.start, 1)
        for clock in range(200):
            ctx.set(dut.ready, clock >= wait)
            other = (rng.randrange(LANES), rng.randrange(8), rng.getrandbits(8),
                     int(rng.random() < share))
            for name, value in zip(("lane", "field", "value", "write"), other, strict=True):
                ctx.set(getattr(dut, name), value)
            ctx.set(dut.start, clock < wait + 1 or rng.random() < 0.5)
            out = tuple(ctx.get(getattr(dut, f"o_{name}"))
                        for name in ("lane", "field", "value", "write"))
            if other[3]:
                assert out == other         # who writes goes first
                others.append(other)
            elif out[3]:
                seen.append((clock, *out[:3]))
            else:
                assert out == other         # and who reads, when there is nothing to write
            done = ctx.get(dut.done)
            assert done == (len(seen) == (6 + compensated) * LANES) or seen[-1][0] == clock
            await ctx.tick()

    simulate(dut, [testbench])
    return seen, others


def test_alone():
    """A lane after the other, the enable last; a setting per clock."""
    seen, _ = run(wait=10, share=0)
    assert [entry[1:] for entry in seen] == [
        (lane, field, value) for lane in range(LANES) for field, value in FIRST]
    assert [entry[0] for entry in seen] == list(range(11, 11 + 6 * LANES))


def test_compensated():
    seen, _ = run(wait=0, share=0.2, compensated=True)
    assert [entry[1:] for entry in seen] == [
        (lane, field, value) for lane in range(LANES) for field, value in [(7, 2), *FIRST]]


def test_among_others():
    seen, others = run(wait=0, share=0.6)
    assert [entry[1:] for entry in seen] == [
        (lane, field, value) for lane in range(LANES) for field, value in FIRST]
    assert len(others) > 50
