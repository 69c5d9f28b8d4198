"""Locks between processes, of one machine or of several that share a disk; whoever dies loses them."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rnnlab.core.errors import InputError


@contextmanager
def lock(path: Path, *, patience: float | None = None) -> Iterator[bool]:
    """Holds the lock of a file, made if need be, as long as the block lasts; yields whether it does.

    patience: seconds to wait for another process to let go of it; None: for ever. Raises InputError where
    the disk has no locks, and OSError for a symbolic link.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    try:
        yield lock_open_file(descriptor, path, patience=patience)
    finally:
        os.close(descriptor)


def is_locked(path: Path) -> bool:
    """Returns whether another process holds the lock of that file."""
    if not path.is_file():
        return False
    with lock(path, patience=0.0) as free:
        return not free


def lock_open_file(descriptor: int, path: Path, *, patience: float | None = None) -> bool:
    """Locks an open file until it is closed, see `lock`; returns whether that was possible."""
    end = None if patience is None else time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if end is None else fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if end is not None and time.monotonic() >= end:
                return False
            time.sleep(0.02)
        except OSError as error:
            raise InputError(
                f"{path}: cannot be locked ({error.strerror}); choose a folder on a disk with locks"
            ) from None
