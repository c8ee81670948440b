"""The page of the drivers over temperature and age: what it says, the files, what must fail."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lampyris.cli import compensation, compensation_plot
from lampyris.cli.compensation import Phase
from lampyris.sim.reference.compensation import Compensation

PAGE = Path(__file__).parents[2] / "docs" / "compensation.md"


@pytest.fixture
def small(monkeypatch):
    """Six lanes over a few degrees and dB, in a hurry: `patience` is short."""
    monkeypatch.setattr(compensation, "BITS", (6,))
    monkeypatch.setattr(compensation, "PATIENCE", 2)
    monkeypatch.setattr(compensation, "PHASES", (
        Phase("new", 60, (25, 25)), Phase("cools down", 50, (25, 5)),
        Phase("ages", 100, (5, 5), (0, 1.5))))
    return ["-l", "6"]


@pytest.mark.full
def test_the_page_is_what_the_model_says(folder):
    assert compensation.main([]) == 0
    assert (folder / "docs" / "compensation.md").read_text() == PAGE.read_text()
    assert (folder / "docs" / "compensation.svg").read_text() == PAGE.with_suffix(
        ".svg").read_text()


def test_the_page_has_every_phase():
    text = PAGE.read_text()
    for phase in compensation.PHASES:
        seconds = phase.windows * compensation.WINDOW_MS / 1000
        assert text.count(f"\n| {phase.name} | {seconds:.0f} | ") == len(compensation.BITS)


def test_small_page(small, folder, tree):
    assert compensation.main(small) == 0
    files = tree(folder / "docs")
    assert set(files) == {"compensation.md", "compensation.svg"}
    assert b"| cools down | 1 | " in files["compensation.md"]
    plot = files["compensation.svg"]
    assert b"error rate" in plot
    assert b"date" not in plot.lower() and str(folder).encode() not in plot


def test_a_loop_that_does_not_work_is_said(small, monkeypatch, capsys):
    """Without reports nothing rises."""
    visit = Compensation.visit
    monkeypatch.setattr(Compensation, "visit", lambda self, lanes, factor, errors=None: visit(
        self, lanes, factor))
    monkeypatch.setattr(compensation_plot, "draw", lambda *rest: "")    # takes seconds
    assert compensation.main(small) == 1
    said = [line for line in capsys.readouterr().err.splitlines() if "error: " in line]
    assert any("6 bits, ages: a mean error rate of " in line for line in said)


def test_what_is_judged():
    """A lane that cannot, one with an alarm for nothing, one with too much current."""
    lanes = compensation.Lanes(8, 4)
    phase = replace(compensation.PHASES[0], windows=2)
    good = compensation.run(lanes, lanes.loop(3), phase)
    alarm = np.array([False, True, False, False])
    item = replace(
        good, rates=np.full((2, 4), 1e-7), alarms=np.stack([alarm, alarm]),
        currents=np.full((2, 4), 50.0), last=replace(good.last, alarm=alarm),
        least=np.array([np.inf, 40.0, 50.0, 40.0]), floor=np.array([1e-3, 1e-7, 1e-7, 1e-7]))
    assert compensation.faults(lanes, [good, item]) == [
        "8 bits, new, 25 C: 1 alarms missing, 1 without need",
        "8 bits, new, 25 C: 1.250 times the least current"]
    worse = replace(item, rates=np.array([[1e-7, 1e-7, 1.2e-5, 1e-7]] * 2))
    assert compensation.faults(lanes, [good, worse])[:2] == [
        "8 bits, new, 25 C: a window with an error rate of 1.2e-05",
        "8 bits, new, 25 C: a mean error rate of 1.2e-05"]


def test_without_matplotlib(small, folder, tree, monkeypatch, capsys):
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "lampyris.cli.compensation_plot", raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert compensation.main(small) == 2
    assert capsys.readouterr().err == ("lampyris: error: the Python package matplotlib is not "
                                       "installed: run \"pip install 'lampyris[plots]'\"\n")
    assert tree(folder) == {}


def test_page_that_cannot_be_written(small, folder, capsys):
    (folder / "docs").write_text("a file")
    assert compensation.main(small) == 2
    assert capsys.readouterr().err == "lampyris: error: cannot write into docs: File exists\n"
