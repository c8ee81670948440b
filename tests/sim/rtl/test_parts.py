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


@pytest.fixture
def outputs(builds, tmp_path):
    """Gives what the lanes put out, as a hash."""
    def run(lane: str, **settings) -> str:
        source = tmp_path / "counting_lane.v"
        source.write_text(lane)
        built = runner.build([source, HERE / f"{TOP}.v"], TOP, builds, **settings)
        assert (built.folder / "parts").exists() == (not settings)
        digest = tmp_path / "digest"
        digest.unlink(missing_ok=True)
        runner.run(built, "parts_bench", folder=HERE, test_dir=tmp_path)
        return digest.read_text()
    return run


def test_same_as_in_one_piece(outputs):
    expected = outputs(LANE, public=True)
    assert outputs(LANE) == expected
    assert outputs(LANE.replace("* 64'd5", "* 64'd3")) != expected


def test_output_that_depends_on_an_input(outputs, capfd):
    lane = LANE.replace("sum ^ 64'h8000000000000001", "sum ^ {57'd0, i}")
    with pytest.raises(BenchFailure, match="ended prematurely"):
        outputs(lane)
    assert "an output depends on an input within a cycle" in capfd.readouterr().out


def test_broken_part(outputs):
    with pytest.raises(ToolError, match=r"verilator could not build the design: %Error.*syntax"):
        outputs(LANE.replace("endmodule", "oops\nendmodule"))


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
