"""`lampyris simulate`: a bench on the exported Verilog, under Verilator."""

import argparse
import pkgutil
import sys
from importlib.util import find_spec
from pathlib import Path

from .errors import UserError, needs, one_line, requires
from .options import add_output, add_quiet, number
from .progress import Progress
from .selection import add_selection, selected

__all__ = ["add", "run"]

RUNNER = "lampyris.sim.rtl.runner"
BENCHES = "lampyris.sim.rtl.benches"
EXTRA = "simulation"


def add(subparsers):
    parser = subparsers.add_parser(
        "simulate", help="run a bench on the exported Verilog",
        description="Run a cocotb bench on the exported Verilog, under Verilator.")
    add_selection(parser)
    parser.add_argument("--bench", metavar="NAME", default="loop",
                        help="which bench (default loop)")
    parser.add_argument("--packets", metavar="COUNT", type=number(1, 10_000_000), default=200,
                        help="packets to send (default 200)")
    parser.add_argument("--seed", metavar="NUMBER", type=number(0, (1 << 31) - 1), default=1,
                        help="what the random choices start from (default 1)")
    parser.add_argument("--waves", action="store_true", help="keep the waveforms")
    add_output(parser, "build/simulation/NAME, by the name of the link")
    add_quiet(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    config = selected(args)
    directory = args.output or Path("build", "simulation", config.name)
    for package in ("cocotb", "cocotb_tools", "cocotbext.axi"):
        _require(package)
    runner = requires(RUNNER, EXTRA)
    _known_bench(args.bench)
    with Progress(quiet=args.quiet) as progress, needs(EXTRA, runner.ToolError):
        # Before minutes of work, and before the page of output that make would answer with.
        runner.verilator.require_compiler()
        status = runner.simulate(config, args.bench, args.packets, args.seed, args.waves,
                                 directory, progress)
    if status and args.quiet:
        print(f"lampyris: {one_line(progress.last)}", file=sys.stderr)
    return 1 if status else 0


def _require(package: str):
    """Raise :class:`UserError` if a package is not installed; importing it would take a second."""
    with needs(EXTRA):
        if find_spec(package) is None:
            raise ModuleNotFoundError(name=package)


def _known_bench(name: str):
    benches = [module.name for module in pkgutil.iter_modules(requires(BENCHES, EXTRA).__path__)]
    if name not in benches:
        raise UserError(f"bench {name!r} is unknown: available are {', '.join(benches)}")
