"""Registers of a link through AXI4-Lite and Wishbone, on the exported Verilog."""

import pytest

from lampyris.link_registers import link_map

LINK = {"marker_period": 256, "deskew_ui": 64, "fibre_m": 0, "host_width": 32,
        "host_clock_mhz": 550, "packet_buffer": 2048}
PLAIN = LINK | {"lanes": 4, "spares": 0, "scrambler": "lfsr31"}
CODED = LINK | {"lanes": 5, "spares": 1, "fec": "word", "parity": 2, "sampling": 1}
TOPS = {"axi_lite": "lampyris_managed", "wishbone": "lampyris_managed_wb"}


@pytest.fixture(params=TOPS)
def bus(request):
    return request.param


def run(system, work, bus, name, settings, **parameters):
    link = system("uled16", TOPS[bus], name=name, **settings)
    return link.run("registers", work, registers=link_map(link.config).plain(), low=16, high=200,
                    marked=0.0, **parameters)


@pytest.mark.full
def test_every_field_effect_and_traffic(bus, system, tmp_path):
    """Over lanes that are skewed, permuted and inverted."""
    result = run(system, tmp_path, bus, "registers", PLAIN, accesses=2000)
    assert result["accesses"] > 2500 and result["delivered"] > 200


@pytest.mark.full
def test_with_code_and_spares(bus, system, tmp_path):
    """The same with the registers of the code, and 100,000 random accesses, in loopback."""
    result = run(system, tmp_path, bus, "coded-registers", CODED, accesses=100_000, seed=5,
                 loopback=True, stall_source=0, stall_sink=0)
    assert result["accesses"] > 100_000 and result["delivered"] > 10_000
