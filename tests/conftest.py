"""The order of the tests, and their answer to interrupts."""

import signal
from pathlib import Path

SYSTEM = Path(__file__).parent / "system"

# In the background of a shell or under nohup interrupts and hangups are ignored, and so they are by
# all that is started: but what has a handler here is as usual there, as the tests of it need.
for number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, lambda *_: None)


def pytest_collection_modifyitems(items) -> None:
    """Links first: they take minutes each, and at the end one worker would wait for the other."""
    items.sort(key=lambda item: SYSTEM not in item.path.parents)
