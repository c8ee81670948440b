"""How a link behaves when lanes fail, drift or carry test patterns: 8 lanes and a spare."""

import pytest

EIGHT = {"lanes": 8, "spares": 1, "marker_period": 256, "deskew_ui": 64, "fibre_m": 0}
"""A link that locks within a few thousand cycles."""


@pytest.fixture(scope="module")
def eight(system):
    return system("uled16", name="eight", **EIGHT)


def test_lane_faults(eight, tmp_path):
    """Each fault takes the link down with its reason, and it comes back by itself."""
    result = eight.run("faults", tmp_path, high=600)
    assert result["faults"] == 6
    assert result["delivered"] > 300


def test_drift(eight, tmp_path):
    """Lanes that skip cycles at different times and wander by a symbol lose nothing."""
    result = eight.run("drift", tmp_path, packets=400, high=600)
    assert result["delivered"] == 400
    assert result["gaps"] > 9 * 30


def test_drift_of_200_ppm(eight, tmp_path):
    result = eight.run("drift", tmp_path, packets=200, high=600, rx_ppm=200, seed=2)
    assert result["delivered"] == 200


def test_patterns_and_loopback(eight, tmp_path):
    """No error counted without one, three for each, and traffic through the loopback."""
    assert eight.run("patterns", tmp_path, packets=100, high=600)["patterns"] == 5


def test_bit_errors(eight, tmp_path):
    """One bit in 20,000: nearly every second packet is hit, and each of them is flagged."""
    result = eight.run("loop", tmp_path, packets=1000, high=2000, ber=5e-5)
    assert result["flagged"] > 100
