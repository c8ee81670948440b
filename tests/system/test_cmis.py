"""A link with CMIS, read by an I2C master that was not written for it, beside its registers."""

import pytest

from lampyris.link_registers import link_map

LINK = {"name": "cmis6", "lanes": 4, "parity": 2, "spares": 0, "fec": "word", "marker_period": 256,
        "deskew_ui": 64, "fibre_m": 0, "sampling": 4, "threshold_bits": 6, "driver": "parallel",
        "cmis": True, "cmis_clock_mhz": 25, "lane_rate_gbps": 0.025}
"""Slow lanes, so that not too many of their clocks go by while a byte goes over the bus."""


@pytest.mark.full
def test_both_sides(system, tmp_path):
    link = system("uled16", "lampyris_managed", **LINK)
    result = link.run("cmis", tmp_path, registers=link_map(link.config).plain(), low=16, high=400,
                      ber=3e-5, cmis_mhz=25.0, wander_ui=0,
                      stall_source=0.9)
    assert result["missing"] == 0 and 1e-5 < result["rate"] < 1e-4
