"""Finds what earlier runs have left behind, and removes it: only what is rnnlab's own, nothing in use."""

import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from rnnlab.core.errors import InputError
from rnnlab.core.locks import lock_open_file
from rnnlab.runs.begun import was_killed_before_it_was_a_run
from rnnlab.runs.files import (
    CHECKPOINTS,
    CLAIMS,
    CONFIG,
    FIGURES,
    HYDRA,
    JOURNAL,
    MULTIRUN,
    PROBES,
    SUMMARY,
    TRIALS,
)
from rnnlab.runs.finder import OUTPUTS, open_run
from rnnlab.runs.own_files import (
    CACHE,
    CACHED,
    OF_A_CORPUS,
    OF_A_RUN,
    OF_A_SWEEP,
    TEMPORARY,
    foreign,
    size_of,
    touched,
)

DAY = 86_400.0
QUIET = DAY
"""Seconds for which something that names no process has to be untouched: a run may be about to begin."""
OWN_FOLDERS = {HYDRA, CLAIMS, FIGURES, PROBES, CHECKPOINTS}
UNITS = {"h": 3600.0, "d": DAY, "w": 7 * DAY}


@dataclass(frozen=True)
class Leftover:
    """A folder or file that may go: why, and its bytes."""

    path: Path
    why: str
    size: int


@dataclass
class Found:
    """What may go, and what stays though it looks like it, each with the reason."""

    leftovers: list[Leftover] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def read_age(text: str) -> float:
    """Returns seconds of an age such as 12h, 30d or 2w; raises InputError for anything else."""
    parts = re.fullmatch(r"(\d{1,6})([hdw])", text.strip())
    if parts is None:
        raise InputError(f"--older-than {text}: expected hours, days or weeks, as in 12h, 30d or 2w")
    return int(parts[1]) * UNITS[parts[2]]


def find_leftovers(folder: Path = OUTPUTS, older_than: str | None = None) -> Found:
    """Returns what may go in a folder: runs that did not finish, what no run owns, and (older_than) the old.

    Never a run that a process trains, here or on another host; never a folder that holds anything that is
    not rnnlab's. No link is followed. Raises InputError for a folder that is not there.
    """
    age = None if older_than is None else read_age(older_than)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder")
    found = Found()
    for path, patterns, why in _candidates(folder, time.time(), age, found):
        if (other := foreign(path, patterns) if path.is_dir() else None) is not None:
            found.kept.append(f"{path} ({why}): holds {other.relative_to(path)}, which is not rnnlab's")
        else:
            found.leftovers.append(Leftover(path, why, size_of(path)))
    return found


def remove(leftovers: Sequence[Leftover], folder: Path = OUTPUTS, older_than: str | None = None) -> list[str]:
    """Removes what is still as it was found; returns a line for whatever stays, and why.

    Each is renamed before it is removed, so that a kill leaves no half of a run.
    """
    still = {leftover.path for leftover in find_leftovers(folder, older_than).leftovers}
    kept = []
    for leftover in leftovers:
        if leftover.path not in still:
            kept.append(f"{leftover.path}: has changed meanwhile")
            continue
        try:
            if not _remove(leftover.path):
                kept.append(f"{leftover.path}: is in the hands of another process")
        except OSError as error:
            kept.append(f"{leftover.path}: cannot be removed ({error.strerror})")
    return kept


def _remove(path: Path) -> bool:
    """Removes a file or folder, unless another process holds its lock, as one does that trains a run."""
    doomed = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    with ExitStack() as held:
        # Whoever trains a run has its folder, and whoever begins one Hydra's in it.
        for part in (path, path / HYDRA):
            if part != path and not part.is_dir():
                continue
            descriptor = os.open(part, os.O_RDONLY | os.O_NOFOLLOW)
            held.callback(os.close, descriptor)
            if not lock_open_file(descriptor, part, patience=0.0):
                return False
        path.rename(doomed)
        if doomed.is_dir():
            shutil.rmtree(doomed)
        else:
            doomed.unlink()
    return True


Candidate = tuple[Path, tuple[str, ...], str]


def _candidates(folder: Path, now: float, age: float | None, found: Found) -> Iterator[Candidate]:
    """Yields what may go by its kind and age, what its files may be called, and why; innermost first."""
    if (folder / SUMMARY).is_file() and (folder / CONFIG).is_file():
        if (why := _of_run(folder, now, age, found)) is not None:
            yield folder, OF_A_RUN, why
        return
    inside = [path for path in sorted(folder.iterdir()) if not path.is_symlink()]
    for path in inside:
        if TEMPORARY.fullmatch(path.name):
            if _untouched(path, now, found):
                yield path, OF_A_RUN + OF_A_CORPUS + OF_A_SWEEP, "left by a process that was killed"
        elif path.name == CACHE and path.is_dir():
            yield from _of_cache(path, now, age, found)
        elif path.is_dir() and path.name != HYDRA:
            yield from _candidates(path, now, age, found)
    if was_killed_before_it_was_a_run(folder):
        yield folder, OF_A_RUN, "killed before there was a run"
    elif _orphan(folder, inside) and _untouched(folder, now, found):
        yield folder, OF_A_RUN + OF_A_SWEEP, "no run in it"


def _of_run(folder: Path, now: float, age: float | None, found: Found) -> str | None:
    """Returns why a run may go; None where it may not."""
    try:
        run = open_run(folder)
    except InputError as error:
        found.kept.append(f"{error}; not touched")
        return None
    if run.under_way:
        return None
    if run.status == "unfinished":  # of a rnnlab that did not record its process
        return "unfinished" if _untouched(folder, now, found) else None
    if run.status in ("killed", "interrupted", "failed"):
        return run.status
    return _old(folder, now, age)


def _of_cache(cache: Path, now: float, age: float | None, found: Found) -> Iterator[Candidate]:
    for path in sorted(cache.iterdir()):
        if path.is_symlink():
            continue
        if TEMPORARY.fullmatch(path.name):
            if _untouched(path, now, found):
                yield path, OF_A_CORPUS, "left by a process that was killed"
            continue
        known = CACHED.fullmatch(path.name) or path.match("cuts-*.json")
        if known and (why := _old(path, now, age)) is not None:
            yield path, OF_A_CORPUS, f"cache, {why}"


def _orphan(folder: Path, inside: Sequence[Path]) -> bool:
    """Returns whether a folder was a run's or a sweep's, and holds no run."""
    names = {path.name for path in inside}
    others = {path.name for path in inside if path.is_dir()} - OWN_FOLDERS
    return bool(names & {HYDRA, MULTIRUN, JOURNAL}) and not others and not names & {SUMMARY, TRIALS}


def _old(path: Path, now: float, age: float | None) -> str | None:
    days = (now - touched(path)) / DAY
    return f"untouched for {days:.0f} days" if age is not None and days * DAY > age else None


def _untouched(path: Path, now: float, found: Found) -> bool:
    """Returns whether nothing was changed for a day; says so of what may be in use."""
    if now - touched(path) > QUIET:
        return True
    found.kept.append(f"{path}: changed within a day, and may be in use")
    return False
