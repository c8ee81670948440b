"""`python -m lampyris.cli.compensation`: drivers over temperature and age (docs/compensation.md).

The model of the loops runs; `tests/hdl/driver` ties the RTL to it, also over light.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lampyris.platforms.toolchain import ToolError, work_folder, write_text
from lampyris.sim.channel.compensation import ClosedLoop, Window, best
from lampyris.sim.channel.led import LedLanes
from lampyris.sim.reference.compensation import AGEING, BIAS, MODULATION, TEMPERATURE, Compensation
from lampyris.sim.reference.reports import LEVELS

from .errors import UserError, requires

__all__ = ["PHASES", "Lanes", "Phase", "Run", "main", "page", "run"]

TARGET = 1e-5
LANES, PHYSICAL = 128, 140
BITS = (6, 8)
STRICT = 8              # bits of a code from which on 10 % can be asked for
MOST_UA = 256.0         # of a code
WORDS, GEAR, LANE_GBPS = 12288, 8, 4.0
FRAMES = 6              # from one report to the next
SHIFT, UPPER, LOWER, PATIENCE = 3, 12, 9, 16
BOTH = TEMPERATURE | AGEING

WINDOW_BITS = FRAMES * PHYSICAL * WORDS * GEAR
WINDOW_MS = WINDOW_BITS / LANE_GBPS * 1e-6


@dataclass(frozen=True)
class Phase:
    """Straight lines of temperature, and of light in dB, over a number of windows."""

    name: str
    windows: int
    celsius: tuple[float, float]
    loss_db: tuple[float, float] = (0.0, 0.0)

    @property
    def profile(self) -> list[tuple[float, float]]:
        """Temperature, and the part of the light that is left, of each window."""
        celsius = np.linspace(*self.celsius, self.windows)
        return list(zip(celsius.tolist(),
                        (10 ** (-np.linspace(*self.loss_db, self.windows) / 10)).tolist(),
                        strict=True))


PHASES = (
    Phase("new, 25 C", 1200, (25, 25)),
    Phase("heats up", 800, (25, 125)),
    Phase("rests hot", 500, (125, 125)),
    Phase("cools down", 1500, (125, -40)),
    Phase("rests cold", 500, (-40, -40)),
    Phase("ages, cold", 1500, (-40, -40), (0, 3)),
    Phase("aged, heats up", 1500, (-40, 125), (3, 3)),
    Phase("aged, rests hot", 800, (125, 125), (3, 3)),
)


class Lanes:
    """LEDs that differ, and what their drivers are set to at first."""

    def __init__(self, bits: int, lanes: int):
        random = np.random.default_rng(7)
        self.bits, self.lanes = bits, lanes
        self.step_ua = MOST_UA / 2**bits
        self.leds = LedLanes(
            step_ua=self.step_ua, coupling=0.3 * 10 ** (0.3 * (random.random(lanes) - 0.5)),
            spread=random.uniform(0.7, 1.3, lanes))
        self.nominal = (2**bits * 5 // 64, 2**bits // 2)
        self.limit = 2**bits * 11 // 10

    def loop(self, loops: int) -> ClosedLoop:
        model = Compensation(self.lanes, self.bits, upper=UPPER, lower=LOWER, patience=PATIENCE)
        return ClosedLoop(self.leds, model, self.nominal, self.limit, loops=loops,
                          bits_per_window=WINDOW_BITS, shift=SHIFT, seed=1)

    def best(self, celsius: float, light: float) -> tuple[np.ndarray, np.ndarray]:
        """Least mean current in uA, and least error rate, of all codes."""
        codes, rate = best(self.leds, self.nominal, self.limit, celsius, light, TARGET,
                           2**self.bits - 1)
        return codes * self.step_ua, rate


@dataclass(frozen=True)
class Run:
    """A phase: error rates [windows, lanes], alarms before each window, the last window."""

    phase: Phase
    rates: np.ndarray
    alarms: np.ndarray
    currents: np.ndarray        # uA, [windows, lanes]
    last: Window
    least: np.ndarray           # uA; inf where the target cannot be held at the end
    floor: np.ndarray           # the least rate that can be had there

    @property
    def possible(self) -> np.ndarray:
        return np.isfinite(self.least)

    @property
    def judged(self) -> np.ndarray:
        """Rates; 0 where there is an alarm."""
        return np.where(self.alarms, 0, self.rates)

    @property
    def above(self) -> float:
        """Share of the lanes' windows above the target without an alarm."""
        return float((self.judged > TARGET).mean())

    @property
    def ratio(self) -> np.ndarray:
        """Current at the end over the least one, of lanes that hold the target."""
        held = self.possible & ~self.last.alarm
        return self.currents[-1][held] / self.least[held]

    @property
    def missed(self) -> int:
        """Lanes at the end that cannot hold the target and do not say so."""
        return int((~self.possible & ~self.last.alarm).sum())

    @property
    def needless(self) -> int:
        """Lanes at the end with an alarm that could have as few errors as lets them go down."""
        good = (LEVELS[LOWER] << SHIFT) / WINDOW_BITS
        return int((self.last.alarm & (self.floor < good)).sum())


