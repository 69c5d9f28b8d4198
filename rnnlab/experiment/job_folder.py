"""Folders of jobs: claimed by one job alone, and gone again where it leaves nothing in them."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rnnlab.core.errors import InputError
from rnnlab.runs.begun import forget, hold, holds_no_run_yet
from rnnlab.runs.files import HYDRA, LOGS


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Claims `folder`, made if need be, for a run of this process as long as the block lasts.

    What a process left there that was killed before its run was there is taken away. Raises InputError if it
    holds anything else, or another process has it.
    """
    key = "hydra.run.dir"
    make(folder, key)
    descriptor = None
    try:
        _check_free(folder)
        began = not any(folder.iterdir())
        (folder / HYDRA).mkdir(exist_ok=True)
        try:
            descriptor = hold(folder)
        except BlockingIOError:
            raise InputError(
                f"{key}: {folder}: another process has begun a run in it; choose another folder"
            ) from None
        except OSError:  # a disk without locks: nobody can tell who began what is there already
            if not began:
                raise FileExistsError from None
        _check_free(folder)  # another process's run may be there by now
        forget(folder)
    except FileExistsError:
        raise InputError(f"{key}: {folder}: is not empty; choose another folder") from None
    except OSError as error:
        raise InputError(f"{key}: {folder}: cannot be written ({error.strerror})") from None
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _check_free(folder: Path) -> None:
    if not holds_no_run_yet(folder):
        raise FileExistsError


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
