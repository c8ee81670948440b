"""`lampyris build`: a bitstream for a board."""

import argparse
from pathlib import Path

from .errors import UserError, needs, requires
from .options import add_output, add_quiet
from .progress import Progress

__all__ = ["add", "add_board", "known_board", "run"]


def add(subparsers):
    parser = subparsers.add_parser(
        "build", help="make the bitstream for a board",
        description="Make the bitstream for a board with Yosys and nextpnr; every clock must meet "
                    "its timing.")
    add_board(parser)
    add_output(parser, "build/BOARD")
    add_quiet(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    board = known_board(args.board)
    platform = requires("lampyris.platforms.build", "boards")
    with Progress(quiet=args.quiet) as progress, needs("boards", platform.ToolError):
        report = platform.build_board(board, args.output or Path("build", board), progress)
    print("\n".join(report.lines()))
    return 0


def add_board(parser: argparse.ArgumentParser):
    parser.add_argument("--board", metavar="BOARD", required=True, help="e.g. ulx3s")


def known_board(name: str) -> str:
    """The name, if there is such a board; raises :class:`UserError` with the list of boards."""
    boards = requires("lampyris.platforms.build", "boards").BOARDS
    if name not in boards:
        raise UserError(f"board {name!r} is unknown: available are {', '.join(boards)}")
    return name
