"""The plot of `python -m lampyris.cli.compensation`, the same SVG to the byte from equal runs."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from matplotlib.figure import Figure

from .svg import fixed_settings, to_svg

__all__ = ["draw"]

_POINTS = 400       # per line, so that the file stays small


class _Run(Protocol):
    @property
    def judged(self) -> np.ndarray: ...
    @property
    def currents(self) -> np.ndarray: ...
    @property
    def phase(self) -> "_Phase": ...


class _Phase(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def profile(self) -> list[tuple[float, float]]: ...


def draw(results: Mapping[str, Sequence[_Run]], target: float, window: float) -> str:
    """Error rates of the lanes without an alarm: the worst, the mean. Mean currents: the largest,
    the mean, the least.

    Parameters
    ----------
    window : float
        Seconds.

    Returns
    -------
    str
        An SVG without date, whatever settings matplotlib finds on the machine.
    """
    with fixed_settings():
        figure = Figure(figsize=(5 * len(results), 6), layout="constrained")
        grid = figure.subplots(3, len(results), sharex=True, sharey="row", squeeze=False)
        for column, (name, runs) in zip(grid.T, results.items(), strict=True):
            rates = np.concatenate([run.judged for run in runs])
            currents = np.concatenate([run.currents for run in runs])
            profile = np.array([point for run in runs for point in run.phase.profile])
            # Groups of windows, so that no peak is lost.
            size = -(-len(rates) // _POINTS)
            begins = np.arange(0, len(rates), size)
            times = begins * window
            column[0].plot(times, profile[begins, 0], color="C3", label="temperature, C")
            column[0].plot(times, 100 * profile[begins, 1], color="C2", label="light, %")
            column[1].plot(times, np.maximum.reduceat(rates, begins).max(axis=1), color="C0",
                           label="worst lane")
            means = [group[group > 0].mean() for group in np.split(rates, begins[1:])]
            column[1].plot(times, means, color="C1", label="mean")
            column[1].axhline(target, color="black", linewidth=0.8)
            column[1].set(yscale="log", ylim=(1e-7, 1e-3))
            for label, function in (("largest", np.max), ("mean", np.mean), ("least", np.min)):
                column[2].plot(times, function(currents[begins], axis=1), label=label)
            column[0].set_title(name, fontsize=10)
            column[2].set_xlabel("s")
            for axes in column:
                axes.grid(True, alpha=0.4)
        for axes, label in zip(grid[:, 0], ("", "error rate", "mean current, uA"), strict=True):
            axes.set_ylabel(label)
            axes.legend(loc="lower left" if axes is grid[0, 0] else "upper left", fontsize=7)
        return to_svg(figure)
