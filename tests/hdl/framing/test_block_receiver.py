import random

import numpy as np
import pytest

from lampyris.framing.block_receiver import BlockReceiver
from lampyris.geometry import Geometry
from lampyris.sim.reference import Format, idle_block
from lampyris.sim.reference.lanes import blocks_to_symbols, symbols_to_words
from lampyris.sim.streams import simulate

LINKS = [(8, 8), (16, 8), (4, 8), (3, 10), (1, 8)]      # m = 1, 1, 2, and two with more words


def link(lanes, gear):
    sizes = {"lanes": lanes, "spares": 0, "gear": gear, "marker_period": 512}
    return Geometry(**sizes), Format(**sizes)


def random_blocks(fmt, rng, count):
    """Idle blocks, data blocks, control blocks and spoilt idle blocks, all but the idle unlike."""
    blocks = []
    for number in range(count):
        block = np.array([rng.getrandbits(32) for _ in range(fmt.S)], np.uint32)
        match rng.randrange(4):
            case 0:
                block = idle_block(fmt, rng.choice((0x3FF, 0, 0x123)))
            case 1:
                block[0] = 0xB1E5 << 16 | rng.choice((1, 2, 9)) | rng.getrandbits(12) << 3
            case 2:         # wrong parity: no idle block
                block[0] = int(idle_block(fmt, rng.choice((0x3FF, 0)))[0]) ^ 0x8000
        block[1] = number
        blocks.append(block)
    return blocks


async def feed(ctx, dut, fmt, rng, block, stall):
    """The words of a block; returns after the last one was taken."""
    words = symbols_to_words(fmt, blocks_to_symbols(fmt, block[None]))
    filler = rng.getrandbits(fmt.m * fmt.W - 32 * fmt.S) << fmt.W - (fmt.m * fmt.W - 32 * fmt.S)
    for index, word in enumerate(words):
        while rng.random() < stall:
            ctx.set(dut.take, 0)
            ctx.set(dut.word, rng.getrandbits(fmt.W))
            ctx.set(dut.last, rng.getrandbits(1))
            await ctx.tick()
        last = index == fmt.m - 1
        ctx.set(dut.take, 1)
        ctx.set(dut.last, last)
        ctx.set(dut.word, word ^ filler if last else word)
        await ctx.tick()
    ctx.set(dut.take, 0)


def is_idle(block):
    return block[0] >> 16 == 0xB1E5 and not int(block[0]).bit_count() - 9 & 1 and not block[0] & 7


@pytest.mark.parametrize("full", [0.0, 0.3], ids=["ready", "full"])
@pytest.mark.parametrize("falls", [0.0, 0.1], ids=["up", "falls"])
@pytest.mark.parametrize("lanes, gear", LINKS)
def test_blocks(lanes, gear, falls, full):
    """All but idle blocks arrive; what is lost is counted, and told before the next that is not."""
    geometry, fmt = link(lanes, gear)
    dut, rng = BlockReceiver(geometry=geometry), random.Random(f"{lanes} {falls} {full}")
    sent = []                           # (cycle, block or "fall")
    entries = []                        # of the queue: (cycle, block, gap)
    lost, cycle = [0], [0]

    async def sender(ctx):
        ctx.set(dut.up, 1)
        for block in random_blocks(fmt, rng, 300):
            await feed(ctx, dut, fmt, rng, block, 0.2)
            if not is_idle(block):
                sent.append((cycle[0], int.from_bytes(block.astype("<u4").tobytes(), "little")))
            if rng.random() < falls:
                sent.append((cycle[0], "fall"))
                ctx.set(dut.up, 0)
                # Words while the link is down do not count.
                await feed(ctx, dut, fmt, rng, np.array([7] * fmt.S, np.uint32), 0.2)
                await ctx.tick().repeat(rng.choice((1, 2, 8)))
                ctx.set(dut.up, 1)
        ctx.set(dut.up, 0)
        sent.append((cycle[0], "fall"))
        await ctx.tick().repeat(40)

    async def queue(ctx):
        while True:
            ready = rng.random() >= full
            ctx.set(dut.o.ready, ready)
            _, _, valid, payload, late = await ctx.tick().sample(
                dut.o.valid, dut.o.payload, dut.lost)
            cycle[0] += 1
            lost[0] += late
            if valid and ready:
                entries.append((cycle[0], payload.block, payload.gap))

    simulate(dut, [sender], background=[queue], cycles=20_000)
    missing = 0
    for time, block, gap in entries:
        owed = []
        if is_idle([block & 0xFFFF_FFFF]):
            # For a gap alone, a cycle or two after a fall. When a block is lost just then, the
            # fall may be told by this entry, the next, or both.
            assert gap
            while sent and sent[0][0] <= time - 3:
                owed.append(sent.pop(0)[1])
        else:
            while (event := sent.pop(0)[1]) != block:
                owed.append(event)
            assert gap if owed else falls or not gap
        missing += len(owed) - owed.count("fall")
    assert lost[0] == missing + sum(event != "fall" for _, event in sent)
    assert full or not lost[0]
    assert is_idle([entries[-1][1] & 0xFFFF_FFFF])


@pytest.mark.parametrize("lanes, gear", LINKS)
def test_pause(lanes, gear):
    """Idle blocks set and clear `pause`; other flow fields and spoilt ones do not; a fall does."""
    geometry, fmt = link(lanes, gear)
    dut, rng = BlockReceiver(geometry=geometry), random.Random(lanes)

    async def testbench(ctx):
        ctx.set(dut.up, 1)
        pause = 0
        for block in random_blocks(fmt, rng, 120):
            await feed(ctx, dut, fmt, rng, block, 0.0)
            await ctx.tick()
            if is_idle(block):
                flow = int(block[0]) >> 3 & 0x3FF
                pause = {0x3FF: 1, 0: 0}.get(flow, pause)
            assert ctx.get(dut.pause) == pause
        await feed(ctx, dut, fmt, rng, idle_block(fmt, True), 0.0)
        await ctx.tick()
        assert ctx.get(dut.pause) == 1
        ctx.set(dut.up, 0)
        await ctx.tick().repeat(2)
        assert ctx.get(dut.pause) == 0

    simulate(dut, [testbench])


def test_latency():
    geometry, fmt = link(4, 8)
    dut, rng = BlockReceiver(geometry=geometry), random.Random(1)

    async def testbench(ctx):
        ctx.set(dut.up, 1)
        ctx.set(dut.o.ready, 1)
        await feed(ctx, dut, fmt, rng, np.array([1] * fmt.S, np.uint32), 0.0)
        assert not ctx.get(dut.o.valid)
        await ctx.tick()
        assert ctx.get(dut.o.valid)
        await ctx.tick()
        assert not ctx.get(dut.o.valid)

    simulate(dut, [testbench])
