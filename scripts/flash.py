"""`lampyris flash`: load a board with the bitstream that `lampyris build` made."""

import argparse
import shlex
from pathlib import Path

from .build import add_board, known_board
from .errors import needs, requires
from .options import folder

__all__ = ["add", "run"]


def add(subparsers):
    parser = subparsers.add_parser(
        "flash", help="load a board with its bitstream",
        description="Load a board with the bitstream that `lampyris build` made, through "
                    "openFPGALoader.")
    add_board(parser)
    parser.add_argument("-d", "--directory", metavar="DIR", type=folder,
                        help="folder of the bitstream (default build/BOARD)")
    parser.add_argument("--dry-run", action="store_true", help="only print the command")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    board = known_board(args.board)
    loader = requires("lampyris.platforms.flash", "boards")
    with needs("boards", loader.ToolError):
        command = loader.flash_board(board, args.directory or Path("build", board), args.dry_run)
    print(shlex.join(command))
    return 0
