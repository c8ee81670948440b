"""Eye scans with the decoder's truth against the model and against the bits that were sent."""

import random
from collections import deque

import numpy as np
import pytest
from amaranth import Module

from lampyris.geometry import Geometry
from lampyris.lane.receive_lane import ReceiveLane
from lampyris.optics.error_store import ErrorStore
from lampyris.optics.eye_monitor import EyeMonitor
from lampyris.optics.eye_places import EyePlaces
from lampyris.optics.eye_truth import EyeTruth
from lampyris.sim.channel.optical import OpticalLane
from lampyris.sim.reference import Format, encode_frames
from lampyris.sim.reference.eye import count_eye, lane_bits, places, sent_bits, word_lengths
from lampyris.sim.reference.lanes import symbols_to_bits
from lampyris.sim.reference.sampler import recover
from lampyris.sim.streams import simulate

WIDTH, SETTLE, DWELL = 3, 16, 5
CODES = 1 << WIDTH
DELAY, PERIOD = 48, 128
SCAN = SETTLE + DELAY + 4 + (1 << DWELL) + 2


class Scan:
    """A lane with frames, up to its deskew buffer; a monitor; and a decoder that knows all.

    The noise that both comparators see is `shared`; the lane's own is `noise`, and the monitor has
    as much.
    """

    def __init__(self, gear, ratio, *, noise, shared=0.0, inverted=False, seed=3, frames=32,
                 **lane):
        self.gear, self.ratio = gear, ratio
        self.rng, noises = random.Random(seed), np.random.default_rng(seed)
        fmt = Format(4, 0, gear, PERIOD)
        symbols = encode_frames(fmt, np.array([[self.rng.getrandbits(32) for _ in range(fmt.S)]
                                               for _ in range(fmt.blocks_per_frame * frames)],
                                              np.uint32), 1, words=PERIOD * frames)[:, 1]
        sent = symbols_to_bits(symbols, gear).reshape(-1) ^ inverted
        light = OpticalLane(ratio=ratio, **lane).waveform(sent, noises)
        light += shared * noises.standard_normal(len(light))
        self.own = (light + noise * noises.standard_normal(len(light)) > 0).astype(np.uint8)
        self.light = light + noise * noises.standard_normal(len(light))
        self.shown = np.zeros(len(light), np.uint8)

        track = recover(self.own, gear, ratio)
        self.phases, bits = track.phases, track.bits
        lengths = word_lengths(self.phases, gear, ratio)
        self.ends = np.cumsum(lengths)
        assert self.ends[-1] == len(bits)
        # The first bit that was taken is one of the first that were sent.
        self.begin = -max(range(-3, 4), key=lambda late: np.count_nonzero(
            bits[100:3000] == sent[100 + late:3000 + late]))
        count = min(len(bits) - max(self.begin, 0), len(sent)) // gear - 2
        taken = bits[max(self.begin, 0):][:gear * count]
        skipped = max(-self.begin, 0)
        wrong = np.zeros(gear * count, np.uint8)
        wrong[skipped:] = taken[:len(wrong) - skipped] ^ sent[skipped:len(wrong)]
        self.errors = wrong.reshape(count, gear)
        self.known = noises.random(count) < 0.95
        self.known[np.arange(count) % PERIOD < fmt.M] = False
        self.markers = fmt.M
        self.bits = lane_bits(self.own, self.phases, gear, ratio)
        self.truth, self.counts = sent_bits(self.bits, lengths, self.begin, self.errors, self.known)
        at = self.ends - gear - self.begin          # what was really sent, of whole words
        self.sent = sent[np.clip(at, 0, len(sent) - gear)[:, None] + np.arange(gear)]

        geometry = Geometry(lanes=4, spares=0, gear=gear, marker_period=PERIOD)
        self.dut = Module()
        self.lane = ReceiveLane(geometry=geometry, tolerance=2, depth=8, sampling=ratio)
        self.places = EyePlaces(gear=gear, ratio=ratio)
        self.eye = EyeTruth(gear=gear, ratio=ratio, delay=DELAY, period=PERIOD, markers=fmt.M,
                            syncs=fmt.Ms, tolerance=2, patience=8 * PERIOD)
        self.monitor = EyeMonitor(gear=gear, ratio=ratio, width=WIDTH, settle=SETTLE + DELAY + 4,
                                  longest=DWELL)
        self.dut.submodules += [self.lane, self.places, self.eye, self.monitor]
        self.dut.d.comb += [
            self.places.phase.eq(self.lane.status.phase), self.places.taken.eq(self.lane.taken),
            self.eye.mark.eq(self.lane.mark), self.monitor.seen.eq(self.eye.shown),
            self.monitor.bits.eq(self.eye.sent), self.monitor.valid.eq(self.eye.counts),
            self.monitor.dwell.eq(DWELL), self.monitor.start.eq(self.eye.start),
            self.eye.busy.eq(self.monitor.busy),
            *(getattr(self.eye, name).eq(getattr(self.places, name))
              for name in ("seen", "bits", "more", "valid")),
        ]
        self.word, self.cycle, self.gaps = 0, 0, ()
        self.judged, self.due, self.last = 0, deque(), 0
        self.up = self.sure = 1
        self.log = []                       # words that counted: shown, sent, with FEC truth

    async def tick(self, ctx, start=0):
        """A cycle: a word or a gap for the lane, and what the decoder has ready."""
        size, valid = self.gear * self.ratio, self.cycle % 16 not in self.gaps
        part = slice(self.word * size, (self.word + 1) * size)
        threshold = (ctx.get(self.monitor.code) - CODES / 2 + 0.5) / (CODES / 4)
        self.shown[part] = self.light[part] > threshold
        for port, source in ((self.lane, self.own), (self.places, self.shown)):
            ctx.set(port.i_valid, valid)
            ctx.set(port.i, int.from_bytes(np.packbits(source[part], bitorder="little"), "little")
                    if valid else 0)
        while self.ends[self.word] >= self.begin + self.gear * (self.judged + 1):
            self.last = max(self.last + 1, self.cycle + self.rng.randrange(12, DELAY - 16))
            if self.judged % PERIOD >= self.markers:
                self.due.append((self.last, self.judged))
            self.judged += 1
        item = {"valid": 0, "first": self.rng.getrandbits(1), "known": 1, "error": 1}
        if self.due and self.due[0][0] == self.cycle:
            _, number = self.due.popleft()
            item = {"valid": 1, "first": number % PERIOD == self.markers,
                    "known": int(self.known[number]),
                    "error": int.from_bytes(np.packbits(
                        self.errors[number], bitorder="little"), "little")
                    if self.known[number] else self.rng.getrandbits(self.gear)}
        ctx.set(self.eye.errors, item)
        ctx.set(self.eye.up, self.up)
        ctx.set(self.eye.sure, self.sure)
        ctx.set(self.eye.start, start)
        if ctx.get(self.eye.counts):
            self.log.append((ctx.get(self.eye.shown.as_value()), ctx.get(self.eye.sent)))
        await ctx.tick()
        self.word, self.cycle = self.word + valid, self.cycle + 1

    async def lock(self, ctx):
        while not ctx.get(self.lane.status.locked):
            await self.tick(ctx)
        for _ in range(self.rng.randrange(PERIOD)):
            await self.tick(ctx)

    async def scan(self, ctx, during=lambda: None):
        """Returns the word before which it began."""
        await self.tick(ctx, start=1)
        self.log.clear()
        begin = self.word
        while ctx.get(self.monitor.busy):
            during()
            await self.tick(ctx)
        return begin

    async def table(self, ctx):
        rows = np.zeros((CODES, self.ratio), int)
        for code, place in np.ndindex(rows.shape):
            ctx.set(self.monitor.index_code, code)
            ctx.set(self.monitor.index_place, place)
            await ctx.tick()
            rows[code, place] = ctx.get(self.monitor.count)
        return rows

    def packed(self, words):
        """The log's entries of some words."""
        seen = places(self.shown, self.phases, self.gear, self.ratio)[words]
        return [tuple(int.from_bytes(np.packbits(part.reshape(-1), bitorder="little"), "little")
                      for part in (shown.T, bits))
                for shown, bits in zip(seen, self.truth[words], strict=True)]

    def expected(self, bits, words):
        seen = places(self.shown, self.phases, self.gear, self.ratio)
        return count_eye(seen[words], bits[words], codes=CODES, settle=SETTLE + DELAY + 4,
                         words=1 << DWELL, most=0xFFFF)


