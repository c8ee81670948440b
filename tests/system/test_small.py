"""Small links of all sorts, end to end."""

import pytest

FAST = {"marker_period": 256, "deskew_ui": 64, "fibre_m": 0, "spares": 0}
"""A link that locks within a few thousand cycles."""

WORD_VIEW = {
    "gear10": FAST | {"lanes": 8, "spares": 1, "gear": 10},
    "gear4": FAST | {"lanes": 5, "gear": 4, "host_width": 32, "host_clock_mhz": 1000},
    "gear16": FAST | {"lanes": 4, "spares": 2, "gear": 16, "host_width": 256},
    "lanes1": FAST | {"lanes": 1},
    "kp4": FAST | {"lanes": 16, "spares": 1, "gear": 10, "fec": "kp4", "marker_period": 512},
    "rs": FAST | {"lanes": 4, "fec": "rs255", "codeword": 40},
    "lanes3": FAST | {"lanes": 3, "gear": 10, "scrambler": "none", "marker_tolerance": 0},
}
SAMPLED = {
    "sampled4": FAST | {"lanes": 8, "parity": 2, "fec": "word", "sampling": 4},
    "sampled3": FAST | {"lanes": 4, "gear": 10, "sampling": 3},
}
SERIAL_VIEW = {
    "serial": {},
    "ddr": {"ddr": True, "spares": 1, "host_width": 32, "host_clock_mhz": 250},
}
OFTEN = ("gear10", "rs", "serial")
"""Of these links; the others are for the long run only."""


def names(links: dict) -> list:
    """As parameters of a fixture; what is not often is `full`."""
    return [name if name in OFTEN else pytest.param(name, marks=pytest.mark.full) for name in links]


@pytest.fixture(params=names(WORD_VIEW))
def word_view(request, system):
    return system("uled16", name=request.param, **WORD_VIEW[request.param])


@pytest.fixture(params=names(SAMPLED))
def sampled(request, system):
    return system("uled16", name=request.param, **SAMPLED[request.param])


@pytest.fixture(params=names(SERIAL_VIEW))
def serial_view(request, system):
    settings = {"marker_period": 256, "fibre_m": 0, **SERIAL_VIEW[request.param]}
    return system("uled8", name=request.param, **settings)


def test_bit_exact(word_view, tmp_path):
    """What the RTL sends is what the model sends; each decodes the other's."""
    result = word_view.run("exact", tmp_path, packets=40, high=400, stall_sink=0)
    assert result["delivered"] == 40


def test_loop(word_view, tmp_path):
    """Random stalls, lane map, permutation, polarity and skew."""
    result = word_view.run("loop", tmp_path, packets=200, high=400, seed=9)
    assert result["delivered"] == 200


def test_loop_of_single_bits(serial_view, tmp_path):
    """The same through the serializers, at one or two bits per clock."""
    result = serial_view.run("loop", tmp_path, packets=60, high=600)
    assert result["delivered"] == 60


def test_loop_of_samples(sampled, tmp_path):
    """Each lane has a phase of its own that wanders; its edges jitter by a quarter of a bit."""
    result = sampled.run("loop", tmp_path, packets=200, high=400, seed=9)
    assert result["delivered"] == 200


def test_loop_of_samples_with_a_local_clock(sampled, tmp_path):
    """The receive clock is 600 ppm faster than the lanes."""
    result = sampled.run("loop", tmp_path, packets=100, high=400, seed=4, rx_ppm=600)
    assert result["delivered"] == 100
