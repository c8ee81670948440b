"""The search for the levels finds the true mean: random lanes, light and noise."""

from dataclasses import replace

import numpy as np
import pytest

from lampyris.sim.channel.analogue import AnalogueLanes
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
