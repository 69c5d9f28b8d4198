"""A folder that Hydra has made for a job: all or nothing until the job has begun."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rnnlab.core.errors import RnnlabError
from rnnlab.terminal.messages import print_error


@contextmanager
def nothing_left_behind(folder: Path) -> Iterator[None]:
    """Takes away what Hydra wrote into `folder` if the block ends with bad input or Ctrl-C."""
    try:
        yield
    except RnnlabError as error:
        _discard(folder)
        raise told(error) from None
    except KeyboardInterrupt:
        _discard(folder)
        raise


def told(error: RnnlabError) -> RnnlabError:
    """Prints the error where it happens (a sweep would show it only at its end) and marks it as told."""
    print_error(error)
    error.reported = True
    return error


def _discard(folder: Path) -> None:
    if (folder / "checkpoints").exists():
        return  # another run's, which began here at the same moment
    shutil.rmtree(folder / ".hydra", ignore_errors=True)
    for log in folder.glob("*.log"):
        log.unlink()
    if not any(folder.iterdir()):
        folder.rmdir()
