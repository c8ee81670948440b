"""The 128-lane link as the preset has it: 140 physical lanes of 8 bits, 12288 words to a frame.

The same lanes with short frames are in `test_fec.py`, in every run of the tests.
"""

import pytest

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def uled128(system):
    return system("uled128")


def test_2000_packets_with_bit_errors(uled128, tmp_path):
    """Random stalls, lane map, permutation, polarity, skew: each packet arrives bit-exact.

    At 2e-6, the FEC leaves one word in 1e15 uncorrected; what becomes of packets without it is seen
    in `test_behaviour.py`.
    """
    result = uled128.run("loop", tmp_path, seed=128, packets=2000, ber=2e-6)
    assert result["bit_errors"] > 60
    assert (result["delivered"], result["flagged"], result["missing"]) == (2000, 0, 0)


@pytest.mark.parametrize("packets", [300, 2000])
def test_packets_without_bit_errors(uled128, tmp_path, packets):
    """The same without errors on the lanes: none is flagged, none is missing."""
    result = uled128.run("loop", tmp_path, seed=packets, packets=packets)
    assert (result["delivered"], result["flagged"], result["missing"]) == (packets, 0, 0)


def test_bit_exact(uled128, tmp_path):
    """Frames of the RTL against the model, on every lane; and the model's into the RTL."""
    result = uled128.run("exact", tmp_path, packets=300, frames=2, idle_frames=3, skew_step=8,
                         stall_source=0, stall_sink=0)
    assert result["lanes"] == 140


def test_rate_and_latency(uled128, tmp_path):
    """1500-byte packets back to back fill 98.5 % of the raw rate; a beat takes 60 clocks, and 15 in
    the FEC."""
    result = uled128.run("rate", tmp_path)
    assert result["cycles"] >= 2 * uled128.config.marker_period
    assert result["share_of_raw"] >= 0.985
    assert result["latency_max"] <= 60 + 15
