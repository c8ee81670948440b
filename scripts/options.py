"""Options that several verbs share."""

import argparse
from pathlib import Path

__all__ = ["add_output", "add_quiet", "folder", "number"]


def add_output(parser: argparse.ArgumentParser, default: str):
    parser.add_argument("-o", "--output", metavar="DIR", type=folder,
                        help=f"folder to write (default {default})")


def add_quiet(parser: argparse.ArgumentParser):
    parser.add_argument("-q", "--quiet", action="store_true",
                        help="no progress on stderr; errors still are")


def number(low: int, high: int):
    """An argparse type: a whole number in a range."""
    def convert(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} must be a whole number, {low} to {high}")
        return value
    return convert


def folder(text: str) -> Path:
    """An argparse type: the name of a folder, not empty (which would be the current one)."""
    if not text:
        raise argparse.ArgumentTypeError("the name of the folder is empty")
    return Path(text)
