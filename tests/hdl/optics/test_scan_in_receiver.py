"""A scan of one lane of a whole receiver with FEC, while all lanes carry blocks."""

import random

import numpy as np
import pytest

from lampyris.config import preset
from lampyris.control.link_control import DownReason
from lampyris.receiver import WordReceiver
from lampyris.sim.channel.optical import OpticalLane
from lampyris.sim.reference import Format, encode_frames
from lampyris.sim.reference.eye import lane_bits, places, word_lengths
from lampyris.sim.reference.lanes import permute, symbols_to_bits
from lampyris.sim.reference.sampler import recover
from lampyris.sim.streams import simulate

GEAR, RATIO, CODES, DWELL, PERIOD = 8, 4, 8, 5, 256
SIZE = GEAR * RATIO
CONFIG = {"lanes": 4, "spares": 1, "marker_period": PERIOD, "deskew_ui": 8, "fibre_m": 0,
          "sampling": RATIO, "threshold_bits": 3, "view": "word"}
CODES_OF = {"word": {"fec": "word", "parity": 2},
            "group": {"fec": "rs255", "codeword": 40}}
FORMATS = {"word": lambda: Format(4, 1, GEAR, PERIOD, parity=2),
           "group": lambda: Format(4, 1, GEAR, PERIOD, group_code=(40, 24))}
GAP = {"word": 12 + 1, "group": 12 + 4 + 1}
"""Words that do not count at a marker: those of the marker, of no group, and the one before."""


class Bench:
    """Lanes in some order, of which `lane` has so much noise that it often errs, as the monitor."""

    def __init__(self, code: str, lane: int, *, noise: float, frames: int, seed: int = 4):
        fmt, rng = FORMATS[code](), random.Random(seed)
        self.config = preset("uled16").with_settings({"name": "scan", **CONFIG, **CODES_OF[code]})
        self.dut = WordReceiver(self.config)
        lanes = list(range(fmt.N))
        rng.shuffle(lanes)
        self.lane, self.lanes, self.logical = lane, fmt.N, lanes[lane]
        blocks = np.array([[rng.getrandbits(32) for _ in range(fmt.S)]
                           for _ in range(frames * fmt.blocks_per_frame)], np.uint32)
        symbols = permute(encode_frames(fmt, blocks, 1, words=frames * PERIOD), lanes)
        random_ = np.random.default_rng(seed)
        samples = []
        for number in range(fmt.N):
            bits = symbols_to_bits(symbols[:, number], GEAR).reshape(-1)
            light = OpticalLane(ratio=RATIO, phase_ui=rng.uniform(0, 3), rise_ui=0.8).waveform(
                bits, random_)
            if number == lane:
                light = light + noise * random_.standard_normal(len(light))     # both see it
                self.light = light + noise * random_.standard_normal(len(light))
                light = light + noise / 2 * random_.standard_normal(len(light))
                self.bits = bits
            samples.append((light > 0).astype(np.uint8))
        self.own = samples[lane]
        size = (frames * PERIOD - 2) * SIZE
        self.words = np.stack([part[:size].reshape(-1, SIZE) for part in samples], 1)
        self.shown = np.zeros(len(self.light), np.uint8)
        self.word = 0
        self.seen = []                      # the code of the monitor in each word

    async def tick(self, ctx):
        dut = self.dut
        packed = np.packbits(self.words[self.word].reshape(-1), bitorder="little")
        ctx.set(dut.data, int.from_bytes(packed.tobytes(), "little"))
        code = ctx.get(dut.monitor_code)
        part = slice(self.word * SIZE, (self.word + 1) * SIZE)
        if ctx.get(dut.monitor_lane) == self.lane:
            self.shown[part] = self.light[part] > (code - CODES / 2 + 0.5) / (CODES / 3)
        ctx.set(dut.monitor_data, int.from_bytes(
            np.packbits(self.shown[part], bitorder="little").tobytes(), "little"))
        self.seen.append(code)
        self.word += 1
        await ctx.tick("rx")


