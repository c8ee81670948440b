"""The whole management module as Verilog, read by an I2C master that was not written for it."""

from pathlib import Path

import pytest

from lampyris.cmis.identity import Identity
from lampyris.cmis.management import CmisManagement
from lampyris.export.verilog import to_rtlil, to_verilog
from lampyris.sim.rtl import runner

HERE = Path(__file__).parent
IDENTITY = Identity(vendor="Fireflies Inc.", part="LED 20", serial="SN-0042", revision="B",
                    made="261129XY", oui=0x0ABCDE, power_quarters=17, firmware=(3, 14),
                    hardware=(2, 7))
EXPECTED = {
    "identifier": 0x1E, "vendor": "Fireflies Inc.", "part": "LED 20", "serial": "SN-0042",
    "revision_text": "B", "date": "261129XY", "oui": [0x0A, 0xBC, 0xDE], "power": 4.25,
    "power_class": 3, "firmware": [3, 14], "hardware": [2, 7], "connector": 0x23, "technology": 8,
    "temperature_limits": [85, -40, 80, -35], "supply_limits": [3.63, 2.97, 3.465, 3.135],
}


def bench(folder: Path, lanes: int, **parameters) -> int:
    dut = CmisManagement(clock_hz=25_000_000, lanes=lanes, data_lanes=lanes - 4, spares=2,
                         symbol_bits=8, identity=IDENTITY)
    text = to_verilog({"lampyris_cmis": to_rtlil(dut, "lampyris_cmis", ("sync",))}, "test")
    source, board = folder / "lampyris_cmis.v", folder / "cmis_board.v"
    source.write_text(text["lampyris_cmis.v"])
    board.write_text((HERE / "cmis_board.v").read_text().replace(
        "LANES = 20", f"LANES = {lanes}").replace(
        "LANE_BITS = 5", f"LANE_BITS = {(lanes - 1).bit_length()}"))
    built = runner.build([source, board], "cmis_board", folder, optimise="-O1")
    return runner.run(built, "cmis_bench", folder=HERE, test_dir=folder,
                      parameters={"lanes": lanes, "expected": EXPECTED, **parameters})


@pytest.mark.full
@pytest.mark.parametrize("lanes, rounds", [(20, 300), (136, 20)])
def test_on_a_bus(tmp_path, lanes, rounds):
    assert bench(tmp_path, lanes, rounds=rounds) == 7
