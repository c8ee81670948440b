"""The waveform: where its edges are, and how they move."""

import numpy as np
import pytest

from lampyris.sim.channel.optical import OpticalLane
from lampyris.sim.channel.recovery import recover_random

BITS = np.random.default_rng(5).integers(0, 2, 4000, np.uint8)


def edges(samples):
    return np.flatnonzero(np.diff(samples, prepend=np.uint8(0)))


def test_a_clean_lane_repeats_each_bit():
    samples = OpticalLane(ratio=4, phase_ui=0).samples(BITS)
    assert np.array_equal(samples, np.repeat(BITS, 4))


@pytest.mark.parametrize("ppm", [-2000, 2000])
def test_a_faster_sender_has_fewer_samples(ppm):
    """Over 4000 bits 2000 ppm are 8 bits."""
    samples = OpticalLane(ratio=8, ppm=ppm).samples(BITS)
    assert len(samples) == pytest.approx(8 * (4000 - ppm * 0.004), abs=8)


def test_jitter_is_as_wide_as_it_says():
    shift = edges(OpticalLane(ratio=100, phase_ui=0, jitter_ui=0.3).samples(BITS)) \
        - 100 * edges(BITS)
    assert -15 <= shift.min() <= -13 and 13 <= shift.max() <= 16


def test_a_sine_moves_the_edges_together():
    shift = edges(OpticalLane(ratio=100, phase_ui=0, sinus_ui=3, sinus_period_ui=1000)
                  .samples(BITS)) - 100 * edges(BITS)
    expected = 150 * np.sin(2 * np.pi * edges(BITS) / 1000)
    assert np.abs(shift - expected).max() <= 1


@pytest.mark.parametrize("rise", [0.0, 0.4])
def test_distortion_makes_ones_longer(rise):
    lane = OpticalLane(ratio=100, phase_ui=0, distortion_ui=0.2, rise_ui=rise)
    shift = edges(lane.samples(BITS)) - 100 * edges(BITS)
    # The very first edge lies before the first sample.
    assert np.abs(shift[2::2] + 10).max() <= 1 and np.abs(shift[1::2] - 10).max() <= 1


@pytest.mark.parametrize("noise, share", [(0.5, 0.0228), (1.0, 0.1587)])
def test_noise_is_gaussian(noise, share):
    """The share of samples beyond 2 sigma, or 1."""
    samples = OpticalLane(ratio=8, phase_ui=0, noise=noise).samples(BITS)
    assert np.mean(samples != np.repeat(BITS, 8)) == pytest.approx(share, rel=0.1)


def test_wrong_bits_are_counted():
    """At ratio 3 nothing filters: one sample of three is taken, and its errors with it."""
    wrong, _ = recover_random(OpticalLane(ratio=3, noise=0.5), gear=8, words=2000, warm=500)
    assert wrong == pytest.approx(0.0228 * 12000, rel=0.2)


@pytest.mark.parametrize("settings, text", [
    ({"ratio": 1}, "ratio must be 2 or more samples per bit, not 1"),
    ({"ratio": 4, "noise": -1}, "noise must be 0 or more, not -1"),
])
def test_bad_parameters(settings, text):
    with pytest.raises(ValueError) as info:
        OpticalLane(**settings)
    assert str(info.value) == text
