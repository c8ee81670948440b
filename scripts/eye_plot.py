"""The plot of `python -m lampyris.cli.eye`, the same SVG to the byte from the same counts."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from matplotlib.figure import Figure

from lampyris.sim.channel.eye import EyeScan

from .svg import fixed_settings, to_svg

__all__ = ["draw"]

_TIMES = np.linspace(-0.2, 1.2, 71)
_THRESHOLDS = np.linspace(-1.4, 1.4, 71)


class _Eye(Protocol):
    @property
    def scan(self) -> EyeScan: ...
    def theory(self, times, thresholds) -> np.ndarray: ...
    def contour(self, place: int, target: float) -> tuple[float, float] | None: ...


def draw(eyes: Mapping[str, _Eye], targets: Sequence[float]) -> str:
    """Contours of the error rate: lines as expected, points as counted.

    Returns
    -------
    str
        An SVG without date, whatever settings matplotlib finds on the machine.
    """
    with fixed_settings():
        figure = Figure(figsize=(4 * len(eyes), 4), layout="constrained")
        row = figure.subplots(1, len(eyes), sharey=True, squeeze=False)[0]
        for axes, (name, eye) in zip(row, eyes.items(), strict=True):
            expected = eye.theory(_TIMES[None], _THRESHOLDS[:, None])
            for number, target in enumerate(targets):
                axes.contour(_TIMES, _THRESHOLDS, expected, levels=[target], linewidths=1.2,
                             colors=f"C{number}")
                points = [(time, threshold) for place, time in enumerate(eye.scan.times)
                          for threshold in eye.contour(place, target) or ()]
                axes.plot([time for time, _ in points], [threshold for _, threshold in points],
                          "o", markersize=4, color=f"C{number}", label=f"{target:g}")
            axes.set(title=name.partition(", ")[0], xlabel="time, UI", xlim=(-0.2, 1.2),
                     ylim=(-1.4, 1.4))
            axes.title.set_fontsize(10)
            axes.grid(True, alpha=0.4)
        row[0].set_ylabel("threshold")
        row[0].legend(loc="upper right", fontsize=8, title="error rate", title_fontsize=8)
        return to_svg(figure)
