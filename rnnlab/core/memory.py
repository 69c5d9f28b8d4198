"""How much memory this process may have."""

import os
import resource
from functools import cache
from pathlib import Path

from rnnlab.core.errors import InputError

CGROUP = Path("/sys/fs/cgroup")
OF_CGROUPS = ("memory.max", "memory/memory.limit_in_bytes")
"""Where version 2 and version 1 say what all processes of a container may have."""


@cache
def memory_limit() -> int:
    """Returns the bytes that this process may have at most: the machine's, a container's or a shell's limit.

    What others use of it does not count: it may be free again in a moment.
    """
    limits = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") + _swap()]
    limits += [limit for limit in map(_of_cgroup, _cgroups()) if limit is not None]
    limits += [
        limit
        for limit, _ in map(resource.getrlimit, (resource.RLIMIT_AS, resource.RLIMIT_DATA))
        if limit != resource.RLIM_INFINITY
    ]
    return min(limits)


def _cgroups() -> list[Path]:
    """Returns the files that may hold a limit: of this process's group, those above it, and the container."""
    try:
        own = CGROUP / Path("/proc/self/cgroup").read_text(encoding="utf-8").rpartition("0::/")[2].strip()
    except OSError:
        own = CGROUP
    groups = {CGROUP, own, *(above for above in own.parents if CGROUP in above.parents)}
    return [group / name for group in groups for name in OF_CGROUPS]


def _of_cgroup(file: Path) -> int | None:
    try:
        return int(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # none, or "max"
        return None


def _swap() -> int:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
        return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("SwapTotal:"))
    except (OSError, ValueError, IndexError):
        return 0


def in_words(size: int) -> str:
    """Returns a number of bytes in the unit in which it is short, as in `3.2 GiB`."""
    value, units = float(size), ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"]
    while value >= 1024 and len(units) > 1:
        value, _ = value / 1024, units.pop(0)
    return f"{value:,.1f} {units[0]}" if units[0] != "bytes" else f"{size:,} bytes"


def require(size: int, why: str, *, of_gpu: int | None = None) -> None:
    """Raises InputError if so many bytes are more than this process may have.

    why: the keys that want them, and what for, as in `task.length=1000000000: the examples`; of_gpu: how many
    a GPU has on which they are to be, None for the machine's own memory.
    """
    there = memory_limit() if of_gpu is None else of_gpu
    if size > there:
        where = "" if of_gpu is None else " on the GPU"
        raise InputError(
            f"{why} would need at least {in_words(size)} of memory; there are {in_words(there)}{where}"
        )
