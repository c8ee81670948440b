"""The plot of `python -m lampyris.cli.waterfall`, the same SVG to the byte from the same points."""

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Protocol

import numpy as np
from matplotlib.figure import Figure

from lampyris.fec.performance import corrected_error_rate, word_error_rate

from .svg import fixed_settings, to_svg

__all__ = ["draw"]

_LOWEST = 1e-15
_RAW = np.geomspace(1e-6, 1e-2, 161)


class _Code(Protocol):
    @property
    def n(self) -> int: ...
    @property
    def k(self) -> int: ...
    @property
    def m(self) -> int: ...
    @property
    def t(self) -> int: ...


class _Point(Protocol):
    @property
    def ber(self) -> float: ...
    @property
    def rate(self) -> float: ...
    @property
    def words(self) -> int: ...


def draw(codes: Mapping[str, _Code], points: Mapping[str, Sequence[_Point]]) -> str:
    """Codeword error rate, with the measured points, and bit error rate behind the decoder.

    Parameters
    ----------
    codes : mapping
        Name -> code.
    points : mapping
        Name -> what was measured, with an error bar of a standard error.

    Returns
    -------
    str
        An SVG without date, whatever settings matplotlib finds on the machine.
    """
    with fixed_settings():
        figure = Figure(figsize=(10, 5), layout="constrained")
        words, bits = figure.subplots(1, 2)
        for number, (name, code) in enumerate(codes.items()):
            label = f"{name}: RS({code.n},{code.k}), m = {code.m}"
            for axes, theory in ((words, word_error_rate), (bits, corrected_error_rate)):
                values = [theory(code.n, code.t, code.m, ber) for ber in _RAW]
                # What lies far below the plot would be coordinates of any size in the file.
                axes.plot(_RAW, [value if value > _LOWEST / 1e3 else np.nan for value in values],
                          color=f"C{number}", linewidth=1.2, label=label)
            row = points.get(name, ())
            words.errorbar(
                [point.ber for point in row], [point.rate for point in row],
                yerr=[sqrt(point.rate * (1 - point.rate) / point.words) for point in row],
                fmt="o", markersize=3, capsize=3, linewidth=1, color=f"C{number}")
        bits.plot(_RAW, _RAW, color="gray", linestyle=":")
        bits.text(3e-6, 3e-5, "no FEC", color="gray", fontsize=8)
        for axes, title in ((words, "codeword error rate: theory, and points of the model"),
                            (bits, "bit error rate behind the decoder: theory")):
            axes.set(title=title, xlabel="raw bit error rate", xscale="log", yscale="log",
                     xlim=(_RAW[0], _RAW[-1]), ylim=(_LOWEST, 1))
            axes.title.set_fontsize(10)
            axes.grid(True, alpha=0.4)
        words.legend(loc="upper left", fontsize=8)
        return to_svg(figure)
