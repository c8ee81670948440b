from pathlib import Path

import pytest

from lampyris.cli import tolerance
from lampyris.sim.channel.optical import OpticalLane

PAGE = Path(__file__).parents[2] / "docs" / "tolerance.md"


def test_the_page_is_what_the_model_says(tmp_path, capsys):
    assert tolerance.main(["-o", str(tmp_path / "page.md")]) == 0
    assert (tmp_path / "page.md").read_text() == PAGE.read_text()
    assert capsys.readouterr().out == PAGE.read_text() + "\n"


def test_the_mask_holds(monkeypatch, capsys):
    """Short runs; a lane outside of it is told."""
    page, wrong = tolerance.mask(runs=2, words=1500)
    assert wrong == 0 and page.count("\n| ") == len(tolerance.MASK) + 1
    monkeypatch.setattr(tolerance, "MASK", (OpticalLane(ratio=4, jitter_ui=0.9),))
    monkeypatch.setattr(tolerance, "MASK_RUNS", 1)
    assert tolerance.main(["--mask", "-w", "600", "-o", "page.md"]) == 1
    assert "bits were wrong inside the mask" in capsys.readouterr().err


def test_page_of_the_mask():
    text = (PAGE.parent / "tolerance_mask.md").read_text()
    rows = [line.split("|")[1:-1] for line in text.splitlines() if line.startswith("| ")][1:]
    assert [(int(row[0]), float(row[1]), float(row[4]), float(row[5])) for row in rows] == [
        (lane.ratio, lane.jitter_ui, lane.distortion_ui, lane.ppm) for lane in tolerance.MASK]
    assert all(int(row[6]) >= 10_000_000 and int(row[7]) == 0 for row in rows)


def test_more_samples_bear_more_jitter():
    few, many = (tolerance.largest(OpticalLane(ratio=ratio), "jitter_ui", words=800)
                 for ratio in (4, 8))
    assert 0.25 <= few < many < 1


def test_what_cannot_be_is_told(tmp_path, capsys, monkeypatch):
    with pytest.raises(SystemExit):
        tolerance.main(["-w", "100"])
    assert "100 is too few: 400 or more are needed" in capsys.readouterr().err
    monkeypatch.setattr(tolerance, "table", lambda words: "")
    assert tolerance.main(["-o", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("lampyris: error: ")
