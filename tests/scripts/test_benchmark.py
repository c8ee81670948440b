"""The benchmark: what it says and when it fails; and one run of the real thing on a small link."""

import subprocess

import pytest

from lampyris.cli import benchmark

_ALLOWED = "allowed is 15 s for 128 lanes, a ratio of 4.5, and 40 s with FEC"


@pytest.mark.parametrize("small, large, coded, error", [
    (10.0, 42.5, 39.0, ""), (15.1, 30.0, 39.0, _ALLOWED), (10.0, 45.1, 39.0, _ALLOWED),
    (10.0, 42.5, 40.1, _ALLOWED)])
def test_report(small, large, coded, error, monkeypatch, capsys):
    seconds = {(128, "none"): small, (512, "none"): large, (128, "word"): coded}
    monkeypatch.setattr(
        benchmark, "measure", lambda preset, lanes, repeats, fec: seconds[lanes, fec])
    assert benchmark.main([]) == (1 if error else 0)
    out, err = capsys.readouterr()
    assert out == (f"128 lanes       {small:6.1f} s\n512 lanes       {large:6.1f} s\n"
                   f"128 lanes, FEC  {coded:6.1f} s\n512 to 128      {large / small:6.2f}\n")
    assert err == (f"lampyris: error: {error}\n" if error else "")


def test_failure_of_a_run(monkeypatch, capsys):
    def measure(preset, lanes, repeats, fec):
        raise subprocess.CalledProcessError(2, "generate")

    monkeypatch.setattr(benchmark, "measure", measure)
    assert benchmark.main([]) == 2
    assert capsys.readouterr().err == "lampyris: error: generate failed for 128 lanes\n"


def test_measures():
    assert 0.1 < benchmark.measure("uled8", 4, repeats=1) < 120
