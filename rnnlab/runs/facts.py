"""What a run should remember of the machine and code that made it."""

import hashlib
import os
import platform
import resource
import subprocess
import sys
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("rnnlab", "numpy", "numba", "spacy", "hydra-core", "pandas")


def versions() -> dict[str, str]:
    """Returns Python's version and those of the packages that figures depend on."""
    import torch  # late: nothing else in this room needs it

    # What torch says of itself names its build, too, as in 2.13.0+cu130; the metadata of PyPI's does not.
    found = {"python": platform.python_version(), "torch": str(torch.__version__)}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def machine() -> str:
    """Returns the processor, how many of its cores there are, and the operating system."""
    name = platform.processor() or platform.machine()
    with suppress(OSError):  # Linux tells a processor's name here only
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), name)
    return f"{name}, {os.cpu_count()} cores, {platform.system()}"


def git_state() -> dict[str, Any] | None:
    """Returns the current folder's git commit and whether it has uncommitted changes; None outside git."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], capture_output=True, text=True, check=True, timeout=10)
        return done.stdout.strip()

    try:
        return {"commit": git("rev-parse", "HEAD"), "dirty": bool(git("status", "--porcelain"))}
    except (OSError, subprocess.SubprocessError):
        return None


@cache
def source_sha256() -> str:
    """Returns the SHA-256 of rnnlab's own source, its files' names and contents.

    The commit of the current folder says nothing of it, unless that is a checkout of rnnlab without changes.
    """
    package = Path(__file__).resolve().parent.parent
    found = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        found.update(f"{path.relative_to(package).as_posix()}\0{content}\n".encode())
    return found.hexdigest()


def peak_memory_mib() -> float:
    """Returns the largest memory this process has held so far, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10), 1)
