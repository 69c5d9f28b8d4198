"""`rnnlab data fetch`: published reviews and vectors, into the current folder."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.progress import Progress


class Name(StrEnum):
    """What can be fetched."""

    imdb = "imdb"
    glove = "glove"


def fetch(
    name: Annotated[Name, typer.Argument(help="imdb: 50,000 film reviews; glove: GloVe 6B vectors.")],
    into: Annotated[Path, typer.Option(help="The folder to put it in.")] = Path("inputs"),
    url: Annotated[str | None, typer.Option(help="A mirror; it has to have the very same file.")] = None,
) -> None:
    """Download published data, check its SHA-256 and unpack it; does nothing if it is there already."""
    from dataclasses import replace

    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    from rnnlab.data import fetch as data

    source = data.SOURCES[name]
    source = replace(source, url=url or source.url)
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        fetched = data.fetch(source, into, progress=_Bar(progress, source.url))
    typer.echo(f"already there: {fetched.folder}" if fetched.was_there else f"{fetched.folder}")


class _Bar:
    """A rich progress bar as pooch wants one."""

    def __init__(self, progress: "Progress", url: str) -> None:
        self._progress = progress
        self._task = progress.add_task(f"downloading {url}", total=None)

    @property
    def total(self) -> int:
        return int(self._progress.tasks[self._task].total or 0)

    @total.setter
    def total(self, total: int) -> None:
        self._progress.update(self._task, total=total or None)

    def update(self, amount: int) -> None:
        self._progress.advance(self._task, amount)

    def reset(self) -> None:
        self._progress.reset(self._task)

    def close(self) -> None:
        self._progress.update(self._task, description="checking and unpacking")
