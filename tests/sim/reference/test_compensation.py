"""The model of the loops: rounding by fractions, rules by hand, and the loops closed over LEDs."""

from fractions import Fraction
from math import floor

import numpy as np
import pytest

from lampyris.sim.channel.compensation import ClosedLoop, best, factor_table, sensor_code
from lampyris.sim.channel.led import LedLanes
from lampyris.sim.reference.compensation import (
    BIAS,
    COMPENSATION,
    LIMIT,
    MODULATION,
    ONE,
    RISE,
    Compensation,
    heard,
    scaled,
    table_factor,
)
from lampyris.sim.reference.reports import LEVELS, level_of, report, reported


def nearest(value: Fraction) -> int:
    """Halves up."""
    return floor(value + Fraction(1, 2))


def test_codes_are_the_nearest():
    rng = np.random.default_rng(1)
    for bias, modulation, aged, factor in rng.integers([0, 0, 1, 0], [64, 64, 64, 2500], (500, 4)):
        found_bias, found, cut = scaled(bias, modulation, aged, factor, 63)
        if modulation:
            product = nearest(Fraction(int(aged) * int(factor), ONE))
            share = nearest(Fraction(int(bias) * min(product, 63), int(modulation)))
        else:
            product, share = 0, nearest(Fraction(int(bias) * int(factor), ONE))
        assert (found, found_bias) == (min(product, 63), min(share, 63))
        assert cut == (max(product, share) > 63)


def test_factor_lies_between_its_entries():
    table = [ONE, 4095, 0, 700, 701]
    for sensor in range(64):
        place, rest = divmod(sensor, 16)
        exact = Fraction(table[place] * (16 - rest) + table[place + 1] * rest, 16)
        assert table_factor(table, sensor, 6) == nearest(exact)
    assert [heard(50, sensor, 4) for sensor in (47, 53, 46, 54)] == [50, 50, 46, 54]


def test_table_of_the_led():
    """The current that gives the light of 25 C: entry and factor are rounded to 1/2048 each, and
    a straight line over 16 K is off by 3e-4 at most."""
    for celsius in np.linspace(-40, 125, 34):
        factor = table_factor(factor_table(), sensor_code(celsius), 12)
        assert factor / ONE * (1 - 0.1 / 60 * (celsius - 25)) == pytest.approx(1, abs=1.3e-3)


def lane(**settings) -> Compensation:
    model = Compensation(1, 6, upper=12, lower=9, patience=3)
    model.nominal[0, [BIAS, MODULATION, RISE, LIMIT, COMPENSATION]] = [4, 20, 2, 99, 3]
    for field, value in settings.items():
        model.nominal[0, {"limit": LIMIT, "compensation": COMPENSATION}[field]] = value
    model.visit([0], ONE)
    return model


def told(model: Compensation, *reports: int) -> list[int]:
    """Modulation after each report."""
    found = []
    for errors in reports:
        model.visit([0], ONE, [errors])
        found.append(int(model.codes[0, 1]))
    return found


def test_up_at_once_down_after_patience():
    model = lane()
    assert told(model, 12, 15, 11, 9) == [21, 22, 22, 22]
    assert told(model, 8, 0, 9, 0, 8, 8) == [22, 22, 22, 22, 22, 21]    # three in a row
    assert model.codes.tolist() == [[4, 21]] and model.tried[0]


def test_a_step_that_was_too_much_is_not_tried_so_soon():
    model = lane()
    for back in range(8):
        wait = 3 << back
        assert told(model, *[0] * wait) == [20] * (wait - 1) + [19]
        assert told(model, 13) == [20]
        assert model.back[0] == min(back + 1, 7)
    assert told(model, *[0] * 384)[-1] == 19 and model.back[0] == 7
    assert told(model, *[0] * 384)[-1] == 18 and model.back[0] == 0    # the first one was right


def test_alarm_at_the_limit():
    model = lane(limit=27)                          # 4 + 20 + 2, and one
    assert told(model, 15, 15) == [21, 21] and model.alarm[0]
    assert told(model, 11) == [21] and not model.alarm[0]
    assert told(model, 15) == [21] and model.alarm[0]
    model.nominal[0, COMPENSATION] = 1
    model.visit([0], ONE)
    assert not model.alarm[0] and model.codes[0, 1] == 20 and model.change[0] == 0
    model.nominal[0, [COMPENSATION, LIMIT]] = 3, 255
    assert told(model, *[15] * 50)[-1] == 63 and model.alarm[0]


def test_the_bias_goes_in_proportion():
    model = lane()
    told(model, *[15] * 10)
    assert model.codes.tolist() == [[6, 30]]
    model.visit([0], round(1.2 * ONE))
    assert model.codes.tolist() == [[7, 36]]


@pytest.mark.parametrize("bits", [6, 8])
def test_closed_over_light(bits):
    """16 lanes: their least current within 10 %, or one code; and an alarm where there is none."""
    top, step = 2**bits - 1, 256 / 2**bits
    leds = LedLanes(step_ua=step, coupling=0.3 * np.linspace(0.5, 1.4, 16))
    nominal, limit = (2**bits // 13, 2**bits // 2), round(1.1 * 2**bits)
    loop = ClosedLoop(leds, Compensation(16, bits, upper=12, lower=9, patience=2), nominal, limit,
                      loops=3, bits_per_window=8e7, shift=3, seed=1)
    for _ in range(350):
        window = loop.window(125, 0.6)
    least, rate = best(leds, nominal, limit, 125, 0.6, 1e-5, top)
    possible = np.isfinite(least)
    assert 2 < possible.sum() < 14 and window.alarm[~possible].all()
    assert not window.alarm[rate < 2e-6].any()
    fine = possible & ~window.alarm
    assert (window.rate[fine] < 1e-5).all()
    assert (window.current[fine] <= np.maximum(1.1 * least, least + 1)[fine]).all()
    assert (window.current[possible] >= least[possible] - 0.01).all()


def test_levels_of_reports():
    assert [level_of(count << 5, 5) for count in LEVELS] == list(range(16))
    assert level_of(10**9, 2) == 15 and level_of(31, 5) == 0
    assert reported(report(1234, 9)) == (1234, 9) and reported(0x7FFF) is None
