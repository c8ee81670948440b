"""`python -m lampyris.cli.benchmark`: how long `lampyris generate` takes, and how that grows."""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from lampyris.config import PRESETS

__all__ = ["main", "measure"]

LIMIT_S = 15.0
LIMIT_RATIO = 4.5
LIMIT_FEC_S = 40.0
"""The bounds for 128 lanes, for 512 against 128, both without FEC, and for 128 with FEC (README,
figures). A word of 512 lanes of 8 bits is too long for the FEC."""


def measure(preset: str, lanes: int, repeats: int, fec: str = "none") -> float:
    """Seconds of the fastest of some runs, each in a process of its own, start-up included.

    Raises
    ------
    subprocess.CalledProcessError
        If the command fails; it has told the reason on stderr.
    """
    times = []
    for _ in range(repeats):
        with TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "lampyris.cli", "generate", "--preset", preset,
                       "--set", f"lanes={lanes}", "--set", f"fec={fec}", "--quiet",
                       "-o", str(Path(folder, "out"))]
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            times.append(time.perf_counter() - start)
    return min(times)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 1 if a bound is missed, 2 if a run fails."""
    parser = argparse.ArgumentParser(prog="python -m lampyris.cli.benchmark", description=__doc__)
    parser.add_argument("--preset", choices=list(PRESETS), default="uled128")
    parser.add_argument("--repeats", type=int, choices=range(1, 11), default=2, metavar="1..10",
                        help="runs per size, of which the fastest counts (default 2)")
    args = parser.parse_args(argv)
    times = {}
    for lanes, fec in ((128, "none"), (512, "none"), (128, "word")):
        size = f"{lanes} lanes" + (", FEC" if fec != "none" else "")
        try:
            times[lanes, fec] = measure(args.preset, lanes, args.repeats, fec)
        except subprocess.CalledProcessError:
            print(f"lampyris: error: generate failed for {size}", file=sys.stderr)
            return 2
        print(f"{size:14}  {times[lanes, fec]:6.1f} s", flush=True)
    ratio = times[512, "none"] / times[128, "none"]
    print(f"{'512 to 128':14}  {ratio:6.2f}")
    if (times[128, "none"] > LIMIT_S or ratio > LIMIT_RATIO
            or times[128, "word"] > LIMIT_FEC_S):
        print(f"lampyris: error: allowed is {LIMIT_S:g} s for 128 lanes, a ratio of "
              f"{LIMIT_RATIO:g}, and {LIMIT_FEC_S:g} s with FEC", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
