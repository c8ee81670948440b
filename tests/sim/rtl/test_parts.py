"""Modules compiled once: the same behaviour as in one piece, and the check that it must be so."""

from pathlib import Path

import pytest

from lampyris.sim.rtl import parts, runner
from lampyris.sim.rtl.pair import pair_verilog
from lampyris.sim.rtl.results import BenchFailure
from lampyris.sim.rtl.verilator import ToolError

HERE = Path(__file__).parent
LANE = (HERE / "counting_lane.v").read_text()
TOP = "counting_lanes"


def outputs(lane: str, folder: Path, **settings) -> str:
    """What the lanes put out, as a hash."""
    source = folder / "counting_lane.v"
    source.write_text(lane)
    built = runner.build([source, HERE / f"{TOP}.v"], TOP, folder, **settings)
    assert (built.folder / "parts").exists() == (not settings)
    runner.run(built, "parts_bench", folder=HERE, test_dir=folder)
    return (folder / "digest").read_text()


def test_same_as_in_one_piece(tmp_path):
    whole, split, other = (tmp_path / name for name in ("whole", "split", "other"))
    for folder in (whole, split, other):
        folder.mkdir()
    expected = outputs(LANE, whole, public=True)
    assert outputs(LANE, split) == expected
    assert outputs(LANE.replace("* 64'd5", "* 64'd3"), other) != expected


def test_output_that_depends_on_an_input(tmp_path, capfd):
    lane = LANE.replace("sum ^ 64'h8000000000000001", "sum ^ {57'd0, i}")
    with pytest.raises(BenchFailure, match="ended prematurely"):
        outputs(lane, tmp_path)
    assert "an output depends on an input within a cycle" in capfd.readouterr().out


def test_broken_part(tmp_path):
    with pytest.raises(ToolError, match=r"verilator could not build the design: %Error.*syntax"):
        outputs(LANE.replace("endmodule", "oops\nendmodule"), tmp_path)


def test_what_is_a_part(tmp_path):
    lane, top = tmp_path / "counting_lane.v", tmp_path / f"{TOP}.v"
    top.write_text((HERE / top.name).read_text())
    lane.write_text(LANE)
    assert parts.repeated([lane, top]) == [lane]
    text = top.read_text()
    top.write_text(text[:text.index("  counting_lane lane4")] + "endmodule\n")   # only four
    assert parts.repeated([lane, top]) == []
    lane.write_text(LANE.replace("[68:0] wider", "[63:0] wider"))
    assert parts.repeated([lane, top]) == [lane]
    lane.write_text(LANE.replace("input clk;", "input tick;"))      # no clock
    assert parts.repeated([lane, top]) == []
    lane.write_text(LANE)
    top.write_text("module counting_lanes(clk);\n  counting_lane lane0 (\n  );\nendmodule\n")
    assert parts.repeated([lane, top]) == []


def test_common_objects(tmp_path):
    """The second build takes Verilator's library from the first."""
    for name in ("one", "two"):
        (tmp_path / f"{name}.v").write_text(
            f"module {name}(clk, o);\n  input clk;\n  output o;\n  reg o = 0;\n"
            f"  always @(posedge clk) o <= ~o;\nendmodule\n")
        built = runner.build([tmp_path / f"{name}.v"], name, tmp_path)
        log = (built.folder / "build.log").read_text()
        assert ("-c -o verilated.o" in log) == (name == "one")


def test_pair(tmp_path):
    source = tmp_path / "lampyris_transceiver.v"
    source.write_text("module lampyris_transceiver(clk, o);\n  input clk;\n"
                      "  output [7:0] o;\nendmodule\n")
    text = pair_verilog([source], tmp_path).read_text()
    assert "input [0:0] a_clk" in text and "output [7:0] b_o" in text
    assert "lampyris_transceiver a (.clk(a_clk), .o(a_o));" in text
