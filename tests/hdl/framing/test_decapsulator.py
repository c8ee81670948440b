import random

import numpy as np
import pytest

from lampyris.framing.decapsulator import Decapsulator
from lampyris.sim.reference import (
    Decoder,
    Kind,
    Packet,
    control_granule,
    decode_blocks,
    encode_packets,
    idle_block,
)
from lampyris.sim.streams import collect, from_beats, send, simulate

GRANULES = [2, 3, 4, 32, 40]
STALLS = [(0.0, 0.0), (0.6, 0.0), (0.0, 0.6), (0.3, 0.3)]


def decapsulate(fmt, blocks, gaps=(), stalls=(0.0, 0.0), seed=0, bad=()):
    """Packets, stray blocks and the cycles from the first block to the last beat.

    `blocks` are numbers; a gap is reported before each index in `gaps`, and after the last block;
    those in `bad` are marked as such.
    """
    dut = Decapsulator(granules=fmt.S)
    rng = random.Random(seed)
    beats, counts = [], {"stray": 0, "cycles": 0}
    payloads = [{"block": block, "gap": index in gaps, "bad": index in bad}
                for index, block in enumerate(blocks)]
    # Idle: ends a packet left open.
    payloads.append({"block": 0xB1E5 << 16, "gap": 1, "bad": 0})

    async def sender(ctx):
        await send(ctx, dut.i, payloads, rng, stalls[0])
        silence = 0
        while silence < 20:
            _, _, valid = await ctx.tick().sample(dut.o.valid)
            silence = 0 if valid else silence + 1

    async def receiver(ctx):
        await collect(ctx, dut.o, beats, rng, stalls[1])

    async def counter(ctx):
        cycle = 0
        while True:
            _, _, stray, valid = await ctx.tick().sample(dut.stray, dut.o.valid)
            cycle += 1
            counts["stray"] += stray
            counts["cycles"] = cycle if valid else counts["cycles"]

    simulate(dut, [sender], background=[receiver, counter], cycles=30 * len(blocks) + 400)
    for beat in beats:      # unused bytes are 0, but for what came in the last granule's padding
        if beat.last:
            assert beat.data >> 32 * fmt.S - 8 * (beat.empty & ~3) == 0
    return from_beats(beats, 32 * fmt.S), counts["stray"], counts["cycles"]


def expect(fmt, blocks, gaps=(), bad=()):
    """Packets and stray blocks by the model."""
    decoder = Decoder(fmt)
    for index, block in enumerate(blocks):
        if index in gaps:
            decoder.lose_link()
        decoder.feed(block[None], np.array([index in bad]))
    decoder.lose_link()
    return [tuple((packet.data, packet.error)) for packet in decoder.packets], \
        decoder.orphans + decoder.invalid


def check(fmt, blocks, numbers, gaps=(), stalls=(0.0, 0.0), seed=0, bad=()):
    packets, stray, _ = decapsulate(fmt, numbers(blocks), gaps, stalls, seed, bad)
    wanted, wanted_stray = expect(fmt, blocks, gaps, bad)
    for index, (packet, want) in enumerate(zip(packets, wanted, strict=False)):
        assert packet == want, f"packet {index}"
    assert len(packets) == len(wanted)
    assert stray == wanted_stray
    return packets


def with_idles(fmt, rng, blocks, share):
    out = []
    for block in blocks:
        while rng.random() < share:
            out.append(idle_block(fmt, rng.choice((0x3FF, 0, 0x155))))
        out.append(block)
    return np.array(out, np.uint32)


@pytest.mark.parametrize("stalls", STALLS, ids=str)
@pytest.mark.parametrize("granules", GRANULES)
def test_clean_streams(granules, stalls, rng, numbers, make_packets, edges, format_of):
    """All packets arrive as they were, with the host's marks, idle blocks in between or not."""
    fmt = format_of(granules)
    packets = make_packets(rng, rng.choices(edges(granules), k=80))
    policy = [rng.random() < 0.7 for _ in packets]
    blocks = encode_packets(fmt, packets, policy.__getitem__)
    blocks = with_idles(fmt, rng, blocks, rng.choice((0, 0.4)))
    got = check(fmt, blocks, numbers, stalls=stalls)
    assert got == [(packet.data, packet.error) for packet in packets]


@pytest.mark.parametrize("granules", GRANULES)
def test_bit_errors(granules, rng, numbers, make_packets, edges, format_of):
    """Wrong bits anywhere, most of them in control granules: as the model, and none unnoticed."""
    fmt = format_of(granules)
    packets = make_packets(rng, rng.choices(edges(granules), k=150), errors=0)
    blocks = encode_packets(fmt, packets)
    for block in blocks:
        if rng.random() < 0.2:
            for _ in range(rng.choice((1, 1, 2, 3))):
                place = rng.choice((0, 0, 1, rng.randrange(granules)))
                block[place] ^= np.uint32(1 << rng.randrange(32))
    got = check(fmt, blocks, numbers, stalls=(0.1, 0.1), seed=granules)
    sent = iter(packet.data for packet in packets)
    good = [data for data, error in got if not error]
    assert all(data in sent for data in good), "a wrong packet without its flag, or out of order"
    assert 20 < len(good) < len(packets)


