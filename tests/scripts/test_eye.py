"""The eye page: what it says, the files, wrong theory."""

import sys
from pathlib import Path

import numpy as np
import pytest

from lampyris.cli import eye
from lampyris.sim.channel.eye import EyeScan
from lampyris.sim.channel.optical import OpticalLane

PAGE = Path(__file__).parents[2] / "docs" / "eye.md"


@pytest.fixture
def small(monkeypatch):
    name, lane = list(eye.CASES.items())[1]
    monkeypatch.setattr(eye, "CASES", {name: lane})


def test_the_page_is_what_the_model_says(folder, capsys):
    assert eye.main([]) == 0
    assert (folder / "docs" / "eye.md").read_text() == PAGE.read_text()
    plot = (folder / "docs" / "eye.svg").read_bytes()
    assert b"threshold" in plot
    assert b"date" not in plot.lower() and str(folder).encode() not in plot


def test_contours():
    """Of errors that the scan has by theory: the thresholds are those of theory."""
    lane = OpticalLane(ratio=4, rise_ui=0.5, noise=0.25)
    thresholds = eye.CODES
    times = np.array([0.0, 0.25, 0.5, 0.75])
    ideal = eye.Eye(lane, EyeScan(np.zeros((32, 4)), thresholds, times, 10**9, 0.01))
    counts = np.rint(ideal.expected * 10**9).astype(int)
    found = eye.Eye(lane, EyeScan(counts, thresholds, times, 10**9, 0.01))
    for target in eye.TARGETS:
        assert found.contour(0, target) is None and found.expected_contour(0, target) is None
        for place in (1, 2, 3):
            assert found.contour(place, target) == pytest.approx(
                found.expected_contour(place, target), abs=0.02)
    assert found.tails.min() > 0.3


def test_wrong_theory_is_said(small, monkeypatch, capsys):
    theory = eye.mismatch
    monkeypatch.setattr(eye, "mismatch", lambda *args, noise, **rest: theory(
        *args, noise=1.2 * noise, **rest))
    assert eye.main(["-w", "512"]) == 1
    err = capsys.readouterr().err.splitlines()
    assert len(err) == 2 and err[1].startswith("lampyris: error: Q = 4, 4 samples per bit, slow")
    assert " mismatches, expected " in err[1]


def test_without_matplotlib(small, folder, tree, monkeypatch, capsys):
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "lampyris.cli.eye_plot", raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert eye.main([]) == 2
    assert capsys.readouterr().err == ("lampyris: error: the Python package matplotlib is not "
                                       "installed: run \"pip install 'lampyris[plots]'\"\n")
    assert tree(folder) == {}


def test_page_that_cannot_be_written(small, folder, capsys):
    (folder / "docs").write_text("a file")
    assert eye.main([]) == 2
    assert capsys.readouterr().err == "lampyris: error: cannot write into docs: File exists\n"
