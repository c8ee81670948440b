"""`python -m lampyris.cli.eye`: eye scans of lanes with known noise, against theory (docs/eye.md).

The model of the scan counts; `tests/hdl/optics/test_eye_monitor.py` ties the RTL to it.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot
from pathlib import Path

import numpy as np

from lampyris.platforms.toolchain import ToolError, work_folder, write_text
from lampyris.sim.channel.eye import EyeScan, binomial_tail, mismatch, scan_eye
from lampyris.sim.channel.optical import OpticalLane
from lampyris.sim.reference.eye import bit_error_rate

from .errors import UserError, requires

__all__ = ["CASES", "CODES", "LIMIT", "TARGETS", "Case", "Eye", "main", "page"]

GEAR = 8
CODES = (np.arange(32) - 15.5) / 10
"""Thresholds of a DAC of 5 bits; -1 is the level of a 0, 1 that of a 1."""


@dataclass(frozen=True)
class Case:
    """A lane; the noise that the monitor has in common with it; and whether FEC is the truth."""

    lane: OpticalLane
    shared: float = 0.0
    fec: bool = False


CASES = {
    "Q = 6, 8 samples per bit":
        Case(OpticalLane(ratio=8, phase_ui=0.0, rise_ui=0.5, noise=1 / 6)),
    "Q = 4, 4 samples per bit, slow edges":
        Case(OpticalLane(ratio=4, phase_ui=1 / 8, rise_ui=0.8, noise=1 / 4)),
    "Q = 2.5, 3 samples per bit, a lane with errors of its own":
        Case(OpticalLane(ratio=3, phase_ui=1 / 6, rise_ui=0.5, noise=1 / 2.5)),
    "Q = 2.5 with FEC truth, 3 samples per bit, most of the noise on both":
        Case(OpticalLane(ratio=3, phase_ui=1 / 6, rise_ui=0.5, noise=0.15), shared=0.37, fec=True),
}

TARGETS = (0.1, 1e-2, 1e-3)
LIMIT = 1e-6
"""Probability of a count so far from theory, or farther; there are some 500 of them."""

WORDS = 4096


@dataclass(frozen=True)
class Eye:
    """A scan, and the theory of its points, if the noise of both comparators is independent or
    the truth that of the FEC."""

    lane: OpticalLane
    scan: EyeScan
    shared: float = 0.0
    fec: bool = False

    @property
    def own(self) -> float:
        """Share of the truth that is wrong."""
        return 0.0 if self.fec else self.scan.lane

    def theory(self, times, thresholds, *, own: float = 0.0) -> np.ndarray:
        return mismatch(times, thresholds, rise_ui=self.lane.rise_ui,
                        noise=hypot(self.lane.noise, self.shared), lane=own)

    @property
    def expected(self) -> np.ndarray:
        """Shares of mismatches, [codes, places]."""
        return self.theory(self.scan.times[None], self.scan.thresholds[:, None],
                           own=self.own)

    @property
    def tails(self) -> np.ndarray:
        """Probability of each count, or one farther off."""
        return np.array([[binomial_tail(int(count), self.scan.bits, float(share))
                          for count, share in zip(*row, strict=True)]
                         for row in zip(self.scan.counts, self.expected, strict=True)])

    @property
    def rates(self) -> np.ndarray:
        """The monitor's error rates: mismatches without those of the lane."""
        return bit_error_rate(self.scan.counts / self.scan.bits, self.own)

    def contour(self, place: int, target: float) -> tuple[float, float] | None:
        """Thresholds at which the counted error rate passes a target, below and above the middle;
        straight lines between logarithms of the counts. None if the eye is closed there."""
        rates = np.log(np.maximum(self.rates[:, place], 0.3 / self.scan.bits))
        middle = len(rates) // 2
        if max(rates[middle - 1:middle + 1]) >= np.log(target):
            return None
        low = np.interp(-np.log(target), -rates[:middle], self.scan.thresholds[:middle])
        high = np.interp(np.log(target), rates[middle:], self.scan.thresholds[middle:])
        return float(low), float(high)

    def expected_contour(self, place: int, target: float) -> tuple[float, float] | None:
        fine = np.linspace(0, self.scan.thresholds[-1], 2001)
        rates = self.theory(self.scan.times[place], fine)
        if rates[0] >= target:
            return None
        high = float(np.interp(target, rates, fine))
        return -high, high


