"""What goes on in a worker process: jobs one after another, and what it sends of each (see workers.py)."""

import gc
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from rnnlab.core.errors import RnnlabError, reason
from rnnlab.core.signals import interrupt

GRACE = 10.0
"""Seconds that a job has to end by itself once it is told to."""

INTERRUPTED = 128 + signal.SIGTERM
"""A worker's exit code once its job has ended for SIGTERM, as shells write it."""

_to_parent: Connection | None = None


class JobError(RnnlabError):
    """A job failed in a way that nobody foresaw; details: the traceback, if any."""

    def __init__(self, message: str, details: str = "") -> None:
        super().__init__(message)
        self.details = details

    def __reduce__(self) -> tuple[type["JobError"], tuple[str, str]]:
        return JobError, (str(self), self.details)


class DiedError(JobError):
    """The process of a job came to an end in the middle of it."""


@dataclass(frozen=True)
class Began:
    """A worker has taken a job up."""

    job: Hashable


@dataclass(frozen=True)
class Told:
    """A job under way has something to say, see `tell`."""

    job: Hashable
    what: Any


@dataclass(frozen=True)
class Done:
    """A job is over, and this is what its function returned."""

    job: Hashable
    value: Any


@dataclass(frozen=True)
class Failed:
    """A job ended by an error, or its process died (`DiedError`)."""

    job: Hashable
    error: RnnlabError


Event = Began | Told | Done | Failed


def tell(what: Any) -> None:
    """Sends something to whoever waits for the job under way; outside of workers nobody does."""
    if _to_parent is not None:
        _to_parent.send(Told(None, what))


def serve(connection: Connection, environment: dict[str, str], begin: Callable[[], None] | None) -> None:
    """Does jobs until it is told to end."""
    global _to_parent
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, who then sends SIGTERM
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    with suppress(OSError):  # where memory runs out, a job is to end rather than whoever waits for all
        Path("/proc/self/oom_score_adj").write_text("500")
    os.environ.clear()
    os.environ.update(environment)
    _to_parent = connection
    gc.freeze()  # or a search for garbage would copy all that is shared with the other workers
    try:
        signal.signal(signal.SIGTERM, _interrupt)
        while True:
            _, function, arguments = connection.recv()
            with suppress(OSError):  # the most memory held is to be the job's, not that of one before
                Path("/proc/self/clear_refs").write_text("5")
            outcome, begin = _outcome(function, arguments, begin)
            connection.send(outcome)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except (EOFError, OSError):
        return  # nobody is left to ask or to answer


def _outcome(
    function: Callable[..., Any], arguments: tuple[Any, ...], begin: Callable[[], None] | None
) -> tuple[Done | Failed, Callable[[], None] | None]:
    """Returns how a job ended, and what is still to be called before another."""
    try:
        if begin is not None:
            begin()
            begin = None
        return Done(None, function(*arguments)), begin
    except RnnlabError as error:
        return Failed(None, error), begin
    except (Exception, SystemExit) as error:
        return Failed(None, JobError(reason(error), traceback.format_exc())), begin


def _interrupt(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    interrupt()


def _end_with_the_parent() -> None:
    """Ends this process soon after its parent, which if killed can tell its workers nothing."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE)
        os._exit(1)
