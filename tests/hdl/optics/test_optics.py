"""Three lanes from darkness to an eye scan: samplers, thresholds and the monitor over light."""

from dataclasses import replace

import numpy as np
import pytest
from amaranth import Module

from lampyris.lane.sampler import Sampler
from lampyris.optics.optics import Optics
from lampyris.sim.channel.analogue import AnalogueLanes
from lampyris.sim.channel.eye import binomial_tail
from lampyris.sim.channel.optical import OpticalLane
from lampyris.sim.streams import simulate

GEAR, RATIO, WIDTH, DWELL = 8, 4, 5, 4
SIZE = GEAR * RATIO
WORDS = 18_000
PHASES = (0.05, 0.4, 0.8)


class Bench:
    """Light with noise on each lane, comparators with DACs, and the monitor behind its switch."""

    def __init__(self):
        lanes = len(PHASES)
        analogue = AnalogueLanes(offset_ua=-0.4, dac_step_ua=0.12).drawn(
            lanes, seed=2, spread_db=4, offset_ua=0.3)
        zero, one = analogue.levels(5, 22)
        self.own = replace(analogue, noise_ua=(one - zero) / 2 / np.array([5, 7, 9]))
        self.roving = replace(self.own, offset_ua=-0.9)
        self.zero, self.one = zero, one
        random = np.random.default_rng(4)
        self.light, self.again = [], []
        for lane, phase in enumerate(PHASES):
            bits = random.integers(0, 2, GEAR * (WORDS + 2), np.uint8)
            wave = OpticalLane(ratio=RATIO, phase_ui=phase, rise_ui=0.3).waveform(bits, random)
            clean = zero[lane] + (1 + wave) / 2 * (one - zero)[lane]
            for light in (self.light, self.again):
                noise = self.own.noise_ua[lane] * random.standard_normal(len(wave))
                light.append((clean + noise)[:WORDS * SIZE].reshape(WORDS, SIZE))
        self.optics = Optics(lanes=lanes, gear=GEAR, ratio=RATIO, width=WIDTH, settle=8, window=96,
                             longest=8)
        self.samplers = [Sampler(gear=GEAR, ratio=RATIO) for _ in PHASES]
        self.dut = Module()
        self.dut.submodules.optics = self.optics
        for lane, sampler in enumerate(self.samplers):
            self.dut.submodules += sampler
            self.dut.d.comb += [sampler.i_valid.eq(1),
                                self.optics.lanes[lane].phase.eq(sampler.phase),
                                self.optics.lanes[lane].taken.eq(sampler.taken)]
        self.dut.d.comb += [self.optics.i_valid.eq(1), self.optics.roving.eq(1)]
        self.dac, self.word, self.rounds, self.writes = [0] * lanes, 0, 0, 0

    async def tick(self, ctx):
        def word(light, comparators, lane, code):
            threshold = comparators.threshold(code)[lane] if comparators is self.own \
                else comparators.threshold(code)
            return int.from_bytes(np.packbits(light[lane][self.word] > threshold,
                                              bitorder="little"), "little")

        optics = self.optics
        for lane, sampler in enumerate(self.samplers):
            ctx.set(sampler.i, word(self.light, self.own, lane, self.dac[lane]))
        ctx.set(optics.i, word(self.again, self.roving, ctx.get(optics.lane),
                               ctx.get(optics.code)))
        await ctx.tick()
        self.word += 1
        self.rounds += ctx.get(optics.round)
        if ctx.get(optics.dac_write):
            self.writes += 1
            self.dac[ctx.get(optics.dac_lane)] = ctx.get(optics.dac_code)

    async def until(self, ctx, condition):
        while not condition():
            await self.tick(ctx)


def test_from_darkness_to_the_eye():
    bench = Bench()
    optics, lane = bench.optics, 2

    async def testbench(ctx):
        ctx.set(optics.movable, 0b111)
        await bench.until(ctx, lambda: bench.rounds == 2)
        ctx.set(optics.movable, 0)
        error = bench.dac - bench.own.code_of((bench.zero + bench.one) / 2)
        assert np.abs(error).max() <= 1
        await bench.until(ctx, lambda: bench.rounds == 3)
        for _ in range(50):
            await bench.tick(ctx)

        # A scan in the middle of the loop's turn: it waits, and the loop waits for it.
        ctx.set(optics.scan.payload, {"lane": lane, "dwell": DWELL})
        ctx.set(optics.scan.valid, 1)
        assert not ctx.get(optics.scan.ready)
        await bench.until(ctx, lambda: ctx.get(optics.scan.ready))
        await bench.tick(ctx)
        ctx.set(optics.scan.valid, 0)
        begin = bench.word, bench.writes, bench.rounds
        while ctx.get(optics.scanning):
            await bench.tick(ctx)
            assert ctx.get(optics.lane) == lane
        assert bench.word - begin[0] == 32 * (8 + 16 + 2) + RATIO + 1
        assert (bench.writes, bench.rounds) == begin[1:]
        looked = ctx.get(optics.looked)
        assert looked == GEAR << DWELL

        expected = replace(bench.roving, noise_ua=bench.own.noise_ua[lane]).error_rate(
            bench.zero[lane], bench.one[lane], np.arange(32))
        counts = []
        for code in range(32):
            ctx.set(optics.index_code, code)
            ctx.set(optics.index_place, RATIO // 2)
            await bench.tick(ctx)
            counts.append(ctx.get(optics.count))
            assert binomial_tail(counts[-1], looked, float(expected[code])) > 1e-5, code
        assert counts.count(0) > 3 and min(counts[0], counts[-1]) > looked / 5
        await bench.until(ctx, lambda: bench.rounds == 4)       # the loop goes on
        for number in range(3):
            ctx.set(optics.index, number)
            await bench.tick(ctx)
            state = ctx.get(optics.state)
            assert state.code == bench.dac[number] and state.known and not state.dark

    simulate(bench.dut, [testbench])


def test_bad_parameters():
    with pytest.raises(ValueError) as info:
        Optics(lanes=4, gear=8, ratio=4, settle=7)
    assert str(info.value) == "settle must be 8 to 65536, not 7"
