"""The benchmark: what it says and when it fails; and one run of the real thing on a small link."""

import subprocess

import pytest

from lampyris.cli import benchmark


@pytest.mark.parametrize("seconds, status, error", [
    ({128: 10.0, 512: 42.5}, 0, ""),
    ({128: 15.1, 512: 30.0}, 1, "allowed is 15 s for 128 lanes and a ratio of 4.5"),
    ({128: 10.0, 512: 45.1}, 1, "allowed is 15 s for 128 lanes and a ratio of 4.5"),
])
def test_report(seconds, status, error, monkeypatch, capsys):
    monkeypatch.setattr(benchmark, "measure", lambda preset, lanes, repeats: seconds[lanes])
    assert benchmark.main([]) == status
    out, err = capsys.readouterr()
    assert out == (f"128 lanes  {seconds[128]:6.1f} s\n512 lanes  {seconds[512]:6.1f} s\n"
                   f"ratio      {seconds[512] / seconds[128]:6.2f}\n")
    assert err == (f"lampyris: error: {error}\n" if error else "")


def test_failure_of_a_run(monkeypatch, capsys):
    def measure(preset, lanes, repeats):
        raise subprocess.CalledProcessError(2, "generate")

    monkeypatch.setattr(benchmark, "measure", measure)
    assert benchmark.main([]) == 2
    assert capsys.readouterr().err == "lampyris: error: generate failed for 128 lanes\n"


def test_measures():
    assert 0.1 < benchmark.measure("uled8", 4, repeats=1) < 120