def page(eyes: dict[str, Eye], plot: str) -> str:
    """The tables and the plot."""
    lines = [
        "# Eye scans against theory",
        "",
        "Written by `python -m lampyris.cli.eye`; do not edit.",
        "",
        f"![contours of the error rate, counted and expected]({plot})",
        "",
        f"Scans of {len(CODES)} codes as the eye monitor makes them ([lane.md](lane.md), section "
        "5), by its bit-exact model. Light of straight edges, Gaussian noise of the same strength "
        "on lane and monitor, each its own unless said; Q is the distance of a level from the "
        "middle in standard deviations. "
        "Thresholds are relative: -1 is the level of a 0, 1 that of a 1; a code is 0.1. Theory is "
        "the Q-function, over all neighbours of a bit. A point is wrong if a count so far from "
        f"theory, or farther, has a probability below {LIMIT:g}; then the command fails.",
    ]
    for name, eye in eyes.items():
        scan, tails = eye.scan, eye.tails
        lines += [
            "",
            f"## {name}",
            "",
            f"{scan.bits} bits at each of {tails.size} points. The rarest count has a probability "
            f"of {tails.min():.1g}; {100 * np.mean(tails < 0.025):.1f} % are beyond the middle "
            f"95 %. The lane itself decided {scan.lane:.2g} of the bits wrong.",
            "",
            "Thresholds between which the error rate is below a target, counted and expected (an "
            "eye between two codes is closed to a scan):",
            "",
            "| time, UI | " + " | ".join(f"{target:g} | expected" for target in TARGETS) + " |",
            "|---:|" + "---:|---:|" * len(TARGETS),
        ]
        for place, time in enumerate(scan.times):
            cells = [_opening(contour(place, target)) for target in TARGETS
                     for contour in (eye.contour, eye.expected_contour)]
            lines.append(f"| {time:.3f} | " + " | ".join(cells) + " |")
        lines += [
            "",
            "Mismatches, counted and expected, at every fourth code:",
            "",
            "| threshold | " + " | ".join(f"{time:.3f} UI" for time in scan.times) + " |",
            "|---:|" + "---:|" * len(scan.times),
        ]
        for code in range(1, len(CODES), 4):
            cells = [f"{count} / {share * scan.bits:.0f}" for count, share in
                     zip(scan.counts[code], eye.expected[code], strict=True)]
            lines.append(f"| {scan.thresholds[code]:.2f} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _opening(contour: tuple[float, float] | None) -> str:
    return "closed" if contour is None else f"{contour[0]:.2f} to {contour[1]:.2f}"


def main(argv: Sequence[str] | None = None) -> int:
    """Scan, compare, write; 1 if a point is not where theory has it, 2 on an error."""
    parser = argparse.ArgumentParser(prog="python -m lampyris.cli.eye", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/eye.md"),
                        help="the page; the plot goes beside it as .svg")
    parser.add_argument("-w", "--words", type=int, choices=range(64, 1_000_001), default=WORDS,
                        metavar="64..1000000", help=f"words per code (default {WORDS})")
    args = parser.parse_args(argv)
    plot = args.output.with_suffix(".svg")
    try:
        draw = requires("lampyris.cli.eye_plot", "plots").draw      # before the work
        work_folder(args.output.parent)
        eyes = {}
        for name, case in CASES.items():
            print(f"{name} ...", file=sys.stderr, flush=True)
            eyes[name] = Eye(case.lane, scan_eye(
                    case.lane, CODES, gear=GEAR, words=args.words, shared=case.shared,
                    fec=case.fec), case.shared, case.fec)
        write_text(plot, draw(eyes, TARGETS))
        write_text(args.output, page(eyes, plot.name))
    except (ToolError, UserError) as error:
        print(f"lampyris: error: {error}", file=sys.stderr)
        return 2
    status = 0
    for name, eye in eyes.items():
        tails = eye.tails
        code, place = np.unravel_index(tails.argmin(), tails.shape)
        if tails[code, place] < LIMIT:
            print(f"lampyris: error: {name}, threshold {eye.scan.thresholds[code]:.2f} at "
                  f"{eye.scan.times[place]:.3f} UI: {eye.scan.counts[code, place]} mismatches, "
                  f"expected {eye.expected[code, place] * eye.scan.bits:.0f}", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
