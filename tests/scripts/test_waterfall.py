"""The waterfall: few words of each code against theory, wrong theory, the files it writes."""

import sys

import matplotlib
import pytest

from lampyris.cli import waterfall
from lampyris.fec.performance import word_error_rate

POINTS = {
    "word": (4.3e-3, 3.4e-3, 2.3e-3, 1.6e-3), "kp4": (2.9e-3, 2.5e-3, 2.1e-3, 1.7e-3),
    "kr4": (1.5e-3, 1.2e-3, 8.9e-4, 6.8e-4), "ll": (2.9e-3, 2.3e-3, 1.7e-3, 1.3e-3),
    "rs255": (4.3e-3, 3.6e-3, 2.7e-3, 2.1e-3),
}
"""Raw bit error rates for codeword error rates of about 0.5, 0.3, 0.1 and 0.03: few words do."""


@pytest.fixture
def small(monkeypatch):
    """One point of the word code and one set of erasures, with few words."""
    monkeypatch.setattr(waterfall, "RATES", {"word": (1.6e-3,)})
    monkeypatch.setattr(waterfall, "CODES", {"word": waterfall.CODES["word"]})
    monkeypatch.setattr(waterfall, "ERASURES", (("word", 4),))
    monkeypatch.setattr(waterfall, "_LEAST_WORDS", 1000)


@pytest.mark.parametrize("name, ber", [(name, ber) for name, row in POINTS.items() for ber in row])
def test_points(name, ber):
    """Near theory, and far from that of a code that corrects one error less or more."""
    code = waterfall.CODES[name]
    point = waterfall.waterfall(name, ber, words=3000, seed=1)
    assert point.theory == word_error_rate(code.n, code.t, code.m, ber)
    assert point.agrees and point.events > 50
    for t in (code.t - 1, code.t + 1):
        theory = word_error_rate(code.n, t, code.m, ber)
        assert not waterfall.Measured(name, theory, point.words, point.events).agrees


def test_batches_add_up(monkeypatch):
    monkeypatch.setattr(waterfall, "_BATCH", 999)
    point = waterfall.waterfall("word", 3.4e-3, words=2000, seed=1)
    assert point.words == 2000 and point.agrees
    assert list(waterfall._batches(2000)) == [999, 999, 2]


def test_deviation():
    """100 tosses of a coin have a standard error of 5."""
    assert waterfall.Measured("coin", 0.5, 100, 60).deviation == pytest.approx(2)
    assert waterfall.Measured("coin", 0.5, 100, 30).agrees
    assert not waterfall.Measured("coin", 0.5, 100, 29).agrees


@pytest.mark.parametrize("name, erasures, words", [
    ("word", 0, 10_000), ("word", 4, 1000), ("kr4", 8, 3000), ("rs255", 8, 3000)])
def test_miscorrection(name, erasures, words):
    point = waterfall.miscorrection(name, erasures, words=words, seed=1)
    assert point.agrees and point.events > 20
    assert not waterfall.Measured(name, point.theory / 4, point.words, point.events).agrees


def test_words_taken_for_another():
    """They are among the wrong ones: at this rate each has many errors."""
    point = waterfall.waterfall("word", 0.2, words=4000, seed=1)
    assert point.events == 4000 and 1 <= point.miscorrected < 40


def test_files(small, folder, monkeypatch, capsys):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    assert waterfall.main(["--failures", "30"]) == 0
    out, err = capsys.readouterr()
    assert err == "" and len(out.splitlines()) == 2
    page = (folder / "docs" / "waterfall.md").read_text()
    assert "](waterfall.svg)" in page
    assert "30 or more are expected to fail" in page and "18 %" in page
    assert "| `word` | 0.0016 | 1000 | " in page and "| `word` | 4 | 1000 | " in page
    assert "| `word` | 0 | | | | 0.0031 | |" in page
    plot = (folder / "docs" / "waterfall.svg").read_bytes()
    assert b"RS(136,128)" in plot
    assert b"date" not in plot.lower() and str(folder).encode() not in plot

    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    monkeypatch.setitem(matplotlib.rcParams, "axes.facecolor", "red")
    assert waterfall.main(["--failures", "30", "-o", "again/page.md"]) == 0
    assert (folder / "again" / "page.svg").read_bytes() == plot


def test_wrong_theory_is_said(small, monkeypatch, capsys):
    monkeypatch.setattr(waterfall, "word_error_rate",
                        lambda n, t, m, ber: word_error_rate(n, t - 1, m, ber))
    assert waterfall.main(["--failures", "100"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("lampyris: error: word at 0.0016 is -")
    assert err.endswith(" standard errors from theory: allowed is 4\n") and err.count("\n") == 1


def test_without_matplotlib(small, folder, tree, monkeypatch, capsys):
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "lampyris.cli.waterfall_plot", raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert waterfall.main([]) == 2
    assert capsys.readouterr() == ("", "lampyris: error: the Python package matplotlib is not "
                                   "installed: run \"pip install 'lampyris[plots]'\"\n")
    assert tree(folder) == {}


def test_page_that_cannot_be_written(small, folder, capsys):
    (folder / "docs").write_text("a file")
    assert waterfall.main([]) == 2
    assert capsys.readouterr().err == ("lampyris: error: cannot write into docs: File exists\n")