@pytest.mark.parametrize("granules", GRANULES)
def test_gaps(granules, rng, numbers, make_packets, edges, format_of):
    """Blocks missing, with and without notice; doubled; in the wrong order."""
    fmt = format_of(granules)
    packets = make_packets(rng, rng.choices(edges(granules), k=150))
    blocks, gaps = [], set()
    for block in encode_packets(fmt, packets):
        fate = rng.random()
        if fate < 0.05:
            gaps.add(len(blocks))
        elif fate > 0.12:
            blocks.append(block)
        if fate > 0.95:
            blocks.insert(rng.randrange(max(0, len(blocks) - 3), len(blocks)), block)
    check(fmt, np.array(blocks), numbers, gaps, stalls=(0.1, 0.2), seed=granules)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("granules", [2, 3, 4, 7, 32])
def test_any_blocks(granules, seed, numbers, format_of):
    """Sequences that no transmitter sends: every kind after every other, `pos` in range or not."""
    fmt, rng = format_of(granules), random.Random(f"{granules} {seed}")
    blocks = np.array([[rng.getrandbits(32) for _ in range(granules)] for _ in range(500)],
                      np.uint32)
    for block in blocks:
        if rng.random() < 0.8:
            kind = rng.choice(list(Kind)) if rng.random() < 0.9 else 7
            pos = rng.randint(0, min(1023, granules + 1)) if rng.random() < 0.9 else 1023
            block[0] = control_granule(kind, pos, rng.randrange(4))
            block[0] ^= np.uint32(rng.random() < 0.03)
    gaps, bad = ({index for index in range(len(blocks)) if rng.random() < 0.05} for _ in range(2))
    check(fmt, blocks, numbers, gaps, STALLS[seed], seed, bad)


@pytest.mark.parametrize("granules", GRANULES)
def test_bad_blocks(granules, rng, numbers, make_packets, edges, format_of):
    """Without a wrong bit: the packets that touch a bad block are flagged, and no other."""
    fmt = format_of(granules)
    packets = make_packets(rng, rng.choices(edges(granules), k=120), errors=0)
    blocks = with_idles(fmt, rng, encode_packets(fmt, packets), 0.1)
    bad = {index for index in range(len(blocks)) if rng.random() < 0.1}
    got = check(fmt, blocks, numbers, stalls=(0.1, 0.1), bad=bad)
    assert [data for data, _ in got] == [packet.data for packet in packets]
    assert 10 < sum(error for _, error in got) < len(packets) - 10


@pytest.mark.parametrize("bit", range(32))
def test_every_bit_of_the_check(bit, rows, numbers, make_packets, rng, format_of):
    """A single wrong bit in a check, or in the 16 bits that it covers, never goes unnoticed."""
    fmt = format_of(4)
    packets = make_packets(rng, [5, 40, 8], errors=0)
    blocks = encode_packets(fmt, packets)
    ends = [index for index, block in enumerate(blocks)
            if block[0] >> 16 == 0xB1E5 and block[0] & 7 >= Kind.END]
    blocks[ends[1], 1] ^= np.uint32(1 << bit)
    assert decode_blocks(fmt, blocks)[1].error
    got = check(fmt, blocks, numbers)
    assert [error for _, error in got] == [False, True, False]


def test_throughput(numbers, rng, format_of):
    """1500-byte packets back to back: at most 12.9 cycles each, as the other side."""
    fmt = format_of(32)
    packets = [Packet(rng.randbytes(1500)) for _ in range(60)]
    got, stray, cycles = decapsulate(fmt, numbers(encode_packets(fmt, packets)))
    assert [data for data, _ in got] == [packet.data for packet in packets] and not stray
    assert cycles / len(packets) <= 12.9


def test_latency(numbers, format_of):
    fmt = format_of(8)
    dut = Decapsulator(granules=8)
    block, = numbers(encode_packets(fmt, [Packet(b"firefly")]))

    async def testbench(ctx):
        ctx.set(dut.o.ready, 1)
        await send(ctx, dut.i, [{"block": block, "gap": 0, "bad": 0}])
        cycles = 1
        while not ctx.get(dut.o.valid):
            await ctx.tick()
            cycles += 1
        assert cycles == 6

    simulate(dut, [testbench])


def test_bad_parameters():
    with pytest.raises(ValueError, match=r"^granules must be 2 or more, not 0$"):
        Decapsulator(granules=0)
    assert Decapsulator(granules=9).granules == 9
