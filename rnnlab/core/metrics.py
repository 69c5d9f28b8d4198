"""Which way a metric is better, how one is written, probabilities of logits, and counts of confusions."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray


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


def logistic(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the logistic function of logits, 1 / (1 + exp(−logit)), without overflow."""
    return np.exp(-np.logaddexp(0.0, -logits))


def confusion_counts(
    true: NDArray[np.int64], predicted: NDArray[np.int64], classes: Sequence[str]
) -> pd.DataFrame:
    """Returns how many of each true class (row) are predicted as what (column), both by name.

    true, predicted: numbers of classes, (units,).
    """
    counts = np.zeros((len(classes), len(classes)), dtype=np.int64)
    np.add.at(counts, (true, predicted), 1)
    return pd.DataFrame(counts, index=list(classes), columns=list(classes))
