"""The analogue twin: the figures it is made of, and Gaussian noise."""

from dataclasses import replace

import numpy as np
import pytest

from lampyris.sim.channel.analogue import AnalogueLanes, gaussian_tail


def test_the_link_of_the_literature():
    """100 uA in the LED: 12 uW or -19.2 dBm at the photodiode, Q = 7.3 with 0.14 uA of noise."""
    zero, one = AnalogueLanes().levels(0, 25)
    assert zero == 0 and one == pytest.approx(0.17 * 12)
    assert one / 2 / 0.14 == pytest.approx(7.3, abs=0.02)
    assert gaussian_tail([0, 1, 7.034]) == pytest.approx([0.5, 0.15866, 1e-12], rel=2e-3)


def test_light_follows_current_temperature_and_age():
    lanes = AnalogueLanes(celsius=np.array([25, 85, -40]), ageing=np.array([1, 1, 0.5]))
    zero, one = lanes.levels(np.array([10, 10, 20]), np.array([5, 5, 10]))
    assert one / zero == pytest.approx([3, 3, 3])
    assert one / one[0] == pytest.approx([1, 0.9, 1.108], abs=1e-3)


def test_lanes_that_are_drawn():
    lanes = AnalogueLanes(offset_ua=0.5).drawn(20_000, seed=1, spread_db=6, offset_ua=0.3)
    _, one = lanes.levels(0, 25)
    assert one.max() / one.min() == pytest.approx(10 ** 0.6, rel=0.01)
    assert np.median(one) == pytest.approx(2.04, rel=0.03)
    assert lanes.offset_ua.min() == pytest.approx(0.2, abs=1e-3)
    assert lanes.offset_ua.max() == pytest.approx(0.8, abs=1e-3)


def test_code_and_threshold_are_inverse():
    lanes = AnalogueLanes(offset_ua=np.array([-0.2, 0.3]), dac_step_ua=0.05)
    assert lanes.code_of(lanes.threshold([7, 40])) == pytest.approx([7, 40])
    assert lanes.code_of([0.05, 0.55]) == pytest.approx([5, 5])


def test_samples_are_as_often_1_and_wrong_as_theory_says():
    """Both levels, thresholds at each of them and between; 4 standard errors of 40,000 samples."""
    lanes = AnalogueLanes(noise_ua=0.3, offset_ua=np.array([-0.1, 0.0, 0.2, 0.3]))
    zero, one = lanes.levels(10, 20)
    code = np.rint(lanes.code_of([zero, one, (zero + one) / 2, zero + 0.3]))
    bits = np.random.default_rng(2).integers(0, 2, 40_000)
    seen = lanes.samples(2.0 * bits - 1, np.full(4, zero), np.full(4, one), code,
                         np.random.default_rng(3))
    for measured, theory in (
            (seen.mean(axis=1), lanes.share_of_ones(zero, one, code)),
            ((seen != bits).mean(axis=1), lanes.error_rate(zero, one, code))):
        assert (np.abs(measured - theory) < 4 * np.sqrt(theory * (1 - theory) / 40_000)).all()
    share = lanes.share_of_ones(zero, one, lanes.code_of(zero))
    assert share == pytest.approx([0.75] * 4, abs=1e-3)


def test_a_slope_passes_the_threshold_where_it_should():
    lanes = replace(AnalogueLanes(), noise_ua=0.0)
    seen = lanes.samples(np.linspace(-1, 1, 101), 0.0, 1.2, 5, np.random.default_rng(1))
    assert seen.shape == (101,) and seen.sum() == 75       # above a quarter: 0.3 of 1.2 uA


@pytest.mark.parametrize("settings, text", [
    ({"noise_ua": np.array([0.1, -0.1])}, "noise_ua must be 0 or more, not -0.1"),
    ({"dac_step_ua": 0.0}, "dac_step_ua must be above 0, not 0.0"),
])
def test_bad_parameters(settings, text):
    with pytest.raises(ValueError) as info:
        AnalogueLanes(**settings)
    assert str(info.value) == text
