import random
import zlib

import pytest
from amaranth import unsigned

from lampyris.framing.crc32 import RowCrc
from lampyris.sim.streams import send, simulate

STALLS = [(0.0, 0.0), (0.5, 0.0), (0.0, 0.5), (0.4, 0.4)]


def rows_of(rng, width, count):
    """Random rows of packets of 1 to 5 rows, all zeros and all ones among them."""
    rows = []
    while len(rows) < count:
        for left in reversed(range(rng.randint(1, 5))):
            row = rng.choice((0, (1 << width) - 1, *(rng.getrandbits(width) for _ in range(4))))
            rows.append({"row": row, "last": int(left == 0), "tag": rng.getrandbits(5)})
    return rows


@pytest.mark.parametrize("stalls", STALLS, ids=str)
@pytest.mark.parametrize("width", [32, 64, 96, 160, 1024, 1280])
def test_against_zlib(width, stalls):
    """Every packet's CRC stands beside its last row; rows and tags pass unchanged."""
    dut = RowCrc(width=width, tag=unsigned(5))
    rng = random.Random(width)
    rows = rows_of(rng, width, 60)
    received = []

    async def sender(ctx):
        await send(ctx, dut.i, rows, rng, stalls[0])

    async def receiver(ctx):
        waiting = None
        while len(received) < len(rows):
            ready = rng.random() >= stalls[1]
            ctx.set(dut.o.ready, ready)
            _, _, valid, payload = await ctx.tick().sample(dut.o.valid, dut.o.payload)
            got = (payload.row, payload.last, payload.tag, payload.crc if payload.last else 0)
            assert waiting is None or (valid and got == waiting), "a row was withdrawn"
            waiting = got if valid and not ready else None
            if valid and ready:
                received.append(got)

    simulate(dut, [sender, receiver], cycles=1000)
    content = b""
    for row, (number, last, tag, crc) in zip(rows, received, strict=True):
        assert (number, last, tag) == (row["row"], row["last"], row["tag"])
        content += number.to_bytes(width // 8, "little")
        if last:
            assert crc == zlib.crc32(content)
            content = b""


def test_latency_and_throughput():
    """3 cycles, and a row in each."""
    dut = RowCrc(width=64, tag=unsigned(1))
    rows = rows_of(random.Random(1), 64, 30)
    valids = []

    async def sender(ctx):
        await send(ctx, dut.i, rows)

    async def receiver(ctx):
        ctx.set(dut.o.ready, 1)
        for _ in range(len(rows) + 4):
            _, _, valid = await ctx.tick().sample(dut.o.valid)
            valids.append(valid)

    simulate(dut, [sender, receiver])
    assert valids == [0] * 3 + [1] * len(rows) + [0]


@pytest.mark.parametrize("width", [0, 40, -32])
def test_bad_parameters(width):
    with pytest.raises(ValueError,
                       match=rf"^width must be a positive multiple of 32, not {width}$"):
        RowCrc(width=width, tag=unsigned(1))
