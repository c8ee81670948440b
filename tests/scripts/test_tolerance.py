from pathlib import Path

import pytest

from lampyris.cli import tolerance
from lampyris.sim.channel.optical import OpticalLane

PAGE = Path(__file__).parents[2] / "docs" / "tolerance.md"


def test_the_page_is_what_the_model_says(tmp_path, capsys):
    assert tolerance.main(["-o", str(tmp_path / "page.md")]) == 0
    assert (tmp_path / "page.md").read_text() == PAGE.read_text()
    assert capsys.readouterr().out == PAGE.read_text() + "\n"


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
