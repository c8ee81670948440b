"""LEDs over current, temperature and age: the figures that the law is made of."""

import numpy as np
import pytest

from lampyris.sim.channel.led import LedLanes


def test_light():
    """Half a dB for 30 K, 3 dB of age, droop; as much per lane as it has."""
    leds = LedLanes(droop_ua=np.inf)
    assert leds.light(25, 25, 1) == pytest.approx(40)           # 100 uA, 0.4 W/A
    assert leds.light(25, np.array([85, 125, -40]), 1) == pytest.approx(
        40 * np.array([0.9, 5 / 6, 1.1083]), rel=1e-4)
    assert leds.light(25, 25, 10 ** -0.3) == pytest.approx(20, rel=3e-3)
    assert LedLanes(droop_ua=100).light(25, 25, 1) == pytest.approx(20)
    assert LedLanes(spread=np.array([0, 2]), droop_ua=np.inf).light(25, 85, 1) == pytest.approx(
        [40, 32])


@pytest.mark.parametrize("ratio, eye", [(0.25, 0.19), (0.35, 0.44), (0.5, 0.67), (0.75, 0.87)])
def test_eye_of_one_pole(ratio, eye):
    """The known penalties; and the bandwidth grows as the square root of the current."""
    leds = LedLanes(bandwidth_ghz=4 * ratio, residual=1, step_ua=1)
    assert leds.opening(100, 0) == pytest.approx(eye, abs=5e-3)
    assert leds.opening(0, 200) == leds.opening(100, 0)
    assert LedLanes(bandwidth_ghz=8 * ratio, residual=1, step_ua=1).opening(25, 0) == \
        pytest.approx(leds.opening(100, 0))


def test_error_rate():
    """1e-5 is Q = 4.26; more light, fewer errors; half of the light as half of the coupling."""
    leds = LedLanes(droop_ua=np.inf, residual=0)
    code = 4.2649 * 2 * 0.14 / (0.17 * 0.3 * 0.4 * 4)
    assert leds.quality(3, code, 25, 1) == pytest.approx(4.2649)
    assert leds.error_rate(3, code, 25, 1) == pytest.approx(1e-5, rel=1e-3)
    codes = np.arange(1, 64)
    rates = LedLanes().error_rate(4, codes, 25, 1)
    assert (np.diff(rates) < 0).all()
    assert LedLanes().error_rate(4, codes, 25, 0.5) == pytest.approx(
        LedLanes(coupling=0.15).error_rate(4, codes, 25, 1))


@pytest.mark.parametrize("settings, text", [
    ({"noise_ua": 0}, "noise_ua must be above 0, not 0"),
    ({"coupling": np.array([0.1, -1])}, "coupling must be 0 or more, not -1.0"),
])
def test_bad_parameters(settings, text):
    with pytest.raises(ValueError) as info:
        LedLanes(**settings)
    assert str(info.value) == text