def words_that_counted(scan, begin):
    """The words of the log, which are those of the model from one on; that one comes in time."""
    words = np.flatnonzero(scan.counts)
    words = words[words >= begin - DELAY][:len(scan.log) + 4 * PERIOD]
    entries = scan.packed(words)
    first = entries.index(scan.log[0])
    assert entries[first:first + len(scan.log)] == scan.log
    return words[first:first + len(scan.log)]


@pytest.mark.parametrize("gear, ratio, gaps, channel", [
    (8, 4, (), {"noise": 0.3, "shared": 0.25, "rise_ui": 0.9}),
    (8, 3, (2, 3, 9), {"noise": 0.3, "shared": 0.25, "ppm": -900, "inverted": True}),
    *(pytest.param(*case, marks=pytest.mark.full) for case in (
        (8, 8, (), {"noise": 0.3, "shared": 0.25, "ppm": 1500, "rise_ui": 0.9}),
        (10, 4, (), {"noise": 0.4, "shared": 0.3, "ppm": 700}),
        (7, 4, (0, 1, 2, 3, 8), {"noise": 0.4, "shared": 0.3, "seed": 8}),
        (16, 3, (), {"noise": 0.3, "shared": 0.2}))),
])
def test_bit_exact(gear, ratio, gaps, channel):
    """Whatever the lane's own errors, phase and speed: the truth is what was sent."""
    scan = Scan(gear, ratio, **channel)

    async def testbench(ctx):
        await scan.lock(ctx)
        scan.gaps = gaps
        begin = await scan.scan(ctx)
        scan.sure = scan.up = 0             # what comes after the scan says nothing of it
        log = list(scan.log)
        for _ in range(4):
            await scan.tick(ctx)
        assert ctx.get(scan.eye.fec)
        scan.log = log
        words = words_that_counted(scan, begin)
        table = await scan.table(ctx)
        assert (scan.truth[words] == scan.sent[words]).all()
        assert np.array_equal(table, scan.expected(scan.truth, words))
        assert np.array_equal(table, scan.expected(scan.sent, words))
        errors = np.count_nonzero(scan.bits[words] != scan.sent[words])
        assert errors > 1e-3 * len(words) * gear
        assert not np.array_equal(table, scan.expected(scan.bits, words))

    simulate(scan.dut, [testbench])


