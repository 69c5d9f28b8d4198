"""Work in worker processes, and how it is shown: to whoever waits for it, as a share of the whole."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rnnlab.core.batch import Batch
from rnnlab.core.worker import Began, Done, Failed, JobError, Told, tell
from rnnlab.core.workers import Workers
from rnnlab.workflows.display import Display, Silent, TrainingRows

Call = Callable[[], Any]

SECONDS = 0.5
"""At least so long between two messages."""


class InWorker(Silent):
    """Shows nothing here, and tells the parent how far the training is."""

    @contextmanager
    def training(self, batches: int) -> Iterator[TrainingRows]:
        """Tells which share of so many batches is done, now and then."""
        yield _Told(batches)


class _Told:
    def __init__(self, total: int) -> None:
        self._done, self._total, self._last = 0, total, time.monotonic()

    def row(self, figures: Mapping[str, float | int | None]) -> None:
        """Shows nothing: the run folder has it."""

    def progress(self, batches: Iterable[Batch], total: int) -> Iterable[Batch]:
        """Yields the batches."""
        for batch in batches:
            yield batch
            self._done += 1
            if self._done % 16 == 0 and time.monotonic() - self._last > SECONDS:
                self._last = time.monotonic()
                tell(self._done / self._total)


IN_WORKER = InWorker()


def do_all(pool: Workers, calls: Mapping[str, Call], display: Display) -> dict[str, Any]:
    """Makes the calls, several at a time, and shows their names; returns what each returned.

    Raises JobError where any failed, when all others are done.
    """
    for name, call in calls.items():
        pool.submit(name, call)
    done: dict[str, Any] = {}
    with display.jobs() as jobs:
        jobs.more(len(calls))
        for event in pool.events():
            match event:
                case Began(str(name)):
                    jobs.began(name)
                case Told(str(name), float(share)):
                    jobs.moved(name, share)
                case Done(str(name), value):
                    done[name] = value
                    jobs.ended(name, None)
                case Failed(str(name), error):
                    jobs.ended(name, error)
    if failed := [name for name in calls if name not in done]:
        raise JobError(f"failed: {', '.join(failed)}; run it again to go on, which keeps all others")
    return done