def run(lanes: Lanes, loop: ClosedLoop, phase: Phase) -> Run:
    windows = [loop.window(celsius, light) for celsius, light in phase.profile]
    least, floor = lanes.best(*phase.profile[-1])
    return Run(phase, np.array([window.rate for window in windows]),
               np.array([window.alarm for window in windows]),
               np.array([window.current for window in windows]) * lanes.step_ua,
               windows[-1], least, floor)


def settled_lanes(lanes: Lanes, loops: int, codes: np.ndarray) -> ClosedLoop:
    """With the codes that another loop has found, nominal from now on."""
    loop = lanes.loop(loops)
    loop.model.nominal[:, [BIAS, MODULATION]] = codes
    return loop


def faults(lanes: Lanes, runs: Sequence[Run]) -> list[str]:
    """What is not as it must be."""
    found = []
    for item in runs[1:]:
        where = f"{lanes.bits} bits, {item.phase.name}"
        strict = lanes.bits >= STRICT
        if strict and item.above:
            found.append(f"{where}: a window with an error rate of {item.judged.max():.2g}")
        if item.judged.mean(axis=0).max() > TARGET:
            found.append(f"{where}: a mean error rate of {item.judged.mean(axis=0).max():.2g}")
        if item.missed or item.needless:
            found.append(f"{where}: {item.missed} alarms missing, {item.needless} without need")
        if strict and item.ratio.max() > 1.1:
            found.append(f"{where}: {item.ratio.max():.3f} times the least current")
    return found


