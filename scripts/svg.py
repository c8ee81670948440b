"""Plots as SVG that are the same to the byte from the same numbers, on every machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

import matplotlib
from matplotlib.figure import Figure

__all__ = ["fixed_settings", "to_svg"]


@contextmanager
def fixed_settings() -> Iterator[None]:
    """Whatever settings matplotlib finds on the machine; figures are made and written within."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        # A salt, or the names of clip paths are random. Text as text: small, and the same with any
        # version of a font. The font comes with matplotlib.
        matplotlib.rc("svg", hashsalt="lampyris", fonttype="none")
        matplotlib.rc("font", family="DejaVu Sans")
        yield


def to_svg(figure: Figure) -> str:
    """Without date."""
    file = StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()
