"""Progress on stderr: the name of each long step as it begins, and the seconds it took."""

import sys
import time
from typing import TextIO

__all__ = ["Progress"]


class Progress:
    """Call it with the name of the step that begins now; this ends the step before.

    The work itself (`lampyris.export`, `lampyris.platforms`, ...) knows no more than "a callable
    that takes one line of text". Use as a context manager: leaving it ends the last step.

    Parameters
    ----------
    quiet : bool
        Print nothing.
    stream : text stream
        Where to, by default the `sys.stderr` of the moment.

    Members
    -------
    last : str
        The text of the last call.
    """

    def __init__(self, *, quiet: bool = False, stream: TextIO | None = None):
        self._quiet = quiet
        self._stream = stream
        self._began: float | None = None
        self.last = ""

    def __call__(self, text: str):
        self._end()
        # Before the text is out: Ctrl-C right after it shall still end the line.
        self._began = time.monotonic()
        self.last = text
        self._print(text)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, kind, error, trace):
        self._end(failed=kind is not None)

    def _end(self, *, failed: bool = False):
        if self._began is not None:
            took = time.monotonic() - self._began
            # A failed step ends its line, so that the error stands on one of its own; a step that
            # took no time was just something to say.
            self._print("\n" if failed or took < 0.05 else f" ({took:.1f} s)\n")
            self._began = None

    def _print(self, text: str):
        if not self._quiet:
            stream = self._stream or sys.stderr
            stream.write(text)
            stream.flush()
