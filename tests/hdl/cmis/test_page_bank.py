"""Pages, registers and flags, through the target's own port; the description against the model."""

import random

import pytest
from amaranth import Value

from lampyris.cmis.field import LOWER, Access, Field, byte_map, checksum, fixed
from lampyris.cmis.identity import Identity, Limits
from lampyris.cmis.page_bank import PageBank
from lampyris.cmis.standard import standard_fields
from lampyris.cmis.vendor import lane_fields, lane_pages, vendor_fields
from lampyris.sim.reference import cmis
from lampyris.sim.streams import simulate

SELECT = [Field("BankSelect", LOWER, 126, Access.CONTROL, ""),
          Field("PageSelect", LOWER, 127, Access.CONTROL, "")]
FIELDS = [
    *SELECT,
    fixed("Name", LOWER, 2, 0xABCDEF, "", size=3),
    Field("Level", LOWER, 8, Access.STATUS, "", size=2),
    Field("High", LOWER, 12, Access.CONTROL, "", high=7, low=5, value=5),
    Field("Low", LOWER, 12, Access.CONTROL, "", high=2, low=1, value=2),
    Field("Go", LOWER, 13, Access.TRIGGER, "", high=3, low=3),
    Field("Some", 0x11, 200, Access.FLAG, "", size=2, mask="SomeMask", bitmap=True),
    Field("Alone", 0x11, 203, Access.FLAG, "", high=4, low=4, mask="AloneMask"),
    Field("SomeMask", 0x10, 200, Access.CONTROL, "", size=2, bitmap=True),
    Field("AloneMask", 0x10, 202, Access.CONTROL, "", high=0),
    fixed("First", 0, 128, 7, ""),
]


class Port:
    """The target's side of its port."""

    def __init__(self, ctx, bank):
        self.ctx, self.memory, self.bank = ctx, bank.memory, bank
        ctx.set(self.memory.busy, 1)

    async def pulse(self, name):
        self.ctx.set(getattr(self.memory, name), 1)
        await self.ctx.tick()
        self.ctx.set(getattr(self.memory, name), 0)

    async def write(self, address, value):
        self.ctx.set(self.memory.address, address)
        self.ctx.set(self.memory.value, value)
        await self.pulse("write")
        for _ in range(3):
            await self.ctx.tick()

    async def read(self, address, take=True):
        self.ctx.set(self.memory.address, address)
        await self.pulse("fetch")
        clocks = 1
        while not self.ctx.get(self.memory.ready):
            await self.ctx.tick()
            clocks += 1
        assert clocks == 4
        value = self.ctx.get(self.memory.data)
        if take:
            await self.pulse("taken")
            await self.ctx.tick()
        return value

    async def select(self, page, bank=0):
        await self.write(126, bank)
        await self.write(127, page)

    async def end(self):
        self.ctx.set(self.memory.busy, 0)
        await self.ctx.tick()
        self.ctx.set(self.memory.busy, 1)


def run(testbench, fields=FIELDS, **settings):
    bank = PageBank(fields, **settings)

    async def bench(ctx):
        await testbench(ctx, bank, Port(ctx, bank))

    simulate(bank, [bench], cycles=200_000)


def test_registers():
    async def testbench(ctx, bank, port):
        assert [await port.read(at) for at in (2, 3, 4, 5)] == [0xAB, 0xCD, 0xEF, 0]
        assert await port.read(12) == 0xA4          # the values after reset
        await port.write(12, 0xFF)
        assert await port.read(12) == 0xE6
        assert ctx.get(bank.control.High) == 7 and ctx.get(bank.control.Low) == 3
        await port.write(2, 0)
        await port.write(8, 9)
        assert await port.read(2) == 0xAB and await port.read(8) == 0

    run(testbench)


def test_trigger():
    async def testbench(ctx, bank, port):
        ctx.set(port.memory.address, 13)
        for value, expected in ((0xFF, 1), (0xF7, 0)):
            ctx.set(port.memory.value, value)
            await port.pulse("write")
            seen = []
            for _ in range(4):
                await ctx.tick()
                seen.append(ctx.get(bank.trigger.Go))
            assert sum(seen) == expected
            assert ctx.get(bank.trigger.Go) == 0 and await port.read(13) == 0

    run(testbench)


def test_number_is_whole():
    async def testbench(ctx, bank, port):
        ctx.set(bank.status.Level, 0x12FF)
        assert await port.read(8) == 0x12
        ctx.set(bank.status.Level, 0x1300)
        assert await port.read(9) == 0xFF           # as old as its other half
        assert await port.read(9) == 0x00           # but by itself what it is
        assert await port.read(8) == 0x13
        ctx.set(bank.status.Level, 0x1401)
        await port.end()
        assert await port.read(9) == 0x01

    run(testbench)


