"""SIGTERM and SIGHUP stop the command as Ctrl-C does, and never in the middle of moving files."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["interrupts_held", "termination_interrupts"]

_TERMINATION = [signal.SIGTERM, signal.SIGHUP]
_ALL = [signal.SIGINT, *_TERMINATION]


@contextmanager
def termination_interrupts() -> Iterator[None]:
    """Inside the block, SIGTERM and SIGHUP raise `KeyboardInterrupt`, unless they were ignored."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number, frame):
        raise KeyboardInterrupt

    old = {number: signal.getsignal(number) for number in _TERMINATION}
    old = {number: handler for number, handler in old.items() if handler is signal.SIG_DFL}
    for number in old:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Inside the block no signal interrupts; one that came raises at its end.

    Not at the end of a block that raised already: that error stays the one reported.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came = []
    old = {number: signal.getsignal(number) for number in _ALL}
    # None is a handler that Python did not install, and could not put back.
    alien = (signal.SIG_IGN, None)
    old = {number: handler for number, handler in old.items() if handler not in alien}
    for number in old:
        signal.signal(number, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
    if came:
        raise KeyboardInterrupt
