"""What the log says of states, falls and lanes, and when."""

import random

from lampyris.control.event_log import EventKind, EventLog
from lampyris.control.link_control import DownReason
from lampyris.control.training import LinkState
from lampyris.sim.streams import simulate

LANES, DEPTH = 4, 8


async def read(ctx, dut, index: int):
    """Time, kind and argument of an event."""
    ctx.set(dut.index, index)
    await ctx.tick().repeat(2)
    event = ctx.get(dut.event)
    return event.time, EventKind(event.kind), event.argument


def run(play, cycles: int = 4000):
    """``play(ctx, dut, locked)``; meanwhile the lanes are shown in turn, as `locked` has them."""
    dut, locked = EventLog(lanes=LANES, depth=DEPTH), [False] * LANES

    async def testbench(ctx):
        await play(ctx, dut, locked)

    async def window(ctx):
        lane = 0
        while True:
            ctx.set(dut.turn, lane)
            ctx.set(dut.locked, locked[lane])
            await ctx.tick()
            lane = (lane + 1) % LANES

    simulate(dut, [testbench], background=[window], cycles=cycles)


def test_empty():
    async def play(ctx, dut, locked):
        for index in range(DEPTH):
            assert await read(ctx, dut, index) == (0, EventKind.NONE, 0)
        assert ctx.get(dut.count) == 0

    run(play)


def test_all_at_once():
    """End of traffic, state and all lanes in one clock: each is written, in this order."""
    async def play(ctx, dut, locked):
        ctx.set(dut.state, LinkState.TRAFFIC)
        ctx.set(dut.up, 1)
        locked[:] = [True] * LANES
        await ctx.tick().repeat(3 * LANES)
        assert ctx.get(dut.count) == 1 + LANES
        for _ in range(5 * LANES):
            await ctx.tick()
        ctx.set(dut.state, LinkState.LOCK)
        ctx.set(dut.up, 0)
        ctx.set(dut.reason, DownReason.LANE)
        locked[:] = [False] * LANES
        await ctx.tick().repeat(4 * LANES)
        assert ctx.get(dut.count) == 3 + 2 * LANES
        events = [await read(ctx, dut, index) for index in reversed(range(2 + LANES))]
        kinds = [(kind, argument) for _, kind, argument in events]
        assert (EventKind.DOWN, DownReason.LANE.value) in kinds
        assert (EventKind.STATE, LinkState.LOCK.value) in kinds
        assert sorted(argument for kind, argument in kinds
                      if kind == EventKind.UNLOCKED) == list(range(LANES))
        times = [time for time, *_ in events]
        assert times == sorted(set(times)) and times[-1] - times[0] <= 3 * LANES

    run(play)


def test_random():
    """The last ones of many, against a list; those before are gone."""
    rng = random.Random(3)

    async def play(ctx, dut, locked):
        wanted = []
        for _ in range(40):
            lane = rng.randrange(LANES)
            locked[lane] = not locked[lane]
            wanted.append((EventKind.LOCKED if locked[lane] else EventKind.UNLOCKED, lane))
            await ctx.tick().repeat(LANES + 2)
            if rng.random() < 0.3:
                state = rng.choice([s for s in LinkState if s != ctx.get(dut.state)])
                ctx.set(dut.state, state)
                wanted.append((EventKind.STATE, state.value))
                await ctx.tick().repeat(LANES + 2)
            assert ctx.get(dut.count) == len(wanted)
            for index in range(DEPTH):
                _, *seen = await read(ctx, dut, index)
                past = wanted[-1 - index] if index < len(wanted) else (EventKind.NONE, 0)
                assert tuple(seen) == past

    run(play, 9000)