def test_pages():
    async def testbench(ctx, bank, port):
        words = []

        async def page_after(page, select=0):
            await port.select(page, select)
            return await port.read(127)

        assert await port.read(128) == 7
        assert [await page_after(page) for page in (0x11, 0x12, 0x10, 0xC1, 0xC2)] == [
            0x11, 0, 0x10, 0xC1, 0]
        assert await page_after(0x11, 1) == 0 and await page_after(0xC0, 1) == 0xC0
        await port.write(126, 3)                    # not yet
        assert await port.read(127) == 0xC0
        assert await page_after(0x11) == 0x11
        ctx.set(bank.pair, 0x5AA5)
        for page, byte in ((0xC0, 128), (0xC1, 131)):
            await port.select(page)
            assert await port.read(byte) == (0xA5 if byte % 2 else 0x5A)
            words.append(ctx.get(bank.word))
        assert words == [0, 64 + 1] and await port.read(13) == 0

    run(testbench, outside=range(0xC0, 0xC2))


def test_flags():
    async def testbench(ctx, bank, port):
        async def raise_(name, bits):
            ctx.set(bank.raised[name], bits)
            await ctx.tick()
            ctx.set(bank.raised[name], 0)
            await ctx.tick().repeat(3)

        await port.select(0x11)
        await raise_("Some", 0x8005)
        await raise_("Alone", 1)
        assert ctx.get(bank.interrupt) == 1
        assert await port.read(200, take=False) == 0x05     # not read to its end
        # What comes up between is not lost.
        ctx.set(port.memory.address, 200)
        await port.pulse("fetch")
        await ctx.tick().repeat(5)
        await raise_("Some", 0x0100 | 0x02)
        await port.pulse("taken")
        await ctx.tick()
        assert [await port.read(at) for at in (200, 201)] == [0x02, 0x81]
        assert [await port.read(at) for at in (200, 201)] == [0, 0]
        assert ctx.get(bank.interrupt) == 1 and await port.read(203) == 0x10
        await ctx.tick().repeat(3)
        assert ctx.get(bank.interrupt) == 0
        # Nor what comes up in the very clock in which the flag is cleared.
        for late in range(4):
            await raise_("Alone", 1)
            await port.read(203, take=False)
            for clock in range(5):
                ctx.set(port.memory.taken, clock == 0)
                ctx.set(bank.raised.Alone, clock == late)
                await ctx.tick()
            cleared = late < 2              # the flag was still 1 when the cause came
            assert await port.read(203) == (0 if cleared else 0x10)
        # A cause that lasts: the flag is there again.
        ctx.set(bank.raised.Alone, 1)
        await ctx.tick()
        assert [await port.read(203) for _ in range(2)] == [0x10, 0x10]
        ctx.set(bank.raised.Alone, 0)
        # Another page's byte of the same number is another byte.
        await port.select(0x10)
        assert await port.read(203) == 0
        await port.write(202, 1)
        await ctx.tick().repeat(3)
        assert ctx.get(bank.interrupt) == 0
        await port.write(201, 0x01)
        await raise_("Some", 0x0100)
        assert ctx.get(bank.interrupt) == 0
        await raise_("Some", 0x0001)
        assert ctx.get(bank.interrupt) == 1

    run(testbench)


def whole(lanes=20):
    return [*standard_fields(Identity(serial="42")),
            *vendor_fields(lanes=lanes, data_lanes=16, spares=2, symbol_bits=8)]


def test_fixed_bytes_of_the_whole():
    """Read from RTL, and decoded by a model that has its own addresses."""
    content = {}

    async def testbench(ctx, bank, port):
        for page, first in ((LOWER, 0), (0, 128), (1, 128), (2, 128), (0x11, 128), (0xB0, 128)):
            if page >= 0:
                await port.select(page)
            for byte in range(first, first + 128):
                content[page, byte] = await port.read(byte)

    run(testbench, whole())

    def read(page, byte, count):
        return bytes(content[LOWER if byte < 128 else page, at] for at in range(byte, byte + count))

    found = cmis.decode_module(read)
    assert found["checksums"] == (True, True, True) and found["serial"] == "42"
    assert found["vendor"] == "LAMPYRIS" and found["temperature_limits"] == [85, -40, 80, -35]
    assert read(0xB0, 128, 4) == b"ULED"


