"""A folder in which a run has begun that is not there yet: from Hydra's first file to the first summary.json.

As long as it lives, the process that began it holds the lock of the folder's `.hydra`.
"""

import fcntl
import os
import shutil
from pathlib import Path

from rnnlab.runs.files import CHECKPOINTS, CONFIG, HYDRA, JOURNAL, LOGS, SUMMARY, VOCABULARY
from rnnlab.runs.own_files import foreign

BEFORE_A_RUN = (f"{HYDRA}/*.yaml", LOGS, CONFIG, VOCABULARY)
"""What may lie there by then, but for empty folders."""


def holds_no_run_yet(folder: Path) -> bool:
    """Returns whether a folder is empty, or holds only what rnnlab writes before there is a run."""
    folders = {path.name for path in folder.iterdir() if path.is_dir()}
    return folders <= {HYDRA, CHECKPOINTS} and foreign(folder, BEFORE_A_RUN) is None


def hold(folder: Path) -> int:
    """Takes a folder in hands until what is returned is closed, or this process ends.

    Raises BlockingIOError if another process has it, and OSError where the disk has no locks.
    """
    descriptor = os.open(folder / HYDRA, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def was_killed_before_it_was_a_run(folder: Path) -> bool:
    """Returns whether a process that had begun a run there is gone, and all that it left is its beginning.

    Not of a sweep's jobs, which the sweep itself does again.
    """
    if (folder / SUMMARY).exists() or (folder.parent / JOURNAL).exists():
        return False
    try:
        if not holds_no_run_yet(folder):
            return False
        os.close(hold(folder))
    except OSError:
        return False
    return True


def forget(folder: Path) -> None:
    """Takes away what such a process has left, but for Hydra's folder, which the next one holds."""
    shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
    for path in folder.iterdir():
        if path.name != HYDRA:
            path.unlink(missing_ok=True)
