"""Published data, downloaded."""

from dataclasses import replace
from pathlib import Path

from rnnlab.data.fetch import SOURCES, Fetched, ProgressBar
from rnnlab.data.fetch import fetch as download

INPUTS = Path("inputs")


def fetch(
    name: str, into: Path = INPUTS, *, url: str | None = None, progress: ProgressBar | None = None
) -> Fetched:
    """Downloads `imdb` or `glove`, checks it and unpacks it into a folder within `into`, unless it is there.

    url: a mirror, which has to have the very same file. Raises RnnlabError, and leaves nothing, if it fails.
    """
    source = SOURCES[name]
    return download(replace(source, url=url or source.url), into, progress=progress)
