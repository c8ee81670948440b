import random

import pytest

from lampyris.sim.streams import (
    Beat,
    collect,
    collect_axi,
    from_beats,
    random_packets,
    receive,
    send,
    send_axi,
    simulate,
    to_beats,
)
from lampyris.stream.axi import AxiInput, AxiOutput

WIDTHS = [32, 96, 160, 1024]
STALLS = [(0.0, 0.0), (0.5, 0.0), (0.0, 0.5), (0.3, 0.3)]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("stalls", STALLS, ids=str)
def test_input(width, stalls):
    dut = AxiInput(width=width)
    rng = random.Random(width)
    packets = random_packets(rng, 40, 3 * width // 8)
    expected = to_beats(packets, width)
    received = []

    async def sender(ctx):
        await send_axi(ctx, dut, to_beats(packets, width, rng), rng, stalls[0])

    async def receiver(ctx):
        received.extend(await receive(ctx, dut.o, len(expected), rng, stalls[1]))

    # Without stalls: a cycle per beat and one of latency.
    cycles = len(expected) + 2 if not any(stalls) else 5000
    simulate(dut, [sender, receiver], cycles=cycles)
    assert from_beats(received, width) == packets
    assert received == expected, "unused bytes, empty and error are 0 where they mean nothing"


@pytest.mark.parametrize("width", WIDTHS)
def test_input_every_keep(width):
    """Every `tkeep` of a last beat; none at all counts as one byte."""
    dut = AxiInput(width=width)
    size = width // 8
    data = random.Random(1).getrandbits(width)

    async def testbench(ctx):
        for used in range(size + 1):
            ctx.set(dut.tvalid, 1)
            ctx.set(dut.tdata, data)
            ctx.set(dut.tkeep, (1 << used) - 1)
            ctx.set(dut.tlast, 1)
            await ctx.tick()
            ctx.set(dut.tvalid, 0)
            count = max(1, used)
            expected = Beat(data & ((1 << 8 * count) - 1), 1, size - count, 0)
            assert await receive(ctx, dut.o, 1) == [expected]

    simulate(dut, [testbench])


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("stalls", STALLS, ids=str)
def test_output(width, stalls):
    dut = AxiOutput(width=width)
    rng = random.Random(width)
    packets = random_packets(rng, 40, 3 * width // 8)
    expected = to_beats(packets, width)
    received = []

    async def sender(ctx):
        await send(ctx, dut.i, to_beats(packets, width, rng), rng, stalls[0])

    async def receiver(ctx):
        await collect_axi(ctx, dut, received, rng, stalls[1], count=len(expected))

    cycles = len(expected) + 2 if not any(stalls) else 5000
    simulate(dut, [sender, receiver], cycles=cycles)
    assert received == expected, "unused bytes and tuser are 0 where they mean nothing"


@pytest.mark.parametrize("width", [32, 1024])
def test_output_every_empty(width):
    dut = AxiOutput(width=width)
    size = width // 8
    beats = [Beat((1 << width) - 1, 1, empty, empty % 2) for empty in range(size)]
    received = []

    async def sender(ctx):
        await send(ctx, dut.i, beats)

    async def receiver(ctx):
        await collect_axi(ctx, dut, received, count=size)

    simulate(dut, [sender, receiver])
    assert received == [beat._replace(data=beat.data >> 8 * beat.empty) for beat in beats]


def test_ready_is_a_register():
    """Neither adapter's ready follows the sink's within a cycle."""
    rng = random.Random(4)
    source, sink = AxiInput(width=32), AxiOutput(width=32)

    async def send_source(ctx):
        while True:
            ctx.set(source.tvalid, rng.random() < 0.8)
            await ctx.tick()

    async def probe_source(ctx):
        for _ in range(200):
            seen = set()
            for ready in (0, 1, rng.randrange(2)):
                ctx.set(source.o.ready, ready)
                seen.add((ctx.get(source.tready), ctx.get(source.o.valid)))
            assert len(seen) == 1
            await ctx.tick()

    async def send_sink(ctx):
        while True:
            ctx.set(sink.i.valid, rng.random() < 0.8)
            await ctx.tick()

    async def probe_sink(ctx):
        for _ in range(200):
            seen = set()
            for ready in (0, 1, rng.randrange(2)):
                ctx.set(sink.tready, ready)
                seen.add((ctx.get(sink.i.ready), ctx.get(sink.tvalid)))
            assert len(seen) == 1
            await ctx.tick()

    simulate(source, [probe_source], background=[send_source])
    simulate(sink, [probe_sink], background=[send_sink])


def test_latency():
    source, sink = AxiInput(width=32), AxiOutput(width=32)
    beat = Beat(0x1234, 1, 2, 1)

    async def test_source(ctx):
        await send_axi(ctx, source, [beat])
        assert ctx.get(source.o.valid)
        received = []
        await collect(ctx, source.o, received, count=1)
        assert received == [beat]

    async def test_sink(ctx):
        await send(ctx, sink.i, [beat])
        assert ctx.get(sink.tvalid)
        assert ctx.get(sink.tkeep) == 0b0011
        assert ctx.get(sink.tuser) == 1

    simulate(source, [test_source])
    simulate(sink, [test_sink])


@pytest.mark.parametrize("block", [AxiInput, AxiOutput])
def test_bad_parameters(block):
    with pytest.raises(ValueError) as info:
        block(width=40)
    assert str(info.value) == "width must be a positive multiple of 32 bits, not 40"
    with pytest.raises(TypeError) as info:
        block(width=None)
    assert str(info.value) == "width must be a whole number of bits, not None"
    assert block(width=64).width == 64
