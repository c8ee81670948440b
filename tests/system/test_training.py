"""From reset to traffic without a hand: LEDs, photodiodes and comparators around the Verilog."""

import pytest

from lampyris.link_registers import link_map

SMALL = {"lanes": 4, "parity": 2, "spares": 0, "fec": "word", "marker_period": 256,
         "deskew_ui": 64, "fibre_m": 0, "sampling": 4, "threshold_bits": 6, "driver": "parallel"}


def run(system, work, base, settings, bench="training", **parameters):
    link = system(base, "lampyris_managed", **settings)
    return link.run(bench, work, registers=link_map(link.config).plain(), **parameters)


def test_small(system, tmp_path):
    result = run(system, tmp_path, "uled16", {"name": "training4", **SMALL}, high=400, dark=0)
    assert result["delivered"] >= 100


@pytest.mark.full
def test_with_a_spare(system, tmp_path):
    """For a lane that never gets light."""
    settings = {"name": "training8", **SMALL, "lanes": 8, "parity": 4, "spares": 1}
    result = run(system, tmp_path, "uled16", settings, high=400, dark=1)
    assert result["delivered"] >= 100


@pytest.mark.full
def test_128(system, tmp_path):
    """The real array, 128 + 8 + 4 lanes, with four that were never good: under 2 ms."""
    codes = {"bias": 20, "modulation": 80, "rise": 8, "fall": 8, "limit": 120}
    result = run(system, tmp_path, "uled128-optics", {}, dark=4, limit_ms=2.0, stall_sink=0,
                 packets_at_least=2000, **codes)
    assert result["up_ms"] < 2


@pytest.mark.full
def test_compensation(system, tmp_path):
    """A lane that loses light gets more current; no packet is lost."""
    settings = {**SMALL, "name": "compensated4", "parity": 4, "spares": 1, "marker_period": 128,
                "compensation": True}
    result = run(system, tmp_path, "uled16", settings, bench="compensation", high=400, dark=0,
                 limit=48)
    assert result["delivered"] >= 100 and result["highest"] > result["before"]
