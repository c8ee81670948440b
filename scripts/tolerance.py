"""`python -m lampyris.cli.tolerance`: what jitter the sampler bears (docs/tolerance.md), and with
`--mask` that it bears some of it for long (docs/tolerance_mask.md).

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

__all__ = ["MASK", "largest", "main", "mask", "table"]

RATIOS = (3, 4, 8)
GEAR = 8
PERIODS = (100, 300, 1000, 3000, 10_000)
STEP = 0.05
MOST = 8.0
PHASES = (0.0, 0.3)
WORDS = 2500

MASK = (
    OpticalLane(ratio=3, jitter_ui=0.2, ppm=300),
    OpticalLane(ratio=4, jitter_ui=0.25, ppm=-300),
    OpticalLane(ratio=4, jitter_ui=0.25, distortion_ui=0.1),
    OpticalLane(ratio=4, jitter_ui=0.15, sinus_ui=0.1, sinus_period_ui=300, ppm=300),
    OpticalLane(ratio=8, jitter_ui=0.4, ppm=300, distortion_ui=0.05),
)
"""What a lane may be like at worst."""

MASK_RUNS = 10
MASK_WORDS = 125_400        # with the first 300 not judged, 1e6 bits and some


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
        "depends on the store (docs/lane.md, section 2). Duty cycle: bits of 1 are longer by this, "
        "and 0.1 UI of even jitter is added.",
        "",
        "Theory is what no choice of phase can exceed: the nearest of R samples is up to 1/2R off "
        "the middle of a bit, so even jitter of 1 - 1/R is the most; and from R = 4 on a bit that "
        "is shortened to less than 2 samples may be lost in the glitch filter, which is 1 - 2/R. "
        "Of the duty cycle 0.1 UI less. The rest is the tracker's, which moves by a whole sample "
        "once some words have voted for it. With the clock off by 300 ppm all phases are passed, "
        "good and bad: count on these columns.",
        "",
        "| ratio | theory | even, 0 ppm | even, -300 ppm | even, +300 ppm | duty cycle | "
        + " | ".join(f"sine, {period}" for period in PERIODS) + " |",
        "|---:" * (6 + len(PERIODS)) + "|",
    ]
    for ratio in RATIOS:
        print(f"ratio {ratio} ...", file=sys.stderr, flush=True)
        cells = [1 - (1 if ratio == 3 else 2) / ratio]
        cells += [largest(OpticalLane(ratio=ratio, ppm=ppm), "jitter_ui", words=words)
                  for ppm in (0, -300, 300)]
        cells.append(largest(OpticalLane(ratio=ratio, jitter_ui=0.1), "distortion_ui",
                             words=words))
        cells += [largest(OpticalLane(ratio=ratio, jitter_ui=0.1, sinus_period_ui=period),
                          "sinus_ui", words=words) for period in PERIODS]
        lines.append(f"| {ratio} | " + " | ".join(f"{cell:.2f}" for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def mask(runs: int = MASK_RUNS, words: int = MASK_WORDS) -> tuple[str, int]:
    """The page of long runs, and the wrong bits on it."""
    lines = [
        "# Mask of the sampler",
        "",
        "Written by `python -m lampyris.cli.tolerance --mask`; do not edit.",
        "",
        f"{runs} runs of {words} symbols of {GEAR} random bits each, every one with another phase "
        "to start with; the first 300 symbols are not judged.",
        "",
        "| ratio | even jitter, UI | sine, UI | its period, UI | duty cycle, UI | ppm | bits | "
        "wrong |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    total = 0
    for lane in MASK:
        print(f"ratio {lane.ratio} ...", file=sys.stderr, flush=True)
        wrong = bits = 0
        for run in range(runs):
            found, model = recover_random(replace(lane, phase_ui=run / runs, seed=run + 1),
                                          gear=GEAR, words=words)
            wrong, bits = wrong + found, bits + len(model.bits) - 300 * GEAR
        total += wrong
        period = f"{lane.sinus_period_ui:g}" if lane.sinus_ui else ""
        lines.append(f"| {lane.ratio} | {lane.jitter_ui:.2f} | {lane.sinus_ui:.2f} | {period} | "
                     f"{lane.distortion_ui:.2f} | {lane.ppm:g} | {bits} | {wrong} |")
    return "\n".join(lines) + "\n", total


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and tabulate; 1 if a lane in the mask has a wrong bit, 2 if the page cannot be
    written."""
    parser = argparse.ArgumentParser(prog="python -m lampyris.cli.tolerance", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, help="page to write")
    parser.add_argument("-w", "--words", type=int, help="symbols per run")
    parser.add_argument("--mask", action="store_true", help="long runs at the points of the mask")
    args = parser.parse_args(argv)
    if args.words is not None and args.words < 400:
        parser.error(f"argument -w/--words: {args.words} is too few: 400 or more are needed")
    if args.mask:
        page, wrong = mask(words=args.words or MASK_WORDS)
    else:
        page, wrong = table(args.words or WORDS), 0
    name = "tolerance_mask.md" if args.mask else "tolerance.md"
    try:
        write_text(args.output or Path("docs", name), page)
    except ToolError as error:
        print(f"lampyris: error: {error}", file=sys.stderr)
        return 2
    print(page)
    if wrong:
        print(f"lampyris: error: {wrong} bits were wrong inside the mask", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
