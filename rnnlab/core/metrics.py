"""Which way a metric is better, and how one is written."""

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


def format_metric(name: str, value: float | int | None) -> str:
    """Returns a figure as it is shown: four decimals, seconds with two, counts as they are, - for none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if isinstance(value, int):
        return str(value)
    return f"{value:.2f}" if name == "seconds" else f"{value:.4f}"
