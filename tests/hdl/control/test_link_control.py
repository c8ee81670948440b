"""From dark to traffic and back: what the link waits for, and what it says when it falls."""

import pytest

from lampyris.control.link_control import DownReason, LinkControl
from lampyris.geometry import Geometry
from lampyris.sim.streams import simulate

CODED = Geometry(lanes=4, parity=2, spares=1, gear=8, marker_period=128)
PLAIN = Geometry(lanes=4, spares=1, gear=8, marker_period=128)
ROUND, FRAME = 24, 128
PATIENCE = 11 * FRAME       # gear + 3 frames


def run(geometry, script):
    """Run ``script(lanes, wait)``: `lanes` is the state of the lanes; ``await wait(name, cycles)``
    until an output is 1 and returns the cycles it took, -1 if it did not come."""
    dut, everyone = LinkControl(geometry=geometry, settling=70), (1 << geometry.physical_lanes) - 1
    code = (1 << geometry.code_lanes) - 1
    lanes = {"locked": 0, "reach": everyone, "dead": 0, "doubled": 0, "hope": 0}

    async def testbench(ctx):
        cycle, joined = 0, 0

        async def wait(name, cycles, value=1):
            nonlocal cycle, joined
            for count in range(cycles):
                if ctx.get(getattr(dut, name)) == value:
                    return count
                # Lanes join within a frame of `run`; the rounds of the order see who has.
                run = ctx.get(dut.run)
                joined = (joined if cycle % FRAME else lanes["reach"]) if run else 0
                joined &= lanes["locked"] & lanes["reach"]
                live = joined if run else lanes["locked"]
                ctx.set(dut.locked, lanes["locked"])
                ctx.set(dut.joined, joined)
                ctx.set(dut.dead, lanes["dead"])
                ctx.set(dut.hope, lanes["hope"])
                ctx.set(dut.crowded, run and joined != everyone and cycle % FRAME == 40)
                ctx.set(dut.done, cycle % ROUND == 0)
                if cycle % ROUND == 0:
                    ctx.set(dut.lost, (code & ~live).bit_count() + lanes["doubled"])
                    ctx.set(dut.doubled, lanes["doubled"])
                await ctx.tick()
                cycle += 1
            return -1

        async def reason():
            await wait("up", 2, value=2)        # never: two cycles
            return DownReason(ctx.get(dut.reason))

        await script(lanes, wait, reason)

    simulate(dut, [testbench], cycles=100_000)


@pytest.mark.parametrize("geometry", [CODED, PLAIN], ids=["word", "none"])
def test_all_lanes(geometry):
    async def script(lanes, wait, reason):
        assert await reason() == DownReason.RESET
        for lane in range(geometry.physical_lanes):
            assert await wait("run", 30) == -1
            lanes["locked"] |= 1 << lane
        assert 0 <= await wait("run", 2 * ROUND) <= ROUND + 2
        assert 0 <= await wait("start", 2 * FRAME) <= FRAME + 2
        assert 0 <= await wait("up", 300) <= 2 * ROUND + geometry.code_lanes + 68
        assert await reason() == DownReason.NONE

    run(geometry, script)


def test_missing_lanes_are_waited_for_but_not_for_ever():
    async def script(lanes, wait, reason):
        lanes["locked"] = 0b1101011             # two of the code's lanes are dark
        assert PATIENCE - ROUND <= await wait("run", 2 * PATIENCE) <= PATIENCE + 2 * ROUND
        assert await wait("up", 4 * FRAME) >= 0
        lanes["locked"] = 0b1100011             # one more than the code can do without
        assert 0 <= await wait("up", 100, value=0) <= ROUND + 2
        assert await reason() == DownReason.LANE
        assert await wait("run", 2 * PATIENCE) == -1, "too few lanes"

    run(CODED, script)


def test_hope_keeps_the_link_down():
    async def script(lanes, wait, reason):
        lanes["locked"], lanes["hope"] = 0b1101011, 1
        assert await wait("run", 3 * PATIENCE) == -1
        lanes["hope"] = 0
        assert PATIENCE - ROUND <= await wait("run", 2 * PATIENCE) <= PATIENCE + 2 * ROUND
        assert await wait("up", 4 * FRAME) >= 0

    async def all_there(lanes, wait, reason):
        lanes["locked"], lanes["hope"] = 0b1111111, 1
        assert await wait("run", 3 * PATIENCE) == -1
        lanes["hope"] = 0
        assert 0 <= await wait("run", 2 * ROUND) <= ROUND + 2

    run(CODED, script)
    run(CODED, all_there)


def test_known_dead_lanes_are_not_waited_for():
    async def script(lanes, wait, reason):
        lanes["locked"], lanes["dead"] = 0b1101011, 0b0010100
        assert 0 <= await wait("run", 3 * ROUND)
        assert await wait("up", 4 * FRAME) >= 0

    run(CODED, script)


def test_a_missing_spare_does_not_matter():
    async def script(lanes, wait, reason):
        lanes["locked"] = 0b01111
        assert await wait("run", 2 * PATIENCE) >= 0
        assert await wait("up", 4 * FRAME) >= 0
        lanes["locked"] = 0b01110
        assert await wait("up", 100, value=0) >= 0
        assert await reason() == DownReason.LANE

    run(PLAIN, script)


def test_identities():
    async def script(lanes, wait, reason):
        lanes["locked"], lanes["doubled"] = 0b11111, 1
        assert await wait("run", 2 * PATIENCE) == -1
        assert await reason() == DownReason.IDENTITY
        lanes["doubled"] = 0
        assert await wait("up", 2 * PATIENCE) >= 0

    run(PLAIN, script)


def test_skew():
    """Without FEC a lane out of reach keeps the link down; with FEC it is done without."""
    async def down(lanes, wait, reason):
        lanes["locked"], lanes["reach"] = 0b11111, 0b11011
        assert await wait("start", 6 * FRAME) == -1
        assert await reason() == DownReason.SKEW
        lanes["reach"] = 0b11111
        assert await wait("up", 2 * PATIENCE) >= 0

    async def done_without(lanes, wait, reason):
        lanes["locked"], lanes["reach"] = 0b1111111, 0b1111011
        assert await wait("start", 2 * FRAME) == -1
        assert await wait("up", 6 * FRAME) >= 0
        lanes["reach"] = 0b1001011
        assert await wait("up", 100, value=0) >= 0
        assert await reason() == DownReason.SKEW

    run(PLAIN, down)
    run(CODED, done_without)
