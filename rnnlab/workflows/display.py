"""What a workflow tells whoever called it while it works; `rnnlab.terminal` shows it in a terminal."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol, runtime_checkable

import pandas as pd

from rnnlab.core.batch import Batch
from rnnlab.core.errors import RnnlabError


@runtime_checkable
class TrainingRows(Protocol):
    """Shows one training."""

    def row(self, figures: Mapping[str, float | int | None]) -> None:
        """Shows the figures of a finished round, by the names of metrics.csv."""

    def progress(self, batches: Iterable[Batch], total: int) -> Iterable[Batch]:
        """Returns the `total` batches of a round, to be passed on as they come."""
        ...


@runtime_checkable
class Bar(Protocol):
    """Shows how far a longer work is."""

    def advance(self, amount: float) -> None:
        """Moves the bar on."""

    def update(self, *, completed: float | None = None, total: float | None = None, text: str = "") -> None:
        """Sets what is given."""


@runtime_checkable
class Jobs(Protocol):
    """Shows jobs of which several go on at a time."""

    def more(self, number: int) -> None:
        """Says that there are so many, or so many more."""

    def began(self, job: str) -> None:
        """Shows that a job has begun."""

    def moved(self, job: str, share: float) -> None:
        """Shows how much of a job is done, from 0 to 1."""

    def ended(self, job: str, error: RnnlabError | None) -> None:
        """Shows that a job is over, and why it failed if it did."""


@runtime_checkable
class Display(Protocol):
    """Shows a workflow's work."""

    def track(self, texts: Iterable[str], *, description: str, total: int) -> Iterable[str]:
        """Returns the texts, to be passed on while they are encoded."""
        ...

    def note(self, text: str) -> None:
        """Shows what a person should know, in one line."""

    def message(self, text: str) -> None:
        """Shows what goes on, in one line."""

    def failed(self, error: RnnlabError) -> None:
        """Shows an error after which other work goes on, and marks it as reported."""

    def status(self, text: str) -> AbstractContextManager[object]:
        """Shows `text` as long as the block lasts."""
        ...

    def bar(self, text: str, total: float | None) -> AbstractContextManager[Bar]:
        """Shows how far the block is."""
        ...

    def jobs(self) -> AbstractContextManager[Jobs]:
        """Shows jobs, as long as the block lasts: done, running, failed, time left."""
        ...

    def training(self, batches: int) -> AbstractContextManager[TrainingRows]:
        """Shows a training of so many batches in all."""
        ...

    def result(self, text: str) -> None:
        """Shows a line of what came out, as soon as it is known."""

    def table(self, rows: pd.DataFrame) -> None:
        """Shows a table of what came out."""


class Silent:
    """A display that shows nothing."""

    def track(self, texts: Iterable[str], *, description: str, total: int) -> Iterable[str]:
        """Returns the texts as they are."""
        return texts

    def note(self, text: str) -> None:
        """Shows nothing."""

    def message(self, text: str) -> None:
        """Shows nothing."""

    def failed(self, error: RnnlabError) -> None:
        """Shows nothing: the error is raised later."""

    def status(self, text: str) -> AbstractContextManager[object]:
        """Shows nothing."""
        return nullcontext()

    @contextmanager
    def bar(self, text: str, total: float | None) -> Iterator[Bar]:
        """Shows nothing."""
        yield _Nothing()

    @contextmanager
    def jobs(self) -> Iterator[Jobs]:
        """Shows nothing."""
        yield _Nothing()

    @contextmanager
    def training(self, batches: int) -> Iterator[TrainingRows]:
        """Shows nothing."""
        yield _Nothing()

    def result(self, text: str) -> None:
        """Shows nothing."""

    def table(self, rows: pd.DataFrame) -> None:
        """Shows nothing."""


class _Nothing:
    """A bar, jobs and a training's rows that nobody sees."""

    def more(self, number: int) -> None:
        pass

    def began(self, job: str) -> None:
        pass

    def moved(self, job: str, share: float) -> None:
        pass

    def ended(self, job: str, error: RnnlabError | None) -> None:
        pass

    def row(self, figures: Mapping[str, float | int | None]) -> None:
        pass

    def progress(self, batches: Iterable[Batch], total: int) -> Iterable[Batch]:
        return batches

    def advance(self, amount: float) -> None:
        pass

    def update(self, *, completed: float | None = None, total: float | None = None, text: str = "") -> None:
        pass


SILENT = Silent()
