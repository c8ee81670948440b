"""Registers of a link through AXI4-Lite and Wishbone, on the exported Verilog."""

import pytest

from lampyris.link_registers import link_map
from lampyris.sim.rtl.simulators import FAST

LINK = {"marker_period": 256, "deskew_ui": 64, "fibre_m": 0, "host_width": 32,
        "host_clock_mhz": 550, "packet_buffer": 2048}
PLAIN = LINK | {"lanes": 4, "spares": 0, "scrambler": "lfsr31"}
CODED = LINK | {"lanes": 5, "spares": 1, "fec": "word", "parity": 2, "sampling": 1}
TOPS = {"axi_lite": "lampyris_managed", "wishbone": "lampyris_managed_wb"}


def run(system, work, name, top, settings, optimise=FAST, **parameters):
    link = system("uled16", top, optimise, name=name, **settings)
    return link.run("registers", work, registers=link_map(link.config).plain(), low=16, high=200,
                    marked=0.0, **parameters)


def test_axi_lite(system, tmp_path):
    """Every field, every effect, and 2,000 random accesses while packets pass."""
    result = run(system, tmp_path, "registers", TOPS["axi_lite"], PLAIN,
                 optimise="-O0", accesses=2000)      # the compiler takes longer than the run
    assert result["accesses"] > 2500 and result["delivered"] > 200


@pytest.mark.full
@pytest.mark.parametrize("bus", TOPS)
def test_with_code_and_spares(bus, system, tmp_path):
    """The same, 100,000 accesses, with the registers of the code."""
    result = run(system, tmp_path, "coded-registers", TOPS[bus], CODED, accesses=100_000, seed=5)
    assert result["delivered"] > 10_000
