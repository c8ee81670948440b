"""Hosts that stall: a duplex link pauses its far end, a one-way link drops whole packets."""

import pytest

from lampyris.sim.rtl.pair import PAIR
from lampyris.sim.rtl.results import BenchFailure

SMALL = {"lanes": 8, "spares": 1, "marker_period": 256, "deskew_ui": 64}


@pytest.fixture(scope="module")
def pair(system):
    return system("uled16", top=PAIR, name="pair", fibre_m=50, **SMALL)


def test_duplex(pair, tmp_path):
    """Two ends 200 ppm apart, 50 m each way, one host stalling for 6,000 clocks: nothing lost."""
    result = pair.run("duplex", tmp_path, packets=250, high=1500)
    assert result["delivered_from_a"] == result["delivered_from_b"] == 250
    assert result["stopped"] >= 2 and result["lost_blocks"] == 0


def test_fibre_longer_than_configured(pair, tmp_path):
    """The size of the receive queue matters, and blocks that are lost are seen."""
    with pytest.raises(BenchFailure, match=r"is flagged|lost_blocks|missing"):
        pair.run("duplex", tmp_path, packets=250, high=1500, fibre=2000)


def test_one_way(system, tmp_path):
    """With flow_control = "drop" whole packets are lost and counted, never cut."""
    drop = system("uled16", name="drop", flow_control="drop", packet_buffer=2048, **SMALL)
    result = drop.run("loop", tmp_path, packets=400, high=1500, stall_source=0, stall_sink=0.7,
                      stall_longest=3000)
    assert result["missing"] > 50 and result["delivered"] > 50
    assert result["delivered"] + result["missing"] == 400
