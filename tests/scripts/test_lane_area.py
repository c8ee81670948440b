# amaranth: UnusedElaboratable=no
"""The cost per lane, on the smallest block, and that the page has every block."""

from pathlib import Path

from lampyris.cli import lane_area
from lampyris.lane.glitch_filter import GlitchFilter

ROOT = Path(__file__).parents[2]


def test_counts_and_places(monkeypatch, capsys):
    """Two lanes' worth of a filter with 8 flip-flops; too slow is an error."""
    block = lane_area.Block("filter", lambda: GlitchFilter(gear=4, ratio=4), 2)
    monkeypatch.setattr(lane_area, "BLOCKS", (block,))
    assert lane_area.main(["-o", "page.md", "-d", "work"]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("| filter"))
    cells, lut, flip_flops = (int(cell) for cell in row.split("|")[3:6])
    assert cells > lut > 0 and flip_flops > 0

    monkeypatch.setattr(lane_area, "CLOCK_MHZ", 2000.0)
    assert lane_area.main(["-o", "page.md", "-d", "work"]) == 1
    assert capsys.readouterr().err.splitlines()[-1].endswith(" MHz, not 2000 MHz")


def test_page_has_every_block():
    text = (ROOT / "docs" / "lane_area.md").read_text(encoding="utf-8")
    assert [block.name for block in lane_area.BLOCKS if f"\n| {block.name} |" not in text] == []
