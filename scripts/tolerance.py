"""`python -m lampyris.cli.tolerance`: what jitter the sampler bears (docs/tolerance.md).

The model of the recovery decides; `tests/hdl/lane/test_sampler.py` ties the RTL to it.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lampyris.platforms.toolchain import ToolError, write_text
from lampyris.sim.channel.optical import OpticalLane
from lampyris.sim.channel.recovery import recover_random

__all__ = ["largest", "main", "table"]

RATIOS = (3, 4, 8)
GEAR = 8
PERIODS = (100, 300, 1000, 3000, 10_000)
STEP = 0.05
MOST = 8.0
PHASES = (0.0, 0.3)
WORDS = 2500


def bears(lane: OpticalLane, words: int) -> bool:
    """No bit is wrong, from any of the phases to start with."""
    return all(recover_random(replace(lane, phase_ui=phase / lane.ratio), gear=GEAR,
                              words=words)[0] == 0 for phase in PHASES)


def largest(lane: OpticalLane, name: str, *, words: int = WORDS) -> float:
    """The most of the setting `name` that a lane bears, in steps of `STEP`, up to `MOST`.

    It is found by halving, so more of it is taken to be worse.
    """
    good, bad = 0, round(MOST / STEP) + 1
    while bad - good > 1:
        middle = (good + bad) // 2
        if bears(replace(lane, **{name: middle * STEP}), words):
            good = middle
        else:
            bad = middle
    return good * STEP


def table(words: int = WORDS) -> str:
    """The page."""
    lines = [
        "# Jitter tolerance of the sampler",
        "",
        "Written by `python -m lampyris.cli.tolerance`; do not edit.",
        "",
        f"The most jitter, in UI peak to peak, with which {words} symbols of {GEAR} random bits "
        f"have no error (steps of {STEP}, {MOST:g} at most; the first 300 are not judged). "
        "Even: each edge by itself. Sine: all edges together; its period is in UI, and 0.1 UI of "
        "even jitter is added. A sine of many UI is followed; whether symbols are then lost "
        "depends on the store (docs/lane.md, section 2).",
        "",
        "| ratio | even, 0 ppm | even, -300 ppm | even, +300 ppm | "
        + " | ".join(f"sine, {period}" for period in PERIODS) + " |",
        "|---:" * (4 + len(PERIODS)) + "|",
    ]
    for ratio in RATIOS:
        print(f"ratio {ratio} ...", file=sys.stderr, flush=True)
        cells = [largest(OpticalLane(ratio=ratio, ppm=ppm), "jitter_ui", words=words)
                 for ppm in (0, -300, 300)]
        cells += [largest(OpticalLane(ratio=ratio, jitter_ui=0.1, sinus_period_ui=period),
                          "sinus_ui", words=words) for period in PERIODS]
        lines.append(f"| {ratio} | " + " | ".join(f"{cell:.2f}" for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and tabulate; 2 if the page cannot be written."""
    parser = argparse.ArgumentParser(prog="python -m lampyris.cli.tolerance", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/tolerance.md"))
    parser.add_argument("-w", "--words", type=int, default=WORDS, help="symbols per run")
    args = parser.parse_args(argv)
    if args.words < 400:
        parser.error(f"argument -w/--words: {args.words} is too few: 400 or more are needed")
    page = table(args.words)
    try:
        write_text(args.output, page)
    except ToolError as error:
        print(f"lampyris: error: {error}", file=sys.stderr)
        return 2
    print(page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
