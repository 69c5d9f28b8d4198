"""Folders of jobs: claimed by one job alone, and gone again where it leaves nothing in them."""

import shutil
from contextlib import suppress
from pathlib import Path

from rnnlab.core.errors import InputError
from rnnlab.runs.files import HYDRA, LOGS


def claim(folder: Path) -> None:
    """Makes `folder`, so that no other run can take it; raises InputError if it holds anything."""
    make(folder, "hydra.run.dir")
    try:
        if any(folder.iterdir()):
            raise FileExistsError
        # Of several runs at once, only one can make this folder, into which Hydra writes.
        (folder / HYDRA).mkdir()
    except FileExistsError:
        raise InputError(f"hydra.run.dir: {folder}: is not empty; choose another folder") from None
    except OSError as error:
        raise InputError(f"hydra.run.dir: {folder}: cannot be written ({error.strerror})") from None


def make(folder: Path, key: str) -> None:
    """Makes `folder` unless it is there; raises InputError, beginning with `key`, if it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise InputError(f"{key}: {folder}: is not a folder") from None
    except OSError as error:
        raise InputError(f"{key}: {folder}: cannot be written ({error.strerror})") from None


def missing_folders(folder: Path) -> list[Path]:
    """Returns `folder` and those above it that are not there yet, innermost first."""
    return [path for path in (folder, *folder.parents) if not path.exists()]


def remove_empty(folders: list[Path]) -> None:
    """Removes those of `folders` that are empty: a run that never began leaves nothing behind."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


def discard(folder: Path) -> None:
    """Takes away what Hydra wrote into `folder`, unless there is anything else in it."""
    own = [folder / HYDRA, *folder.glob(LOGS)]
    if folder.is_dir() and not set(folder.iterdir()) - set(own):
        shutil.rmtree(folder, ignore_errors=True)


def discard_all(sweep: Path) -> None:
    """Does so with the folders of all jobs of a sweep."""
    for folder in sweep.iterdir():
        if folder.is_dir():
            discard(folder)
