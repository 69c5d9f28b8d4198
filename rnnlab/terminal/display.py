"""What goes on, as a person sees it: a table that grows on a terminal, plain lines in a pipe."""

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from rnnlab.core.errors import RnnlabError
from rnnlab.core.metrics import format_metric
from rnnlab.core.printable import printable
from rnnlab.terminal.console import PlainConsole
from rnnlab.terminal.jobs import JobsBar
from rnnlab.terminal.messages import print_error, print_line, print_message, print_note
from rnnlab.terminal.tables import print_frame

if TYPE_CHECKING:
    import pandas as pd

WIDTH = 11
NAME = TextColumn("{task.description}", markup=False)
PATIENCE = 10.0
"""Seconds without a word, where there is no terminal to show what goes on."""
Batch = TypeVar("Batch")


class TerminalDisplay:
    """Shows a workflow's work: its results on standard output, all else on standard error."""

    def track(self, texts: Iterable[str], *, description: str, total: int) -> Iterable[str]:
        """Yields texts while a bar shows how far their encoding is."""
        console = PlainConsole(stderr=True)
        with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
            yield from progress.track(texts, total=total, description=escape(printable(description)))

    def note(self, text: str) -> None:
        """Prints what a person should know."""
        print_note(text)

    def message(self, text: str) -> None:
        """Prints what goes on."""
        print_message(text)

    def failed(self, error: RnnlabError) -> None:
        """Prints an error after which other work goes on, and marks it as reported."""
        print_error(error)
        error.reported = True

    @contextmanager
    def status(self, text: str) -> Iterator[None]:
        """Shows `text` and the time as long as the block lasts, in a pipe now and then."""
        console, columns = PlainConsole(stderr=True), (SpinnerColumn(), NAME, TimeElapsedColumn())
        if console.is_terminal:
            with Progress(*columns, console=console, transient=True) as progress:
                progress.add_task(printable(text), total=None)
                yield
            return
        over = threading.Event()
        teller = threading.Thread(target=_tell_now_and_then, args=(text, over), daemon=True)
        teller.start()
        try:
            yield
        finally:
            over.set()
            teller.join()

    @contextmanager
    def bar(self, text: str, total: float | None) -> Iterator["Bar"]:
        """Shows how far the block is."""
        columns = [NAME, BarColumn(), TaskProgressColumn(), TimeRemainingColumn()]
        with Progress(*columns, console=PlainConsole(stderr=True)) as progress:
            yield Bar(progress, progress.add_task(printable(text), total=total))

    @contextmanager
    def jobs(self) -> Iterator["JobsBar"]:
        """Shows jobs: done, running, failed, time left."""
        with JobsBar(PlainConsole(stderr=True)) as jobs:
            yield jobs

    @contextmanager
    def training(self, batches: int) -> Iterator["TrainingTable"]:
        """Shows a training of so many batches in all."""
        console = PlainConsole()
        if not console.is_terminal:
            yield TrainingTable(console, batches, None)
            return
        with Live(console=console, refresh_per_second=4) as live:
            yield TrainingTable(console, batches, live)

    def result(self, text: str) -> None:
        """Prints a line of what came out."""
        print_line(text)

    def table(self, rows: "pd.DataFrame") -> None:
        """Prints a table of what came out."""
        print_frame(rows, "table")


def _tell_now_and_then(text: str, over: threading.Event) -> None:
    """Prints what goes on and for how long, until it is over."""
    begun = time.monotonic()
    while not over.wait(PATIENCE):
        print_message(f"{text}: {time.monotonic() - begun:.0f} s so far")


class Bar:
    """A bar on standard error."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task

    def advance(self, amount: float) -> None:
        """Moves the bar on."""
        self._progress.advance(self._task, amount)

    def update(self, *, completed: float | None = None, total: float | None = None, text: str = "") -> None:
        """Sets what is given."""
        self._progress.update(
            self._task, completed=completed, total=total, description=printable(text) or None
        )


class TrainingTable:
    """The rows of a training, and a bar with the time left."""

    def __init__(self, console: Console, total: int, live: Live | None) -> None:
        self._console, self._live = console, live
        self._table: Table | None = None
        columns = [NAME, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()]
        self._progress = Progress(*columns, console=console)
        self._total = total
        self._task: TaskID | None = None

    def row(self, figures: Mapping[str, float | int | None]) -> None:
        """Shows the row of a round."""
        cells = [format_metric(name, value) for name, value in figures.items()]
        names = [printable(name.replace("_", " ")) for name in figures]
        first = self._table is None
        if self._table is None:
            self._table = Table()
            for name in names:
                self._table.add_column(Text(name), justify="right")
        self._table.add_row(*cells)
        if self._live is not None:
            self._live.update(Group(self._table, self._progress))
            return
        lines = [names, cells] if first else [cells]
        for line in lines:
            widths = (max(WIDTH, len(name) + 2) for name in names)
            print("".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)), flush=True)

    def progress(self, batches: Iterable[Batch], total: int) -> Iterable[Batch]:
        """Yields the batches of a round, `total` of them, moving a bar that spans the whole training."""
        if self._live is None:
            yield from batches
            return
        if self._task is None:
            self._task = self._progress.add_task("training", total=self._total)
        for done, batch in enumerate(batches, start=1):
            yield batch
            # Moving the bar at every small batch would cost more than a percent of the epoch.
            if done % 16 == 0 or done == total:
                self._progress.advance(self._task, done % 16 or 16)