def test_random_accesses_against_a_mirror():
    """Every byte that can be written, of the whole description, in any order."""
    fields = whole()
    rng = random.Random(1)
    masks, mirror = {}, {}
    for place, parts in byte_map(fields).items():
        for low, first, end, field in parts:
            if field.access is Access.CONTROL and place[1] not in (126, 127):
                masks[place] = masks.get(place, 0) | ((1 << end - first) - 1) << low
                mirror[place] = mirror.get(place, 0) | (
                    field.value >> first & (1 << end - first) - 1) << low

    async def testbench(ctx, bank, port):
        for _ in range(200):
            page, byte = place = rng.choice(list(masks))
            if page != LOWER:
                await port.write(127, page)
            await port.end()
            assert await port.read(byte) == mirror[place]
            value = rng.randrange(256)
            await port.write(byte, value)
            mirror[place] = value & masks[place]
            assert await port.read(byte) == mirror[place]
        for field in fields:
            if field.access is Access.CONTROL and field.page != LOWER:
                assert ctx.get(Value.cast(bank.control[field.name])) == sum(
                    (mirror[field.page, byte] >> field.low & (1 << end - first) - 1) << first
                    for byte, first, end in field.places())

    run(testbench, fields)


def test_masks_of_the_lanes_flags_are_79_bytes_on():
    """A rule of CMIS that no line of the description states; module masks are 23 bytes on."""
    fields = {field.name: field for field in standard_fields(Identity())}
    for field in fields.values():
        if field.access is Access.FLAG and field.page in (LOWER, 0x11, 0x2C):
            mask = fields[field.mask]
            page, distance = {LOWER: (LOWER, 23), 0x11: (0x10, 79), 0x2C: (0x2D, 0)}[field.page]
            assert (mask.page, mask.byte - field.byte) == (page, distance)
            assert (mask.high, mask.low) == (field.high, field.low)


def test_lane_records_fill_their_pages():
    assert lane_pages(1) == range(0xC0, 0xC1) and lane_pages(136) == range(0xC0, 0xD1)
    assert lane_pages(256) == range(0xC0, 0xE0)
    for lane in (0, 7, 8):
        places = [place for place, _ in sorted(byte_map(lane_fields(lane)).items())]
        assert places == [(0xC0 + lane // 8, 128 + 16 * (lane % 8) + at) for at in range(16)]


@pytest.mark.parametrize("fields, sentence", [
    ([fixed("A", 0, 128, 1, ""), fixed("B", 0, 128, 1, "", high=0)], "B cannot be in byte 128"),
    ([fixed("A", 0, 127, 1, "")], "A cannot be in byte 127"),
    ([fixed("A", LOWER, 128, 1, "")], "A cannot be in byte 128"),
    ([*SELECT, *SELECT], "BankSelect cannot be in byte 126"),
    ([*SELECT, fixed("A", 0, 128, 1, ""), fixed("A", 0, 129, 1, "")],
     "two fields have the same name"),
])
def test_bad_fields(fields, sentence):
    with pytest.raises(ValueError, match=sentence):
        PageBank(fields)


def test_checksum_of_what_changes():
    with pytest.raises(ValueError, match="A is not fixed: no checksum can contain it"):
        checksum([Field("A", 0, 130, Access.STATUS, "")], 0, 128, 221)


@pytest.mark.parametrize("settings, sentence", [
    ({"vendor": "x" * 17}, "vendor must be up to 16 ASCII characters, not 'xxxxxxxxxxxxxxxxx'"),
    ({"serial": "\n"}, r"serial must be up to 16 ASCII characters, not '\\n'"),
    ({"made": "261301"}, "made must begin with a date as YYMMDD, not '261301'"),
    ({"oui": 1 << 24}, "oui must be 0 to 16777215, not 16777216"),
    ({"durations": 14}, "durations must be 0 to 13, not 14"),
    ({"supply": Limits(70000, 0, 1, 0)}, "the limits of supply must be 0 to 65535, not 70000"),
])
def test_bad_identity(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        Identity(**settings)


def test_bad_limits():
    with pytest.raises(ValueError, match=r"limits must go up .* not \(4, 3, 2, 1\)"):
        Limits(high_alarm=1, low_alarm=4, high_warning=2, low_warning=3)


@pytest.mark.parametrize("settings, sentence", [
    ({"lanes": 257}, "lanes must be 1 to 256, not 257"),
    ({"data_lanes": 21}, "data_lanes must be 1 to 20, not 21"),
    ({"spares": 5}, "spares must be 0 to 4, not 5"),
])
def test_bad_lanes(settings, sentence):
    with pytest.raises(ValueError, match=sentence):
        vendor_fields(**{"lanes": 20, "data_lanes": 16, "spares": 2, "symbol_bits": 8, **settings})
