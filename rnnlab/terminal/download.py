"""How far a download is."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from rnnlab.core.printable import printable
from rnnlab.terminal.console import PlainConsole


@contextmanager
def download_bar(text: str) -> Iterator["DownloadBar"]:
    """Yields a bar on standard error, which only a terminal shows."""
    console = PlainConsole(stderr=True)
    name = TextColumn("{task.description}", markup=False)
    columns = name, BarColumn(), DownloadColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield DownloadBar(progress, text)


class DownloadBar:
    """A bar as pooch wants one."""

    def __init__(self, progress: Progress, text: str) -> None:
        self._progress = progress
        self._task = progress.add_task(printable(text), total=None)

    @property
    def total(self) -> int:
        """All bytes, 0 until they are known."""
        return int(self._progress.tasks[self._task].total or 0)

    @total.setter
    def total(self, total: int) -> None:
        self._progress.update(self._task, total=total or None)

    def update(self, amount: int) -> None:
        """Moves the bar on by so many bytes."""
        self._progress.advance(self._task, amount)

    def reset(self) -> None:
        """Moves it back to the beginning."""
        self._progress.reset(self._task)

    def close(self) -> None:
        """Says that all bytes have come."""
        self._progress.update(self._task, description="checking and unpacking")
