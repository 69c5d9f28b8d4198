"""What a run should remember of the machine and code that made it."""

import platform
import resource
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

PACKAGES = ("rnnlab", "numpy", "spacy", "hydra-core", "pandas")


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


def git_state() -> dict[str, Any] | None:
    """Returns the current folder's git commit and whether it has uncommitted changes; None outside git."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], capture_output=True, text=True, check=True, timeout=10)
        return done.stdout.strip()

    try:
        return {"commit": git("rev-parse", "HEAD"), "dirty": bool(git("status", "--porcelain"))}
    except (OSError, subprocess.SubprocessError):
        return None


def peak_memory_mib() -> float:
    """Returns the largest memory this process has held so far, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10), 1)
