"""Figures as they come: a table that grows on a terminal, plain lines in a pipe."""

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from rnnlab.core.batch import Batch
from rnnlab.training.plan import Plan

WIDTH = 11


def format_cell(name: str, value: float | int | None) -> str:
    """Returns a figure as it is shown: four decimals, seconds with two, counts as they are, - for none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if isinstance(value, int):
        return str(value)
    return f"{value:.2f}" if name == "seconds" else f"{value:.4f}"


class TrainingDisplay:
    """The rows of a training, and a bar with the time left."""

    def __init__(self, console: Console, total: int, live: Live | None) -> None:
        self._console, self._live = console, live
        self._table: Table | None = None
        columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()]
        self._progress = Progress(*columns, console=console)
        self._total = total
        self._task: TaskID | None = None

    def row(self, values: Mapping[str, float | int | None]) -> None:
        """Shows the row of a round."""
        cells = [format_cell(name, value) for name, value in values.items()]
        names = [name.replace("_", " ") for name in values]
        first = self._table is None
        if self._table is None:
            self._table = Table(*names)
            for column in self._table.columns:
                column.justify = "right"
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


@contextmanager
def training_display(plan: Plan) -> Iterator[TrainingDisplay]:
    """Yields a display that is live on a terminal and plain elsewhere."""
    console = Console()
    total = sum(plan.steps(number) for number in range(1, plan.rounds + 1))
    if not console.is_terminal:
        yield TrainingDisplay(console, total, None)
        return
    with Live(console=console, refresh_per_second=4) as live:
        yield TrainingDisplay(console, total, live)


def track_texts(texts: Iterable[str], *, description: str, total: int) -> Iterable[str]:
    """Yields texts while a bar on standard error shows how far their encoding is."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        yield from progress.track(texts, total=total, description=description)
