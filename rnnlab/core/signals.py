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


_interrupted = False


def interrupt() -> None:
    """Raises KeyboardInterrupt, and remembers it, whatever becomes of it."""
    global _interrupted
    _interrupted = True
    raise KeyboardInterrupt


@contextmanager
def interruptions_as_such() -> Iterator[None]:
    """Raises KeyboardInterrupt in place of an error that a library has made of one.

    C++ that calls Python may take it for a fault of what it was given: matplotlib then speaks of a matrix.
    """
    try:
        yield
    except Exception as error:
        if _interrupted:
            raise KeyboardInterrupt from error
        raise


@contextmanager
def interruptible() -> Iterator[Interruptions]:
    """Within it SIGTERM raises KeyboardInterrupt as Ctrl-C does; a second signal of either kind ends the
    process at once.

    A signal that whoever started the process has it ignore stays ignored.
    """
    global _interrupted
    found, _interrupted = Interruptions(), False

    def handle(number: int, _: FrameType | None) -> None:
        found.signal = number
        for other in before:
            signal.signal(other, signal.SIG_DFL)
        interrupt()

    before = {}
    if threading.current_thread() is threading.main_thread():
        usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
        before = {number: handler for number, handler in usual.items() if signal.getsignal(number) == handler}
    for number in before:
        signal.signal(number, handle)
    try:
        yield found
    finally:
        _interrupted = False
        for number, handler in before.items():
            signal.signal(number, handler)