def page(results: dict[Lanes, list[Run]], others: dict[Lanes, dict[str, Run]], plot: str) -> str:
    """The tables and the plot."""
    first = next(iter(results))
    share = WINDOW_BITS * TARGET
    lines = [
        "# Drivers over temperature and age",
        "",
        "Written by `python -m lampyris.cli.compensation`; do not edit.",
        "",
        f"![error rates and currents of the lanes over the phases]({plot})",
        "",
        f"The loops of [driver.md](driver.md), sections 7 and 8, by their bit-exact model, closed "
        f"over {first.lanes} lanes of light. The LEDs differ by 3 dB in light and by 30 % either "
        "way in how much they lose when they are hot; the table has the mean of that. Laws and "
        "numbers are those of `sim/channel/led.py`: light falls with temperature, age and droop, "
        "the bandwidth grows with the root of the current, noise is Gaussian.",
        "",
        f"A lane's window is {FRAMES} frames for each of {PHYSICAL} lanes: {WINDOW_MS:.1f} ms at "
        f"{LANE_GBPS:g} Gb/s, {WINDOW_BITS / 1e6:.0f} Mbit, {share:.0f} errors at {TARGET:g}. "
        f"Reports with s = {SHIFT}, `upper` = {UPPER} ({_bound(UPPER)}), `lower` = {LOWER} "
        f"({_bound(LOWER)}), `patience` = {PATIENCE} ({PATIENCE * WINDOW_MS / 1000:.2f} s). "
        "Seconds stand for hours of heat and years of age: the slower they pass, the easier it is.",
        "",
        "Rates are the LEDs' own, not as counted. *Above*: share of the lanes' windows with a rate "
        f"above {TARGET:g} and no alarm. *Cannot*: lanes for which no code within the limit holds "
        f"{TARGET:g} at the end of the phase; `upper` is below that, so a few more have an alarm. "
        "*Of the least*: mean current at the end, over that of the best of all codes, of the lanes "
        "that hold the target. The command fails if a lane that cannot has no alarm, or one "
        f"that could have fewer errors than `lower` has; if a lane's mean in a phase is above "
        f"{TARGET:g}; and with {STRICT} bits also if any window is, or a current is more than "
        "10 % too high (the first phase, from the same codes for all, does not count).",
    ]
    for lanes, runs in results.items():
        lines += [
            "",
            f"## {lanes.bits} bits per code, {lanes.step_ua:g} uA",
            "",
            f"All lanes begin with bias {lanes.nominal[0]}, modulation {lanes.nominal[1]}, and "
            f"have a limit of {lanes.limit}.",
            "",
            "| phase | s | worst window | above | alarms | cannot | current, uA | of the least, "
            "mean | worst |",
            "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
        ]
        lines += [
            f"| {item.phase.name} | {item.phase.windows * WINDOW_MS / 1000:.0f} | "
            f"{item.judged.max():.1e} | {item.above:.1e} | {int(item.last.alarm.sum())} | "
            f"{int((~item.possible).sum())} | {item.currents[-1].mean():.0f} | "
            f"{item.ratio.mean():.3f} | {item.ratio.max():.3f} |" for item in runs]
        lines += [f"| *{name}* | | {item.judged.max():.1e} | {item.above:.1e} | | | "
                  f"{item.currents[-1].mean():.0f} | | |" for name, item in others[lanes].items()]
        worst, new = runs[-1], runs[0]
        fixed = np.where(worst.possible, worst.least, lanes.limit * lanes.step_ua).mean()
        lines += [
            "",
            f"Codes that never change would have to be those of the last phase: {fixed:.0f} uA on "
            f"average, where the new lanes have {new.currents[-1].mean():.0f}.",
        ]
    return "\n".join(lines) + "\n"


def _bound(level: int) -> str:
    errors = LEVELS[level] << SHIFT
    return f"{errors} errors, {errors / WINDOW_BITS:.1e}"


def main(argv: Sequence[str] | None = None) -> int:
    """Run, judge, write; 1 if something is not as it must be, 2 on an error."""
    parser = argparse.ArgumentParser(prog="python -m lampyris.cli.compensation",
                                     description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/compensation.md"),
                        help="the page; the plot goes beside it as .svg")
    parser.add_argument("-l", "--lanes", type=int, choices=range(2, 1025), default=LANES,
                        metavar="2..1024", help=f"(default {LANES})")
    args = parser.parse_args(argv)
    plot = args.output.with_suffix(".svg")
    try:
        draw = requires("lampyris.cli.compensation_plot", "plots").draw     # before the work
        work_folder(args.output.parent)
        results, others = {}, {}
        for bits in BITS:
            print(f"{bits} bits ...", file=sys.stderr, flush=True)
            lanes = Lanes(bits, args.lanes)
            loop = lanes.loop(BOTH)
            results[lanes] = [run(lanes, loop, PHASES[0])]
            codes = loop.model.codes.copy()
            results[lanes] += [run(lanes, loop, phase) for phase in PHASES[1:]]
            cooling = next(phase for phase in PHASES if phase.name == "cools down")
            others[lanes] = {
                f"cools down, {name}": run(lanes, settled_lanes(lanes, loops, codes), cooling)
                for name, loops in (("no loop", 0), ("temperature alone", TEMPERATURE),
                                    ("ageing alone", AGEING))}
        write_text(plot, draw({f"{lanes.bits} bits": runs for lanes, runs in results.items()},
                              TARGET, WINDOW_MS / 1000))
        write_text(args.output, page(results, others, plot.name))
    except (ToolError, UserError) as error:
        print(f"lampyris: error: {error}", file=sys.stderr)
        return 2
    wrong = [fault for lanes, runs in results.items() for fault in faults(lanes, runs)]
    for fault in wrong:
        print(f"lampyris: error: {fault}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
