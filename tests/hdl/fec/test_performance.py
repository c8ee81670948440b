import random

import pytest

from lampyris.fec.performance import corrected_error_rate, raw_error_rate, word_error_rate


@pytest.mark.parametrize("n, t, m, raw", [
    (136, 4, 8, 7.1e-6), (544, 15, 10, 2.26e-4), (528, 7, 10, 2.18e-5), (272, 7, 10, 3.9e-5),
    (255, 8, 8, 8.3e-5)])
def test_thresholds_of_known_codes(n, t, m, raw):
    """The raw bit error rates for 1e-15 that are quoted for these codes, two digits or three."""
    assert raw_error_rate(n, t, m, 1e-15) == pytest.approx(raw, rel=0.01)


def test_a_word_by_hand():
    """Three symbols of 4 bits, none may be wrong: 1 - (1 - p)^12."""
    assert word_error_rate(3, 0, 4, 0.01) == pytest.approx(1 - 0.99**12)
    assert word_error_rate(3, 3, 4, 0.01) == 0
    assert corrected_error_rate(3, 0, 4, 0.01) == pytest.approx(0.01)
    assert corrected_error_rate(3, 0, 4, 0.0) == 0


def test_against_random_errors():
    rng, n, t, m, ber = random.Random(1), 12, 2, 8, 0.02
    failed = wrong_bits = 0
    for _ in range(20_000):
        errors = [sum(rng.random() < ber for _ in range(m)) for _ in range(n)]
        if sum(map(bool, errors)) > t:
            failed += 1
            wrong_bits += sum(errors)
    assert failed / 20_000 == pytest.approx(word_error_rate(n, t, m, ber), rel=0.05)
    assert wrong_bits / (20_000 * n * m) == pytest.approx(
        corrected_error_rate(n, t, m, ber), rel=0.05)