@pytest.mark.full
def test_which_words_count():
    """Alignment needs two frames in which the sync is seen, and no more in a quiet lane."""
    scan = Scan(8, 4, noise=0.05)

    async def testbench(ctx):
        await scan.lock(ctx)
        for _ in range(2):                  # the second scan knows nothing of the first
            begin = await scan.scan(ctx)
            words = words_that_counted(scan, begin)
            assert PERIOD <= words[0] - begin <= 2 * PERIOD + scan.markers + 8
            assert np.isin(np.flatnonzero(scan.counts[:words[-1] + 1]), words).sum() == len(words)
            assert np.array_equal(np.flatnonzero(scan.counts[words[0]:words[-1] + 1]) + words[0],
                                  words)
            assert ctx.get(scan.eye.fec)

    simulate(scan.dut, [testbench])


@pytest.mark.parametrize("event", ["not sure", *(
    pytest.param(event, marks=pytest.mark.full) for event in (
        "down at the start", "down", "another alignment", "never sure", "silence"))])
def test_own_truth(event):
    """What takes the FEC's truth away; the scan goes on with the lane's own bits, and ends."""
    scan = Scan(8, 4, noise=0.3, shared=0.25, seed=5)
    ticks = 0

    def during():
        nonlocal ticks
        ticks += 1
        if ticks == 3 * PERIOD:
            if event == "down":
                scan.up = 0
            elif event == "not sure":
                scan.sure = 0
            elif event == "silence":
                scan.known[:] = False
            elif event == "another alignment":
                # A bit is lost: the lane's frames begin a bit earlier from here on.
                for samples in (scan.own, scan.light):
                    at = scan.word * 32
                    samples[at:-4] = samples[at + 4:].copy()

    async def testbench(ctx):
        await scan.lock(ctx)
        scan.up = event != "down at the start"
        scan.sure = event != "never sure"
        begin = await scan.scan(ctx, during)
        assert not ctx.get(scan.eye.fec)
        # Up to the event, words with the FEC's truth, and then all, with the lane's own.
        seen = places(scan.shown, scan.phases, 8, 4)
        words, own = np.arange(begin - DELAY, begin + ticks), []
        for word in words:
            own.append(tuple(int.from_bytes(np.packbits(part.reshape(-1), bitorder="little"),
                                            "little") for part in (seen[word].T, scan.bits[word])))
        tail = scan.log[-CODES * SCAN // 4:]
        if event == "another alignment":    # the model has not lost that bit
            assert len(scan.log) == CODES * SCAN + 4 and ticks < CODES * SCAN + 3 * PERIOD
            return
        first = own.index(tail[0])
        assert own[first:first + len(tail)] == tail
        patience = {"never sure": 8 * PERIOD, "silence": 8 * PERIOD}.get(event, 0)
        late = {"down at the start": 0, "never sure": 0}.get(event, PERIOD)
        assert patience <= ticks - CODES * SCAN <= patience + 3 * late + 5

    simulate(scan.dut, [testbench])


@pytest.mark.parametrize("block, settings, text", [
    (EyeTruth, {"period": 112}, "period must be more than 112, delay + 64, not 112"),
    (EyeTruth, {"delay": 15}, "delay must be 16 to 65536, not 15"),
    (EyeTruth, {"tolerance": 5}, "tolerance must be 0 to 4, not 5"),
    (EyeTruth, {"patience": 127}, "patience must be 128 to 16777216, not 127"),
])
def test_bad_parameters(block, settings, text):
    good = {"gear": 8, "ratio": 4, "delay": 48, "period": 128, "markers": 12, "syncs": 4,
            "tolerance": 2, "patience": 1024}
    with pytest.raises(ValueError) as info:
        block(**good | settings)
    assert str(info.value) == text


def test_error_store():
    """Numbers of symbols over frames of 50 with 6 of marker; a ring of 16."""
    dut, rng = ErrorStore(gear=8, depth=16, period=50, markers=6), random.Random(4)
    bits = dut.index_bits
    assert bits == 6

    async def testbench(ctx):
        kept, before = {}, -1
        for number in range(50 * 9):
            frame, at = divmod(number, 50)
            error, known = rng.getrandbits(8), rng.random() < 0.8
            ctx.set(dut.i, {"valid": at >= 6, "first": at == 6, "known": known, "error": error})
            if at >= 6:
                kept[number] = (known, error)
            kept.pop(number - 64, None)
            asked = number - rng.randrange(2, 16)
            ctx.set(dut.index, asked % (1 << bits))
            ctx.set(dut.enable, 1)
            await ctx.tick()
            (known, error), before = kept.get(before, (False, 0)), asked
            assert ctx.get(dut.known) == known
            if known:
                assert ctx.get(dut.error) == error
            assert ctx.get(dut.frame) == (frame if at >= 6 else max(frame - 1, 0)) * 50 % (
                1 << bits)
            if rng.random() < 0.3:          # a gap, in which the last one read stays
                ctx.set(dut.i.valid, 0)
                ctx.set(dut.enable, 0)
                ctx.set(dut.index, rng.getrandbits(bits))
                await ctx.tick()
                assert ctx.get(dut.known) == known

    simulate(dut, [testbench])
