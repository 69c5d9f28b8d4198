"""What is rnnlab's own in a folder, and how large it is: by names alone, no link followed."""

import os
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from rnnlab.core.errors import InputError
from rnnlab.runs import files

TEMPORARY = re.compile(r"\..+\.\d+\.[0-9a-f]{8}\.tmp")
CACHE = ".cache"
SUBMITIT = ".submitit"
"""Where a sweep by SLURM has its scripts, in the sweep's folder."""
CACHED = re.compile(r"[0-9a-f]{32}")
OF_A_RUN = (
    *(files.CONFIG, files.SUMMARY, files.VOCABULARY, files.REPORT, files.TRACE, files.LOGS, "*.csv", "*.svg"),
    *(f"{files.HYDRA}/*.yaml", f"{files.PROBES}/*.csv", f"{files.FIGURES}/*.png"),
    *(f"{files.CHECKPOINTS}/*.safetensors", f"{files.CHECKPOINTS}/.tmp??????"),  # as safetensors begins one
)
OF_A_SWEEP = (
    *(files.SWEEP, files.JOURNAL, files.MULTIRUN, files.COMPARISON, files.COMPARISON_PAIRS, files.REPORT),
    *(f"{files.CLAIMS}/*", f"{files.FIGURES}/*.png", files.LOGS),
)
OF_A_CORPUS = ("corpus.json", files.VOCABULARY, "*.npy", "SHA256SUMS")


def foreign(folder: Path, patterns: tuple[str, ...]) -> Path | None:
    """Returns a file or link in there that is not rnnlab's by its name; None if all are."""
    for path in contents(folder):
        name = path.relative_to(folder).as_posix()
        own = any(
            fnmatchcase(name, pattern) and name.count("/") == pattern.count("/") for pattern in patterns
        )
        if path.is_symlink() or not (own or TEMPORARY.fullmatch(path.name)) or not path.is_file():
            return path
    return None


def check_no_links(sweep: Path) -> None:
    """Raises InputError for a link in a sweep's folder or a job's in it, which might lead what is written
    there to anywhere; those by which submitit names its scripts, all in its own folder, do not.
    """
    for pattern in ("*", "*/*", f"*/{files.HYDRA}/*"):
        for path in sweep.glob(pattern):
            if path.is_symlink() and not (path.parent == sweep / SUBMITIT and _leads_inside(path)):
                raise InputError(f"{path}: is a symbolic link; a sweep has its own files and folders in it")


def _leads_inside(link: Path) -> bool:
    """Returns whether a link leads to something in the folder that it stands in."""
    return Path(os.path.realpath(link)).is_relative_to(os.path.realpath(link.parent))


def contents(folder: Path) -> Iterator[Path]:
    """Yields all that is in a folder and in those in it, but for folders; links as they are."""
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_dir(follow_symlinks=False):
            yield from contents(Path(entry.path))
        else:
            yield Path(entry.path)


def size_of(path: Path) -> int:
    """Returns the bytes of a file, or of all files in a folder."""
    found = [path] if path.is_symlink() or not path.is_dir() else contents(path)
    return sum(file.lstat().st_size for file in found)


def touched(path: Path) -> float:
    """Returns when a file, or anything in a folder, was last changed, in seconds since 1970."""
    found = [path] if path.is_symlink() or not path.is_dir() else [path, *contents(path)]
    return max(file.lstat().st_mtime for file in found)
