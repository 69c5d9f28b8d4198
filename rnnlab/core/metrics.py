"""Which way a metric is better, and averages over units."""

import math


def higher_is_better(name: str) -> bool:
    """Returns whether a metric such as `valid_acc` should rise; losses and errors should fall."""
    return name.endswith("acc")


def improves(name: str, value: float, best: float | None) -> bool:
    """Returns whether `value` is better than `best` (None: nothing yet); NaN improves nothing."""
    if math.isnan(value):
        return False
    if best is None:
        return True
    return value > best if higher_is_better(name) else value < best
