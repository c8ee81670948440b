import random

import numpy as np
import pytest

from lampyris.framing.encapsulator import Encapsulator
from lampyris.sim.reference import Kind, Packet, decode_blocks, encode_packets
from lampyris.sim.streams import receive, send, simulate, to_beats

GRANULES = [2, 3, 4, 32, 40]
STALLS = [(0.6, 0.0), (0.0, 0.6), (0.3, 0.3), (0.9, 0.5)]


def beats_of(packets, width, rng=None):
    """Beats with random bytes in the unused granules; those within the last granule are 0."""
    beats = []
    for beat in to_beats(packets, width, rng):
        pad = 8 * (beat.empty % 4) if beat.last else 0
        used = width - 8 * beat.empty
        beats.append(beat._replace(data=beat.data & ~(((1 << pad) - 1) << used)))
    return beats


def encapsulate(packets, granules, stalls=(0.0, 0.0), seed=0):
    """Blocks, and the cycles from the first beat to the last block."""
    dut = Encapsulator(granules=granules)
    rng = random.Random(seed)
    blocks, times = [], []
    beats = beats_of(packets, 32 * granules, rng)
    sent = []

    async def sender(ctx):
        await send(ctx, dut.i, beats, rng, stalls[0])
        sent.append(True)

    async def receiver(ctx):
        silence = cycle = 0
        waiting = None
        while silence < 12:             # longer than the pipeline, with the host done
            ready = bool(sent) or rng.random() >= stalls[1]
            ctx.set(dut.o.ready, ready)
            _, _, valid, payload = await ctx.tick().sample(dut.o.valid, dut.o.payload)
            cycle += 1
            assert waiting is None or (valid and payload == waiting), "a block was withdrawn"
            waiting = payload if valid and not ready else None
            if valid and ready:
                blocks.append(payload)
                times.append(cycle)
            silence = silence + 1 if sent and not valid else 0

    simulate(dut, [sender, receiver], cycles=40 * len(beats) + 200)
    return blocks, times


def closing_kinds(blocks):
    """Kinds of the blocks that close a packet, in order."""
    controls = blocks[blocks[:, 0] >> 16 == 0xB1E5, 0] & 7
    return [Kind(kind) for kind in controls if kind >= Kind.END]


@pytest.mark.parametrize("granules", GRANULES)
def test_canonical_packing(granules, rng, rows, make_packets, edges, format_of):
    """A host that never stalls gets exactly the blocks of the page."""
    fmt = format_of(granules)
    sizes = edges(granules, 3) * 2
    rng.shuffle(sizes)
    packets = make_packets(rng, sizes)
    blocks = rows(fmt, encapsulate(packets, granules)[0])
    expected = encode_packets(fmt, packets)
    assert np.array_equal(blocks[:len(expected)], expected)
    assert len(blocks) == len(expected)


@pytest.mark.parametrize("granules", GRANULES)
def test_pairs_of_sizes(granules, rng, rows, make_packets, format_of):
    """Each way in which one packet's end can meet the beginning of the next."""
    fmt = format_of(granules)
    ends = range(1, 2 * granules + 2) if granules <= 4 else (
        1, 2, granules - 3, granules - 2, granules - 1, granules, granules + 1)
    packets = make_packets(rng, [4 * size - rng.randrange(4) for first in ends
                                 for second in ends for size in (first, second)])
    blocks = rows(fmt, encapsulate(packets, granules)[0])
    assert np.array_equal(blocks, encode_packets(fmt, packets))


@pytest.mark.parametrize("stalls", STALLS, ids=str)
@pytest.mark.parametrize("granules", GRANULES)
def test_stalls(granules, stalls, rng, rows, make_packets, edges, format_of):
    """With stalls only ``end`` may stand where ``end_start`` could: all else is the page's."""
    fmt = format_of(granules)
    sizes = rng.choices(edges(granules), k=60)
    packets = make_packets(rng, sizes)
    blocks = rows(fmt, encapsulate(packets, granules, stalls, seed=granules)[0])
    kinds = closing_kinds(blocks)
    assert len(kinds) == len(packets)
    policy = [kind in (Kind.END_START, Kind.WHOLE_START) for kind in kinds]
    assert np.array_equal(blocks, encode_packets(fmt, packets, policy.__getitem__))
    decoded = decode_blocks(fmt, blocks)
    assert [packet.error for packet in decoded] == [packet.error for packet in packets]
    assert [packet.data for packet in decoded] == [packet.data for packet in packets]


@pytest.mark.parametrize("granules", [2, 3, 4, 32])
def test_all_keys(granules, rows, format_of):
    """Packets of nothing but the key: no data block may be taken for control."""
    fmt = format_of(granules)
    packets = [Packet(bytes.fromhex("0000e5b1") * count) for count in range(1, 4 * granules, 3)]
    blocks = rows(fmt, encapsulate(packets, granules)[0])
    assert np.array_equal(blocks, encode_packets(fmt, packets))
    assert Kind.CONT in blocks[:, 0] & 7


def test_throughput(rng):
    """1500-byte packets back to back: 12 beats each, and at most 12.9 cycles."""
    packets = [Packet(rng.randbytes(1500)) for _ in range(40)]
    _, times = encapsulate(packets, 32)
    assert times[-1] / len(packets) <= 12.9
    assert (times[-1] - times[0]) / len(packets) <= 12.05


@pytest.mark.parametrize("size, latency", [(4, 6), (32, 6), (16 * 4, 5)])
def test_latency(size, latency):
    """6 cycles to the first block of a packet, 5 to one that a later row fills."""
    dut = Encapsulator(granules=8)
    beats = to_beats([Packet(bytes(size))], 256)

    async def testbench(ctx):
        ctx.set(dut.o.ready, 1)
        await send(ctx, dut.i, beats[:1])
        if len(beats) > 1:
            await receive(ctx, dut.o, 1)
            ctx.set(dut.o.ready, 1)
            await send(ctx, dut.i, beats[1:])
        cycles = 1
        while not ctx.get(dut.o.valid):
            await ctx.tick()
            cycles += 1
        assert cycles == latency

    simulate(dut, [testbench])


def test_bad_parameters():
    with pytest.raises(ValueError, match=r"^granules must be 2 or more, not 1$"):
        Encapsulator(granules=1)
    assert Encapsulator(granules=7).granules == 7
