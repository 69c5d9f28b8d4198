"""`rnnlab data fetch`: published reviews and vectors, into the current folder."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Name(StrEnum):
    """What can be fetched."""

    imdb = "imdb"
    glove = "glove"


def fetch(
    name: Annotated[Name, typer.Argument(help="imdb: 50,000 film reviews; glove: GloVe 6B vectors.")],
    into: Annotated[Path, typer.Option(help="The folder to put it in.")] = Path("inputs"),
    url: Annotated[str | None, typer.Option(help="A mirror; it has to have the very same file.")] = None,
) -> None:
    """Download published data, check its SHA-256 and unpack it; does nothing if it is there already.

    Example: rnnlab data fetch glove
    """
    from rnnlab.terminal.download import download_bar
    from rnnlab.terminal.messages import print_line, print_note
    from rnnlab.workflows.fetch import fetch as workflow

    with download_bar(f"downloading {url or name.value}") as bar:
        fetched = workflow(name.value, into, url=url, progress=bar)
    if fetched.note:
        print_note(fetched.note)
    print_line(f"already there: {fetched.folder}" if fetched.was_there else f"{fetched.folder}")
