"""Ctrl-C and SIGTERM, which clusters send, as one kind of interruption."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


@dataclass
class Interruptions:
    """The signal that interrupted this process, None as long as there was none."""

    signal: int | None = None


@contextmanager
def interruptible() -> Iterator[Interruptions]:
    """Within it SIGTERM raises KeyboardInterrupt as Ctrl-C does; a second signal of either kind ends the
    process at once.

    A signal that whoever started the process has it ignore stays ignored.
    """
    found = Interruptions()

    def interrupt(number: int, _: FrameType | None) -> None:
        found.signal = number
        for other in before:
            signal.signal(other, signal.SIG_DFL)
        raise KeyboardInterrupt

    before = {}
    if threading.current_thread() is threading.main_thread():
        usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
        before = {number: handler for number, handler in usual.items() if signal.getsignal(number) == handler}
    for number in before:
        signal.signal(number, interrupt)
    try:
        yield found
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
