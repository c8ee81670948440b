"""The search for the levels finds the true mean: random lanes, light and noise."""

from dataclasses import replace

import numpy as np
import pytest

from lampyris.sim.channel.analogue import AnalogueLanes
from lampyris.sim.channel.optical import OpticalLane
from lampyris.sim.reference.eye import lane_bits, places
from lampyris.sim.reference.sampler import recover
from lampyris.sim.reference.thresholds import find_levels

LANES = 400


def find(lanes, zero, one, lane, samples, random):
    """Levels of one lane, by counts with the scatter that noise and random bits give them."""
    def ones(look, code):
        return random.binomial(samples, lanes.share_of_ones(zero, one, code)[lane])
    return find_levels(ones, samples)


@pytest.mark.parametrize("samples, bound", [(4096, 1.0), (512, 1.25)])
@pytest.mark.parametrize("q", [4, 7, 10])
def test_threshold_is_within_a_code_of_the_true_mean(q, samples, bound):
    """6 dB of light, offsets of +-4 codes; 512 samples are those of a quick search."""
    random = np.random.default_rng(samples + q)
    lanes = AnalogueLanes(offset_ua=-0.6, dac_step_ua=0.08).drawn(
        LANES, seed=q, spread_db=6, offset_ua=0.32)
    zero, one = lanes.levels(5, 20)
    lanes = replace(lanes, noise_ua=(one - zero) / 2 / q)
    true = lanes.code_of((zero + one) / 2)
    error, finer = [], []
    for lane in range(LANES):
        found = find(lanes, zero, one, lane, samples, random)
        error.append(found.threshold - true[lane])
        finer.append(found.middle / 4 - true[lane])
        assert not found.dark and not found.beyond
    assert np.abs(error).max() <= bound
    assert np.abs(np.mean(finer)) < 0.04


def test_dark_and_beyond():
    random = np.random.default_rng(1)
    # Good, no light, stuck; 0 below, 1 above, both above the DAC.
    lanes = AnalogueLanes(offset_ua=np.array([-1.0, -1.0, -1.0, 0.5, -2.5, -4.0]))
    zero = np.array([0.0, 0.0, 1.0, 0.0, 0.0, 1.0])
    one = np.array([2.0, 0.0, 1.1, 2.0, 2.0, 2.0])
    found = [find(lanes, zero, one, lane, 4096, random) for lane in range(6)]
    assert [levels.dark for levels in found] == [False, True, True, False, False, True]
    assert [levels.beyond for levels in found] == [False, False, False, True, True, True]


def sweep(lane, low, high, *, by_monitor, words=512, warm=64):
    """Search in the samples of a lane with Q = 6 that follows its own edges, as it sees them: with
    the swept comparator itself, or with one in the middle of the eye."""
    random = np.random.default_rng(lane.seed)

    def ones(look, code):
        sent = random.integers(0, 2, 8 * (words + warm + 2), np.uint8)
        light = low + (1 + lane.waveform(sent, random)) / 2 * (high - low)
        own, monitor = (light + (high - low) / 12 * random.standard_normal(len(light))
                        > threshold for threshold in
                        ((low + high) / 2 if by_monitor else code, code))
        phases = recover(own.astype(np.uint8), 8, lane.ratio).phases
        seen = (places(monitor, phases, 8, lane.ratio)[:, :, lane.ratio // 2] if by_monitor
                else lane_bits(own.astype(np.uint8), phases, 8, lane.ratio))
        return int(seen[warm:warm + words].sum())

    return find_levels(ones, 8 * words)


@pytest.mark.parametrize("ratio", [3, 4, 8])
@pytest.mark.parametrize("by_monitor, distortion", [(False, 0.0), (True, 0.1)])
def test_mean_of_a_waveform(ratio, by_monitor, distortion):
    """The monitor, at the middle of the eye, does not mind longer ones; a comparator that is swept
    itself sees edges at any time, which leave the mean where it is if they are alike."""
    for seed in range(4):
        low, high = 18 + seed / 8, 48 - seed / 5
        lane = OpticalLane(ratio=ratio, rise_ui=0.5, distortion_ui=distortion, phase_ui=seed / 8,
                           seed=seed)
        levels = sweep(lane, low, high, by_monitor=by_monitor)
        assert abs(levels.middle / 4 - (low + high) / 2) <= 1
        if by_monitor:
            assert abs(levels.low + 0.5 - low) <= 1 and abs(levels.high + 0.5 - high) <= 1
