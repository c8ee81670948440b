"""`python -m lampyris.cli.waterfall`: what the codes make of random bit errors (docs/waterfall.md).

Every word is encoded, hit and decoded by the reference model, and the counts are compared with
theory.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from pathlib import Path

import numpy as np

from lampyris.fec.performance import word_error_rate
from lampyris.platforms.toolchain import ToolError, work_folder, write_text
from lampyris.sim.reference.reed_solomon import ReedSolomon, miscorrection_bound

from .errors import UserError, requires

__all__ = ["CODES", "LIMIT", "Measured", "main", "miscorrection", "page", "waterfall"]

CODES = {
    "word": ReedSolomon(136, 128, 8), "kp4": ReedSolomon(544, 514, 10),
    "kr4": ReedSolomon(528, 514, 10), "ll": ReedSolomon(272, 258, 10),
    "rs255": ReedSolomon(255, 239, 8),
}

RATES = {
    "word": (3.4e-3, 1.6e-3, 8.9e-4, 5.2e-4), "kp4": (2.6e-3, 1.8e-3, 1.4e-3, 1.1e-3),
    "kr4": (1.2e-3, 6.9e-4, 4.5e-4, 3.1e-4), "ll": (2.4e-3, 1.4e-3, 8.8e-4, 6.2e-4),
    "rs255": (3.6e-3, 2.1e-3, 1.4e-3, 1.05e-3),
}
"""Raw bit error rates for codeword error rates of about 0.3, 0.03, 3e-3 and 3e-4."""

ERASURES = (("word", 0), ("word", 2), ("word", 4), ("kp4", 22), ("kr4", 8), ("ll", 8),
            ("rs255", 8))
"""Where enough random words decode to be counted."""

LIMIT = 4.0
"""Standard errors. Of 27 points, one is farther away by chance with a probability of 0.2 %."""

FAILURES = 400
_LEAST_WORDS = 10_000
_BATCH = 16_384


@dataclass(frozen=True)
class Measured:
    """A count, and what theory expects.

    Members
    -------
    name : str
        The code and the condition, for messages.
    theory : float
        Probability of the event.
    words, events : int
        Words looked at, and those in which it happened.
    miscorrected : int
        Words of `events` that decoded to a codeword that was not sent.
    ber : float
        Raw bit error rate.
    """

    name: str
    theory: float
    words: int
    events: int
    miscorrected: int = 0
    ber: float = 0.0

    @property
    def rate(self) -> float:
        return self.events / self.words

    @property
    def deviation(self) -> float:
        """Distance of the count from theory, in standard errors of a binomial count."""
        spread = sqrt(self.words * self.theory * (1 - self.theory))
        return (self.events - self.words * self.theory) / spread

    @property
    def agrees(self) -> bool:
        return abs(self.deviation) <= LIMIT


def waterfall(name: str, ber: float, *, words: int, seed: int) -> Measured:
    """Send random messages through random bit errors and decode all of them.

    Parameters
    ----------
    name : str
        Key of :data:`CODES`.
    ber : float
        Probability of each bit to be wrong, by itself.
    """
    code = CODES[name]
    rng = np.random.default_rng([code.n, code.k, seed])
    events = miscorrected = 0
    for count in _batches(words):
        sent = code.encode(_symbols(rng, code, (count, code.k)))
        received = sent.copy()
        bits = received.size * code.m
        # As good as a draw for every bit: how many are wrong, then which.
        places = rng.choice(bits, rng.binomial(bits, ber), replace=False, shuffle=False)
        np.bitwise_xor.at(received.reshape(-1), places // code.m,
                          (1 << places % code.m).astype(np.uint16))
        decoded = code.decode(received)
        wrong = (decoded.words != sent).any(axis=1)
        events += int(wrong.sum())
        miscorrected += int((wrong & ~decoded.failed).sum())
    return Measured(f"{name} at {ber:g}", word_error_rate(code.n, code.t, code.m, ber), words,
                    events, miscorrected, ber)


def miscorrection(name: str, erasures: int, *, words: int, seed: int) -> Measured:
    """Decode words of nothing but random symbols: how many are taken for a codeword.

    The one that was sent is not among them but with a probability that nobody will ever see.
    """
    code = CODES[name]
    rng = np.random.default_rng([code.n, code.k, erasures, seed])
    erased = np.arange(code.n) < erasures
    events = sum(
        int((~code.decode(_symbols(rng, code, (count, code.n)), erased).failed).sum())
        for count in _batches(words))
    return Measured(f"{name} with {erasures} erasures", miscorrection_bound(code, erasures), words,
                    events)


def _symbols(rng: np.random.Generator, code: ReedSolomon, shape: tuple[int, int]) -> np.ndarray:
    return rng.integers(0, 1 << code.m, shape, dtype=np.uint16)


def _batches(words: int) -> Iterable[int]:
    return (min(_BATCH, words - start) for start in range(0, words, _BATCH))


def page(points: dict[str, list[Measured]], randoms: dict[tuple[str, int], Measured],
         failures: int, plot: str) -> str:
    """The tables and the plot."""
    lines = [
        "# Codes against random bit errors",
        "",
        "Written by `python -m lampyris.cli.waterfall`; do not edit.",
        "",
        f"![codeword error rate and bit error rate behind the decoder]({plot})",
        "",
        "Lines are the binomial theory of `hdl/fec/performance.py`. Points are words that the "
        "reference model (`sim/reference/reed_solomon.py`) encoded and decoded, each bit hit by "
        f"itself; enough of them that {failures} or more are expected to fail, so a measured rate "
        f"has a standard error of up to {100 / sqrt(failures):.0f} %. The last column is the "
        "distance from theory in standard errors; the command fails beyond "
        f"{LIMIT:g}.",
        "",
        "| code | raw bit error rate | words | wrong after decoding | taken for another codeword | "
        "measured rate | theory | standard errors |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [f"| `{name}` | {point.ber:.3g} | {point.words} | {point.events} | "
              f"{point.miscorrected} | {point.rate:.3g} | {point.theory:.3g} | "
              f"{point.deviation:+.1f} |" for name, row in points.items() for point in row]
    lines += [
        "",
        "## Miscorrection",
        "",
        "The part of all words of random symbols that decode to some codeword, which is then a "
        "wrong one, and `miscorrection_bound`. Where no words are given it is too rare to be "
        "measured; erasures make it frequent enough.",
        "",
        "| code | erasures | words | decoded | measured | bound | standard errors |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, erasures in sorted({*ERASURES, *((name, 0) for name in CODES)},
                                 key=lambda row: (list(CODES).index(row[0]), row[1])):
        if point := randoms.get((name, erasures)):
            lines.append(f"| `{name}` | {erasures} | {point.words} | {point.events} | "
                         f"{point.rate:.3g} | {point.theory:.3g} | {point.deviation:+.1f} |")
        else:
            bound = miscorrection_bound(CODES[name], erasures)
            lines.append(f"| `{name}` | {erasures} | | | | {bound:.2g} | |")
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, compare, write; 1 if a point is not where theory has it, 2 on an error."""
    parser = argparse.ArgumentParser(prog="python -m lampyris.cli.waterfall", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/waterfall.md"),
                        help="the page; the plot goes beside it as .svg")
    parser.add_argument("--failures", type=int, choices=range(10, 100_001), default=FAILURES,
                        metavar="10..100000",
                        help=f"failing words to be expected per point (default {FAILURES})")
    args = parser.parse_args(argv)
    plot = args.output.with_suffix(".svg")
    try:
        draw = requires("lampyris.cli.waterfall_plot", "plots").draw    # before minutes of work
        work_folder(args.output.parent)
        points = {name: [_show(waterfall(name, ber, seed=seed, words=_words(
            args.failures, word_error_rate(code.n, code.t, code.m, ber))))
            for seed, ber in enumerate(RATES[name])] for name, code in CODES.items()}
        randoms = {(name, erasures): _show(miscorrection(name, erasures, seed=0, words=_words(
            args.failures, miscorrection_bound(CODES[name], erasures))))
            for name, erasures in ERASURES}
        write_text(plot, draw(CODES, points))
        write_text(args.output, page(points, randoms, args.failures, plot.name))
    except (ToolError, UserError) as error:
        print(f"lampyris: error: {error}", file=sys.stderr)
        return 2
    far = [point for row in (*points.values(), list(randoms.values())) for point in row
           if not point.agrees]
    for point in far:
        print(f"lampyris: error: {point.name} is {point.deviation:+.1f} standard errors from "
              f"theory: allowed is {LIMIT:g}", file=sys.stderr)
    return 1 if far else 0


def _words(failures: int, theory: float) -> int:
    return max(_LEAST_WORDS, ceil(failures / theory))


def _show(point: Measured) -> Measured:
    print(f"{point.name:24} {point.words:9} words  {point.events:7} events  "
          f"measured {point.rate:9.3e}  theory {point.theory:9.3e}  {point.deviation:+.1f}",
          flush=True)
    return point


if __name__ == "__main__":
    sys.exit(main())
