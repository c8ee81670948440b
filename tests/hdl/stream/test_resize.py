import random

import pytest
from amaranth import unsigned

from lampyris.sim.streams import (
    Packet,
    collect,
    from_beats,
    random_packets,
    receive,
    send,
    simulate,
    to_beats,
)
from lampyris.stream.resize import Narrow, Skid, Widen, resize

PAIRS = [(32, 32), (64, 32), (96, 32), (320, 64), (480, 96), (1280, 320), (512, 32)]
STALLS = [(0.0, 0.0), (0.5, 0.0), (0.0, 0.5), (0.3, 0.3)]


def widths(dut):
    return (dut.wide, dut.narrow) if isinstance(dut, Narrow) else (dut.narrow, dut.wide)


def check_packets(dut, packets, seed, stall_in, stall_out):
    wide_in, wide_out = widths(dut)
    rng = random.Random(seed)
    received = []
    count = len(to_beats(packets, wide_out))

    async def sender(ctx):
        await send(ctx, dut.i, to_beats(packets, wide_in, rng), rng, stall_in)

    async def receiver(ctx):
        received.extend(await receive(ctx, dut.o, count, rng, stall_out))

    simulate(dut, [sender, receiver])
    assert from_beats(received, wide_out) == packets


@pytest.mark.parametrize("wide, narrow", PAIRS)
@pytest.mark.parametrize("block", [Narrow, Widen])
@pytest.mark.parametrize("stalls", STALLS, ids=str)
def test_packets(block, wide, narrow, stalls):
    rng = random.Random(f"{block} {wide} {narrow}")
    packets = random_packets(rng, 30, 3 * wide // 8)
    check_packets(block(wide=wide, narrow=narrow), packets, wide + narrow, *stalls)


@pytest.mark.parametrize("wide, narrow", PAIRS)
@pytest.mark.parametrize("block", [Narrow, Widen])
def test_every_length(block, wide, narrow):
    size = wide // 8
    sizes = range(1, 2 * size + 2) if size <= 40 else {
        edge + offset for edge in range(0, 2 * size + 1, narrow // 8) for offset in (-1, 0, 1)}
    packets = [Packet(bytes((index * 7 + place) % 256 for place in range(length)), index % 3 == 0)
               for index, length in enumerate(sorted(sizes)) if length > 0]
    check_packets(block(wide=wide, narrow=narrow), packets, 1, 0.0, 0.2)


@pytest.mark.parametrize("wide, narrow", PAIRS)
@pytest.mark.parametrize("block", [Narrow, Widen])
def test_throughput_and_latency(block, wide, narrow):
    """The narrow side moves a beat in every cycle; the other side is 1 cycle away."""
    packets = random_packets(random.Random(5), 30, 3 * wide // 8)

    def run(cycles):
        dut = block(wide=wide, narrow=narrow)
        wide_in, wide_out = widths(dut)

        async def sender(ctx):
            await send(ctx, dut.i, to_beats(packets, wide_in))

        async def receiver(ctx):
            await receive(ctx, dut.o, len(to_beats(packets, wide_out)))

        simulate(dut, [sender, receiver], cycles=cycles)

    needed = len(to_beats(packets, narrow)) + (wide != narrow)
    run(needed + 1)
    with pytest.raises(TimeoutError, match=f"did not end within {needed - 1} cycles of sync"):
        run(needed - 1)


@pytest.mark.parametrize("size", [1, 4, 5, 23])
def test_narrow_keeps_zeros(size):
    dut = Narrow(wide=256, narrow=64)
    packet = Packet(bytes([255] * size))

    async def testbench(ctx):
        await send(ctx, dut.i, to_beats([packet], 256))
        expected = to_beats([packet], 64)
        beats = await receive(ctx, dut.o, len(expected))
        assert [beat.data for beat in beats] == [beat.data for beat in expected]

    simulate(dut, [testbench])


@pytest.mark.parametrize("block", [Narrow, Widen])
def test_ready_is_cut(block):
    """`i.ready` and `o.valid` do not follow `o.ready` within a cycle."""
    dut = block(wide=128, narrow=32)
    rng = random.Random(3)

    async def sender(ctx):
        await send(ctx, dut.i, to_beats(random_packets(rng, 40, 40), widths(dut)[0]), rng, 0.2)

    async def probe(ctx):
        for _ in range(300):
            seen = set()
            for ready in (0, 1, rng.randrange(2)):
                ctx.set(dut.o.ready, ready)
                seen.add((ctx.get(dut.i.ready), ctx.get(dut.o.valid)))
            assert len(seen) == 1
            await ctx.tick()

    simulate(dut, [probe], background=[sender])


@pytest.mark.parametrize("stalls", STALLS, ids=str)
def test_skid(stalls):
    dut = Skid(shape=unsigned(16))
    rng = random.Random(9)
    payloads = [rng.getrandbits(16) for _ in range(300)]
    received = []

    async def sender(ctx):
        await send(ctx, dut.i, payloads, rng, stalls[0])
        while len(received) < len(payloads):
            await ctx.tick()

    async def receiver(ctx):
        await collect(ctx, dut.o, received, rng, stalls[1])

    simulate(dut, [sender], background=[receiver], cycles=302 if not any(stalls) else 2000)
    assert received == payloads


@pytest.mark.parametrize("source, target, block", [(128, 32, Narrow), (32, 128, Widen),
                                                   (64, 64, Widen)])
def test_resize(source, target, block):
    dut = resize(source, target)
    assert isinstance(dut, block)
    assert widths(dut) == (source, target)


@pytest.mark.parametrize("settings, error, text", [
    ({"wide": 100, "narrow": 32}, ValueError,
     "wide must be a positive multiple of 32 bits, not 100"),
    ({"wide": 64, "narrow": 0}, ValueError,
     "narrow must be a positive multiple of 32 bits, not 0"),
    ({"wide": 96, "narrow": 64}, ValueError,
     "wide must be a multiple of narrow, 64 bits, not 96"),
    ({"wide": 32, "narrow": 64}, ValueError,
     "wide must be a multiple of narrow, 64 bits, not 32"),
    ({"wide": 64.0, "narrow": 32}, TypeError,
     "wide must be a whole number of bits, not 64.0"),
    ({"wide": 64, "narrow": True}, TypeError,
     "narrow must be a whole number of bits, not True"),
])
@pytest.mark.parametrize("block", [Narrow, Widen])
def test_bad_parameters(block, settings, error, text):
    with pytest.raises(error) as info:
        block(**settings)
    assert str(info.value) == text
