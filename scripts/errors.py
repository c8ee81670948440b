"""What the command line says when something is wrong that the user can put right."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType

__all__ = ["UserError", "describe", "needs", "one_line", "requires"]


class UserError(Exception):
    """Something for the user to put right; the text is one sentence, without a full stop."""


def describe(error: OSError) -> str:
    """One sentence for an error of the operating system, with the file if there is one."""
    reason = error.strerror or str(error) or type(error).__name__
    return f"{error.filename}: {reason}" if error.filename is not None else reason


def one_line(text: str) -> str:
    """The text with whatever is no printable character (a line break in a file name) escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


@contextmanager
def needs(extra: str, *expected: type[Exception]) -> Iterator[None]:
    """Around work that needs the packages of an optional `extra`.

    Raises
    ------
    UserError
        If one of these packages is not installed, or with the sentence of an `expected` error.
    """
    try:
        yield
    except expected as error:
        raise UserError(str(error)) from None
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in ("", "lampyris"):
            raise
        raise UserError(f"the Python package {missing} is not installed: "
                        f"run \"pip install 'lampyris[{extra}]'\"") from None


def requires(module: str, extra: str) -> ModuleType:
    """Import a module under :func:`needs`."""
    with needs(extra):
        return import_module(module)
