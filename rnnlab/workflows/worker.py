"""Work in worker processes, and how it is shown: to whoever waits for it, as a share of the whole."""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from rnnlab.core.batch import Batch
from rnnlab.core.worker import tell
from rnnlab.workflows.display import Silent, TrainingRows

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
