"""How many faults are tried: a few, or with `RNNLAB_FAULTS=N`, as `make faults` has it, more."""

import os
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
NUMBER = int(os.environ.get("RNNLAB_FAULTS", "2"))
"""Of each kind."""


def some(items: Sequence[T]) -> list[T]:
    """Returns at most so many of the items, evenly spaced, the first and the last among them."""
    if len(items) <= NUMBER:
        return list(items)
    step = (len(items) - 1) / max(NUMBER - 1, 1)
    return [items[round(place * step)] for place in range(NUMBER)]
