"""What the machine is, how fast it multiplies matrices, and how a process is kept to some of its cores."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rnnlab.runs.facts import machine, versions

SIZE, PRODUCTS = 512, 20
"""Large enough for nearly the full rate, and so short that nobody else gets the core in between."""
LIBRARIES = ("python", "rnnlab", "torch", "numpy", "numba")


def describe_machine() -> dict[str, Any]:
    """Returns what `rnnlab.runs.facts` know of the machine, the versions that count here, and the date."""
    found = {name: found for name, found in versions().items() if name in LIBRARIES}
    with suppress(PackageNotFoundError):
        found["jax"] = version("jax")
    return {"name": machine(), "versions": found, "date": datetime.now(UTC).strftime("%Y-%m-%d")}


def matrix_rate() -> float:
    """Returns the float32 operations a second of large matrix products, the faster of torch's and NumPy's."""
    a = torch.rand(SIZE, SIZE)
    b = a.numpy()
    rates = []
    for _ in range(PRODUCTS):
        for multiply in (lambda: torch.mm(a, a), lambda: np.dot(b, b)):
            start = time.perf_counter()
            multiply()
            rates.append(2 * SIZE**3 / (time.perf_counter() - start))
    return max(rates)


@contextmanager
def kept_to(cores: int) -> Iterator[bool]:
    """Keeps all threads of this process, and those they start, to so many cores; tells whether that worked.

    Where the system cannot, the libraries' own settings of threads have to do.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield False
        return
    before = os.sched_getaffinity(0)
    _move(set(sorted(before)[-cores:]))
    try:
        yield len(before) >= cores
    finally:
        _move(before)


def _move(cores: set[int]) -> None:
    for thread in Path("/proc/self/task").iterdir():
        with suppress(ProcessLookupError):  # it has just ended
            os.sched_setaffinity(int(thread.name), cores)
