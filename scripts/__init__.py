"""The `lampyris` command: one file per verb, each with `add(subparsers)` and `run(args)`.

Exit status: 0 done, 1 a bench failed, 2 something the user can put right (one sentence on stderr),
130 interrupted, 141 nobody reads the output any more.
"""

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import NoReturn

from lampyris.config import ConfigError

from . import build, flash, generate, info, simulate
from .errors import UserError, describe, one_line
from .signals import termination_interrupts

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit status; only a fault of Lampyris itself raises."""
    _open_streams()
    try:
        with termination_interrupts():
            status = _run(argv)
            sys.stdout.flush()
            return status
    except KeyboardInterrupt:
        return _report("interrupted", 130)
    except BrokenPipeError:
        _drop_output()
        return 141
    except (UserError, ConfigError) as error:
        return _report(f"error: {one_line(str(error))}", 2)
    except OSError as error:
        _drop_output()
        # Whoever writes a file names it in the error; stdout has no name.
        place = "cannot write the output: " if _nameless(error) else ""
        return _report(f"error: {place}{one_line(describe(error))}", 2)
    except MemoryError:
        return _report("error: not enough memory for a link of this size", 2)


def _run(argv: Sequence[str] | None) -> int:
    try:
        args = _parser().parse_args(argv)
    except SystemExit:  # --help and --version; an error raises UserError
        return 0
    return args.run(args)


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence, without the usage."""

    def __init__(self, **keywords):
        super().__init__(**keywords, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message} (see {self.prog} --help)")


class _Version(argparse.Action):
    """Prints the version; reading the package's metadata takes time, so only on request."""

    def __call__(self, parser, namespace, values, option_string=None):
        print(f"lampyris {version('lampyris')}")
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="lampyris",
                     description="RTL generator for Micro-LED optical links.")
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    for verb in (info, generate, simulate, build, flash):
        verb.add(verbs)
    return parser


def _open_streams():
    """A stream that the shell closed (`>&-`) is None, and becomes one that goes nowhere."""
    sys.stdout = sys.stdout or open(os.devnull, "w")
    sys.stderr = sys.stderr or open(os.devnull, "w")


def _nameless(error: OSError) -> bool:
    return error.filename is None and error.errno in (errno.ENOSPC, errno.EFBIG, errno.EIO)


def _report(text: str, status: int) -> int:
    try:
        print(f"lampyris: {text}", file=sys.stderr, flush=True)
    except OSError:  # nobody reads stderr, or it is full: the status has to do
        pass
    return status


def _drop_output():
    """Send what stdout still holds nowhere, or the interpreter complains about it at its end."""
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
    except (OSError, ValueError):  # stdout has no file (tests) or is closed
        pass
