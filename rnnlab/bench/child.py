"""What a process does whose memory is measured; it imports what its contestant needs, and nothing else."""

import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rnnlab.bench.problem import Contestant

STATUS = Path("/proc/self/status")


def import_libraries(module: str) -> int:
    """Imports a module; returns the memory that was taken, in bytes."""
    import_module(module)
    return high_water_mark()


def train(make: Callable[[], Contestant], orders: list[NDArray[np.int64]]) -> int:
    """Trains epochs in these orders; returns the most memory that was taken, in bytes."""
    contestant = make()
    contestant.warm_up(orders)
    for order in orders:
        contestant.epoch(order)
    return high_water_mark()


def high_water_mark() -> int:
    """Returns the most memory that this process has taken so far, in bytes."""
    found = re.search(r"VmHWM:\s+(\d+) kB", STATUS.read_text(encoding="utf-8"))
    assert found is not None
    return 1024 * int(found[1])
