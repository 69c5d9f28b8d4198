"""Jobs of which several go on at a time: a bar and the names of those under way."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from rnnlab.core.errors import RnnlabError
from rnnlab.core.printable import printable

MOST_NAMES = 4


class JobsBar:
    """A line on a terminal: a bar of what is done, and the time left as the jobs so far tell.

    A failure is printed at once, above the bar; in a pipe, nothing else is.
    """

    def __init__(self, console: Console) -> None:
        columns = [
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TimeRemainingColumn(elapsed_when_finished=True),
        ]
        self._progress = Progress(*columns, console=console, disable=not console.is_terminal)
        self._task = self._progress.add_task("", total=0)
        self._total = self._done = self._failed = 0
        self._running: dict[str, float] = {}

    def more(self, number: int) -> None:
        """Counts so many more."""
        self._total += number
        self._show()

    def began(self, job: str) -> None:
        """Names a job among those under way."""
        self._running[job] = 0.0
        self._show()

    def moved(self, job: str, share: float) -> None:
        """Moves the bar by what is done of a job."""
        self._running[job] = share
        self._show()

    def ended(self, job: str, error: RnnlabError | None) -> None:
        """Counts a job as done or failed, and prints why it did."""
        self._running.pop(job, None)
        if error is None:
            self._done += 1
        else:
            self._failed += 1
            line = f"error: {printable(f'{job}: {error}')}"
            self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)
            error.reported = True
        self._show()

    def _show(self) -> None:
        names = list(self._running)
        more = f", … {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
        failed = f", {self._failed} failed" if self._failed else ""
        running = f", running: {', '.join(names[:MOST_NAMES])}{more}" if names else ""
        self._progress.update(
            self._task,
            total=self._total,
            completed=self._done + self._failed + sum(self._running.values()),
            description=f"{self._done} of {self._total} done{failed}{printable(running)}",
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
