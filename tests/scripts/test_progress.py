"""Progress lines."""

import io

import pytest

from lampyris.cli import progress
from lampyris.cli.progress import Progress


@pytest.fixture
def clock(monkeypatch):
    """Each look at the clock takes a second and a half."""
    ticks = iter(range(100))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(ticks) * 1.5)


def test_steps(clock):
    stream = io.StringIO()
    with Progress(stream=stream) as step:
        step("one")
        assert stream.getvalue() == "one"
        step("two")
    assert stream.getvalue() == "one (1.5 s)\ntwo (1.5 s)\n"
    assert step.last == "two"


def test_error_ends_the_line(clock):
    stream = io.StringIO()
    with pytest.raises(RuntimeError), Progress(stream=stream) as step:
        step("one")
        raise RuntimeError
    assert stream.getvalue() == "one\n"


def test_quiet():
    stream = io.StringIO()
    with Progress(quiet=True, stream=stream) as step:
        step("one")
    assert stream.getvalue() == ""
