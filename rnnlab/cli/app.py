"""The `rnnlab` command: how it begins and ends, and how errors reach a person."""

import atexit
import gc
import os
import signal
import sys
import threading
from contextlib import suppress

from rnnlab.cli.commands import app
from rnnlab.core.errors import RnnlabError, of_machine
from rnnlab.core.signals import interruptible
from rnnlab.terminal import streams
from rnnlab.terminal.messages import print_error

NEW_OBJECTS = 10_000  # between two searches for garbage


def _run() -> None:
    """Runs the command line; what the machine refuses becomes a RnnlabError."""
    try:
        try:
            app()
        finally:
            streams.flush(sys.stdout)
    except (OSError, MemoryError, RuntimeError, UnicodeEncodeError) as error:
        told = of_machine(error)
        if told is None:
            raise
        raise told from error


def main() -> None:
    """Runs the command line; a RnnlabError becomes one line on standard error and its exit code.

    Typer itself turns Ctrl-C into exit code 130 and ends quietly when the reader of a pipe has gone; SIGTERM
    is an interruption like Ctrl-C, with exit code 143.
    """
    # What torch and pandas make while they are imported stays; to look through it for garbage as often as
    # Python does by default takes half a second.
    gc.set_threshold(NEW_OBJECTS)
    streams.mend()
    with interruptible() as interruptions:
        try:
            _run()
        except RnnlabError as error:
            if not error.reported:
                with suppress(OSError):  # standard error may be full, too
                    print_error(error)
            sys.exit(error.exit_code)
        except SystemExit:
            if interruptions.signal == signal.SIGTERM:
                sys.exit(128 + signal.SIGTERM)
            raise
        finally:
            with suppress(OSError):
                streams.flush(sys.stderr)


def command() -> None:
    """Is `rnnlab` in a shell: `main`, and then the end of the process, in the steps of Python's own.

    Only its last one is left out, which takes torch to pieces: half a second for which a person would wait.
    """
    code = 0
    try:
        main()
    except SystemExit as stop:
        if isinstance(stop.code, str):  # which Python prints
            raise
        code = stop.code or 0
    # Waits for threads, and ends those of idle pools.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(code)
