"""The lanes' records: what is asked for, what is kept, when a flag is raised; the extremes."""

import random

import pytest

from lampyris.cmis.lane_table import LaneTable
from lampyris.cmis.rate_extremes import RateExtremes
from lampyris.sim.reference.cmis import Lane, decode_lane, rate_code
from lampyris.sim.streams import simulate

WIDTH = 20


def random_record(rng):
    bits = rng.randrange(1 << WIDTH)
    return {"locked": rng.randrange(2), "dead": rng.randrange(2), "spared": rng.randrange(2),
            **{name: rng.getrandbits(8) for name in ("state", "phase", "skew")},
            **{name: rng.getrandbits(16) for name in ("position", "bias", "modulation",
                                                      "threshold")},
            "errors": rng.randrange(bits + 1) >> rng.randrange(WIDTH), "bits": bits}


@pytest.mark.parametrize("lanes", [1, 3])
def test_rounds(lanes):
    rng = random.Random(lanes)
    dut = LaneTable(lanes=lanes, width=WIDTH)
    limit = rate_code(1, 1000)
    records = [[random_record(rng) for _ in range(lanes)] for _ in range(4)]
    raised = {name: 0 for name in ("lock_lost", "died", "rate_high")}

    async def word(ctx, number):
        ctx.set(dut.word, number)
        await ctx.tick().repeat(2)
        return ctx.get(dut.pair)

    async def listen(ctx):
        while True:
            await ctx.tick()
            for name in raised:
                raised[name] |= ctx.get(getattr(dut, name))

    async def testbench(ctx):
        ctx.set(dut.limit, limit)
        assert [await word(ctx, number) for number in (0, 8 * lanes - 1)] == [0, 0]
        before = [{"locked": 0, "dead": 0, "high": False}] * lanes
        for turn, round_ in enumerate(records):
            for name in raised:
                raised[name] = 0
            now = []
            for lane, record in enumerate(round_):
                while not ctx.get(dut.ask):
                    await ctx.tick()
                assert ctx.get(dut.lane) == lane
                for _ in range(rng.randrange(4)):
                    await ctx.tick()
                ctx.set(dut.record, record)
                ctx.set(dut.answer, 1)
                await ctx.tick()
                ctx.set(dut.answer, 0)
                ctx.set(dut.record, random_record(rng))
                now.append({**record, "high": rate_code(record["errors"], record["bits"]) > limit})
            while not ctx.get(dut.ask):
                await ctx.tick()
            await ctx.tick()
            assert ctx.get(dut.scans) == turn + 1
            for name in ("locked", "dead", "spared"):
                assert ctx.get(getattr(dut, name)) == sum(
                    record[name] << lane for lane, record in enumerate(round_))
            assert ctx.get(dut.locked_lanes) == sum(record["locked"] for record in round_)
            assert ctx.get(dut.dead_lanes) == sum(record["dead"] for record in round_)
            expected = {
                "lock_lost": [old["locked"] and not new["locked"]
                              for old, new in zip(before, now, strict=True)],
                "died": [new["dead"] and not old["dead"]
                         for old, new in zip(before, now, strict=True)],
                "rate_high": [new["high"] and not old["high"]
                              for old, new in zip(before, now, strict=True)]}
            for name, bits in expected.items():
                assert raised[name] == sum(bool(bit) << lane for lane, bit in enumerate(bits)), name
            before = now
            for lane, record in enumerate(round_):
                content = b"".join([(await word(ctx, 8 * lane + at)).to_bytes(2, "big")
                                    for at in range(8)])
                counts = (record["errors"], record["bits"])
                expected = {name: record[name] for name in (
                    "state", "position", "bias", "modulation", "threshold", "phase", "skew")}
                assert decode_lane(lambda page, byte, count, content=content: content, 0) == Lane(
                    valid=True, locked=bool(record["locked"]), dead=bool(record["dead"]),
                    spared=bool(record["spared"]), rate=rate_code(*counts),
                    errors=min(record["errors"], 0xFFFF), **expected)
        assert await word(ctx, 8 * lanes) == 0

    simulate(dut, [testbench], background=[listen], cycles=100_000)


def test_extremes():
    """Bit for bit, and no window is lost by a freeze, whenever it comes."""
    dut = RateExtremes(width=16)
    rng = random.Random(1)
    windows = [(rng.randint(0, 50), rng.randint(50, 65_535)) for _ in range(12)]
    codes = [rate_code(*window) for window in windows]
    shown = []

    async def testbench(ctx):
        for index, (errors, bits) in enumerate(windows):
            ctx.set(dut.errors, errors)
            ctx.set(dut.bits, bits)
            ctx.set(dut.sample, 1)
            await ctx.tick()
            ctx.set(dut.sample, 0)
            if index % 4 == 2:              # a freeze begins while this one is being converted
                ctx.set(dut.freeze, 1)
            await ctx.tick().repeat(130)
            if index % 4 == 2:
                shown.append([ctx.get(port) for port in (dut.now, dut.least, dut.most)])
                ctx.set(dut.freeze, 0)
                await ctx.tick().repeat(2)
            assert ctx.get(dut.now) == codes[index]

    simulate(dut, [testbench])
    groups = [codes[0:2], codes[2:6], codes[6:10]]
    assert shown == [[group[-1], min(group), max(group)] for group in groups]


def test_freeze_beside_the_end_of_a_window():
    """The window belongs to what is shown, or to what comes after, never to neither or both."""
    ten, fifty, ninety = (rate_code(errors, 100) for errors in (10, 50, 90))
    seen = set()

    async def window(ctx, dut, errors, freeze_at=None):
        ctx.set(dut.errors, errors)
        ctx.set(dut.bits, 100)
        ctx.set(dut.sample, 1)
        await ctx.tick()
        ctx.set(dut.sample, 0)
        for clock in range(60):
            if clock == freeze_at:
                ctx.set(dut.freeze, 1)
            await ctx.tick()

    for clock in range(36, 42):     # 0.1 takes 19 clocks for each of 2 decades, and one more
        dut = RateExtremes(width=8)

        async def testbench(ctx, dut=dut, clock=clock):
            await window(ctx, dut, 50)
            await window(ctx, dut, 10, clock)
            frozen = ctx.get(dut.least)
            ctx.set(dut.freeze, 0)
            await window(ctx, dut, 90)
            seen.add((frozen, ctx.get(dut.least)))

        simulate(dut, [testbench])
    assert seen == {(ten, ninety), (fifty, ten)}


@pytest.mark.parametrize("settings, sentence", [
    ({"lanes": 0}, "lanes must be 1 to 256, not 0"),
    ({"width": 3}, "width must be 4 to 48 bits, not 3"),
])
def test_bad_parameters(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        LaneTable(**{"lanes": 4, "width": WIDTH, **settings})
