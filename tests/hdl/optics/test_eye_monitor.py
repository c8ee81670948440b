"""Eye scans of the RTL against the model, bit for bit, behind a sampler whose phase drifts."""

import numpy as np
import pytest
from amaranth import Module

from lampyris.lane.sampler import Sampler
from lampyris.optics.eye_monitor import EyeMonitor
from lampyris.optics.eye_places import EyePlaces
from lampyris.sim.channel.optical import OpticalLane
from lampyris.sim.reference.eye import count_eye, lane_bits, places
from lampyris.sim.reference.sampler import recover
from lampyris.sim.streams import simulate

WIDTH, SETTLE, DWELL, COUNT_WIDTH = 4, 9, 5, 8
CODES = 1 << WIDTH
PERIOD = SETTLE + (1 << DWELL) + 2
BEFORE = 40             # words before the scan


def number(samples):
    return int.from_bytes(np.packbits(samples, bitorder="little"), "little")


class Scan:
    """A lane, its sampler, and a monitor whose input is the same light with noise of its own."""

    def __init__(self, gear, ratio, lane, seed=11):
        self.gear, self.ratio = gear, ratio
        bits = np.random.default_rng(seed).integers(0, 2, gear * (BEFORE + CODES * PERIOD + 60),
                                                    np.uint8)
        self.lane = lane.samples(bits)
        random = np.random.default_rng(seed + 1)
        # Noise that no threshold outlasts: counts differ between codes, and some saturate.
        self.light = 2.0 * self.lane - 1 + 0.5 * random.standard_normal(len(self.lane))
        self.shown = np.zeros(len(self.lane), np.uint8)

        self.dut = Module()
        self.sampler = Sampler(gear=gear, ratio=ratio)
        self.places = EyePlaces(gear=gear, ratio=ratio)
        self.monitor = EyeMonitor(gear=gear, ratio=ratio, width=WIDTH, settle=SETTLE,
                                  longest=DWELL + 1, count_width=COUNT_WIDTH)
        self.dut.submodules += [self.sampler, self.places, self.monitor]
        self.dut.d.comb += [
            self.places.phase.eq(self.sampler.phase), self.places.taken.eq(self.sampler.taken),
            self.monitor.seen.eq(self.places.seen), self.monitor.bits.eq(self.places.bits),
            self.monitor.valid.eq(self.places.valid), self.monitor.dwell.eq(DWELL),
        ]

    async def run(self, ctx, start, gaps=()):
        """Feed words; the scan starts with that of number `start`. Returns the table."""
        size, word, cycle = self.gear * self.ratio, 0, 0
        while word <= start or ctx.get(self.monitor.busy):
            valid = cycle % 16 not in gaps or word == start
            part = slice(word * size, (word + 1) * size)
            threshold = (ctx.get(self.monitor.code) - CODES / 2 + 0.5) / (CODES / 4)
            self.shown[part] = self.light[part] > threshold
            for port, source in ((self.sampler, self.lane), (self.places, self.shown)):
                ctx.set(port.i_valid, valid)
                ctx.set(port.i, number(source[part]) if valid else 0)
            ctx.set(self.monitor.start, word == start)
            await ctx.tick()
            word, cycle = word + valid, cycle + 1
        return await self.table(ctx)

    async def table(self, ctx):
        rows = np.zeros((CODES, self.ratio), int)
        for code, place in np.ndindex(rows.shape):
            ctx.set(self.monitor.index_code, code)
            ctx.set(self.monitor.index_place, place)
            await ctx.tick()
            rows[code, place] = ctx.get(self.monitor.count)
        return rows

    def expected(self, start):
        # The word of the start leaves the places when `late` words have followed it.
        late = 3 if self.ratio >= 4 else 2
        phases = recover(self.lane, self.gear, self.ratio).phases
        first = start + 1 - late
        return count_eye(places(self.shown, phases, self.gear, self.ratio)[first:],
                         lane_bits(self.lane, phases, self.gear, self.ratio)[first:],
                         codes=CODES, settle=SETTLE, words=1 << DWELL,
                         most=(1 << COUNT_WIDTH) - 1), set(phases[first:first + CODES * PERIOD])


@pytest.mark.parametrize("gear, ratio, ppm, gaps", [
    (8, 4, 0, ()), (8, 4, 700, (3, 7, 8)), (8, 3, -900, ()), (8, 8, 500, (0,)), (16, 4, 900, ()),
    (7, 3, 2000, (5, 6)), (10, 8, -2000, ()),
])
def test_bit_exact(gear, ratio, ppm, gaps):
    """A lane whose phase drifts, and has errors itself."""
    scan = Scan(gear, ratio, OpticalLane(ratio=ratio, phase_ui=0.3, ppm=ppm, jitter_ui=0.2,
                                         noise=0.45))

    async def testbench(ctx):
        table = await scan.run(ctx, BEFORE, gaps)
        expected, phases = scan.expected(BEFORE)
        assert np.array_equal(table, expected)
        assert ppm == 0 or len(phases) == ratio
        assert gear < 16 or table.max() == 255 > table.min()
        assert ctx.get(scan.monitor.looked) == gear << DWELL

    simulate(scan.dut, [testbench])


def test_a_new_start_leaves_nothing_of_the_old_scan():
    scan = Scan(8, 4, OpticalLane(ratio=4))

    async def testbench(ctx):
        for broken_off in (*range(1, 50, 5), PERIOD + 1, PERIOD + 2, PERIOD + 3, 2 * PERIOD + 1):
            ctx.set(scan.monitor.start, 1)
            ctx.set(scan.places.i_valid, 1)
            ctx.set(scan.places.i, 0x5555_5555)
            await ctx.tick()
            ctx.set(scan.monitor.start, 0)
            for _ in range(broken_off):
                await ctx.tick()
            ctx.set(scan.monitor.start, 1)
            await ctx.tick()
            ctx.set(scan.monitor.start, 0)
            length = 0
            while ctx.get(scan.monitor.busy):
                await ctx.tick()
                length += 1
            assert length == CODES * PERIOD + 4
            # The lane takes 0s, the monitor sees 1 in every other sample.
            assert (await scan.table(ctx) == [[0, 255, 0, 255]] * CODES).all()

    simulate(scan.dut, [testbench])


@pytest.mark.parametrize("block, settings, error, text", [
    (EyePlaces, {"gear": 8, "ratio": 5}, ValueError,
     "ratio must be 3, 4 or 8 samples per bit, not 5"),
    (EyeMonitor, {"gear": 8, "ratio": 2}, ValueError,
     "ratio must be 3, 4 or 8 samples per bit, not 2"),
    (EyeMonitor, {"gear": 8, "ratio": 8, "settle": 7}, ValueError,
     "settle must be 8 to 65536, not 7"),
    (EyeMonitor, {"gear": 8, "ratio": 4, "longest": 33}, ValueError,
     "longest must be 4 to 32, not 33"),
    (EyeMonitor, {"gear": 8, "ratio": 4, "count_width": "8"}, TypeError,
     "count_width must be a whole number, not '8'"),
])
def test_bad_parameters(block, settings, error, text):
    with pytest.raises(error) as info:
        block(**settings)
    assert str(info.value) == text