@pytest.mark.full
@pytest.mark.parametrize("kind, lane", [("word", 2), ("word", None), ("group", 2)])
def test_counts_are_those_of_the_bits_that_were_sent(kind, lane):
    """Of a lane of the code, and of the spare that serves none; the lane's own bits differ."""
    spare = lane is None
    bench = Bench(kind, 0 if spare else lane, noise=0.42, frames=30)
    if spare:
        numbers = list(range(bench.lanes))
        random.Random(4).shuffle(numbers)
        bench = Bench(kind, numbers.index(bench.lanes - 1), noise=0.42, frames=30)
    dut = bench.dut
    table = np.zeros((CODES, RATIO), int)

    async def testbench(ctx):
        for name, value in {"valid": (1 << bench.lanes) - 1, "monitor_valid": 1,
                            "m_axis_tready": 1, "training_hold": 1, "freeze": 1, "roving": 0,
                            "lane_index": bench.lane, "scan_dwell": DWELL}.items():
            ctx.set(getattr(dut, name), value)
        while not ctx.get(dut.link_up):
            await bench.tick(ctx)
        for _ in range(300):
            await bench.tick(ctx)
        ctx.set(dut.scan_start, 1)
        await bench.tick(ctx)
        ctx.set(dut.scan_start, 0)
        while not ctx.get(dut.scanning):
            await bench.tick(ctx)
        bench.begin = bench.word
        while ctx.get(dut.scanning):
            await bench.tick(ctx)
        assert ctx.get(dut.fec_truth)
        assert ctx.get(dut.link_up) and ctx.get(dut.down_reason) == DownReason.NONE
        for at in np.ndindex(table.shape):
            ctx.set(dut.scan_code, at[0])
            ctx.set(dut.scan_place, at[1])
            await ctx.tick("rx").repeat(2)
            table[at] = ctx.get(dut.scan_count)

    simulate(dut, [testbench], clocks={"rx": 1e-8, "host": 0.8e-8})

    # Which words counted is not known here, but each count is that of 32 words of one code. With
    # errors of the decoder's truth or of the alignment, half of the bits were wrong.
    phases = recover(bench.own, GEAR, RATIO).phases[:bench.word]
    lengths = word_lengths(phases, GEAR, RATIO)
    taken = lane_bits(bench.own, phases, GEAR, RATIO)
    ends = np.cumsum(lengths)
    late = max(range(-30, 31), key=lambda late: np.count_nonzero(
        taken[100:400].reshape(-1) == bench.bits[ends[99] + late:ends[99] + late + 300 * GEAR]))
    sent = bench.bits[np.clip(ends - GEAR + late, 0, None)[:, None] + np.arange(GEAR)]
    seen = places(bench.shown, phases, GEAR, RATIO)
    errors = np.count_nonzero(taken[bench.begin:] != sent[bench.begin:])
    assert errors > 1e-3 * taken[bench.begin:].size
    inside = np.arange(bench.word) >= bench.begin
    wrong = {name: np.count_nonzero(seen != truth[:, :, None], axis=1)
             for name, truth in (("sent", sent), ("own", taken))}
    fits = {name: all(_fits(wrong[name], np.array(bench.seen), code, table[code], inside,
                            GAP[kind]) for code in range(CODES)) for name in wrong}
    assert fits == {"sent": True, "own": False}


def _fits(wrong, codes, code, counts, inside, at_marker):
    """Is there a run of words with this code, of which 32 without a gap of a marker, or with one,
    have these counts?"""
    words = np.flatnonzero((codes == code) & inside)
    sums = np.concatenate([np.zeros((1, RATIO), int), np.cumsum(wrong[words], axis=0)])
    for gap in (0, at_marker):
        for split in range(0, (1 << DWELL) + 1 if gap else 1):
            size = (1 << DWELL) + gap
            first = np.arange(max(0, len(words) - size + 1))
            total = sums[first + size] - sums[first]
            if gap:
                total = total - (sums[first + split + gap] - sums[first + split])
            if (total == counts).all(axis=1).any():
                return True
    return False
