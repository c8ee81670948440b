"""Eye scans of the model against the Q-function, and the theory by itself."""

from math import comb

import numpy as np
import pytest

from lampyris.sim.channel.analogue import gaussian_tail
from lampyris.sim.channel.eye import binomial_tail, mismatch, scan_eye
from lampyris.sim.channel.optical import OpticalLane
from lampyris.sim.reference.eye import bit_error_rate, lane_error_rate

CODES = (np.arange(16) - 7.5) / 5


@pytest.mark.parametrize("ratio, phase, rise, noise", [
    (8, 0.0, 0.5, 1 / 6), (4, 1 / 8, 0.8, 0.25), (3, 1 / 6, 0.5, 0.4), (4, 1 / 8, 0.0, 0.3)])
def test_counts_agree_with_theory(ratio, phase, rise, noise):
    """No point of probability below 1e-5, and not too many rare ones; noise 10 % off is seen."""
    lane = OpticalLane(ratio=ratio, phase_ui=phase, rise_ui=rise, noise=noise, seed=5)
    scan = scan_eye(lane, CODES, gear=8, words=2048)

    def tails(noise):
        theory = mismatch(scan.times[None], CODES[:, None], rise_ui=rise, noise=noise,
                          lane=scan.lane)
        return np.array([binomial_tail(int(count), scan.bits, float(share))
                         for count, share in zip(scan.counts.flat, theory.flat, strict=True)])

    assert tails(noise).min() > 1e-5 and np.mean(tails(noise) < 0.025) < 0.12
    assert tails(1.1 * noise).min() < 1e-5 and tails(0.9 * noise).min() < 1e-5
    assert (scan.lane > 3e-3) == (noise == 0.4)


@pytest.mark.parametrize("ratio, phase, rise, noise, shared", [
    (3, 1 / 6, 0.5, 0.15, 0.37),        # noise of the amplifier
    (3, 1 / 6, 1.6, 0.2, 0.0),          # neighbours of a bit
])
def test_what_both_comparators_share_shows_only_with_fec_truth(ratio, phase, rise, noise, shared):
    """Then counts are those of the Q-function as they are; with own truth, corrected, not."""
    lane = OpticalLane(ratio=ratio, phase_ui=phase, rise_ui=rise, noise=noise, seed=5)
    rarest, codes = {}, CODES[2:-2]
    for fec in (True, False):
        scan = scan_eye(lane, codes, gear=8, words=2048, shared=shared, fec=fec)
        theory = mismatch(scan.times[None], codes[:, None], rise_ui=rise,
                          noise=np.hypot(noise, shared), lane=0.0 if fec else scan.lane)
        tails = np.array([binomial_tail(int(count), scan.bits, float(share))
                          for count, share in zip(scan.counts.flat, theory.flat, strict=True)])
        rarest[fec] = tails.min()
        assert scan.lane > 1e-3
        assert not fec or np.mean(tails < 0.025) < 0.12
    assert rarest[True] > 1e-5 and rarest[False] < 1e-8


def test_in_the_middle_of_a_bit_it_is_the_q_function():
    """With its neighbours out of sight; the place where both edges lie is half of each bit."""
    thresholds = np.linspace(-1.5, 1.5, 31)
    theory = (gaussian_tail((1 - thresholds) / 0.2) + gaussian_tail((thresholds + 1) / 0.2)) / 2
    assert mismatch(0.5, thresholds, rise_ui=0.6, noise=0.2) == pytest.approx(theory)
    assert mismatch(0.0, 0.0, rise_ui=0.6, noise=0.2) == pytest.approx(0.25, abs=1e-6)
    assert mismatch(-0.5, 0.0, rise_ui=0.6, noise=0.2) == pytest.approx(0.5, abs=1e-6)


def test_the_lane_s_own_errors_come_off():
    """Mismatches of a lane that errs become the monitor's rate; symbols tell how often it errs."""
    rate = mismatch(0.5, CODES, rise_ui=0.5, noise=0.4)
    seen = mismatch(0.5, CODES, rise_ui=0.5, noise=0.4, lane=0.02)
    assert bit_error_rate(seen, 0.02) == pytest.approx(rate)
    wrong = np.random.default_rng(1).random((100_000, 8)) < 0.02
    symbols = int(wrong.any(axis=1).sum())
    assert lane_error_rate(symbols, 100_000, 8) == pytest.approx(0.02, rel=0.03)


def test_binomial_tail():
    for count in range(21):
        terms = [comb(20, place) * 0.3**place * 0.7**(20 - place) for place in range(21)]
        exact = sum(terms[count:] if count >= 6 else terms[:count + 1])
        assert binomial_tail(count, 20, 0.3) == pytest.approx(exact)
    assert binomial_tail(0, 20, 0.0) == 1 and binomial_tail(1, 20, 0.0) == 0


def test_a_phase_that_moves_is_told():
    with pytest.raises(ValueError, match="the phase moved between"):
        scan_eye(OpticalLane(ratio=4, ppm=300), CODES[:1], gear=8, words=2000)
