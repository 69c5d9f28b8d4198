"""Which way a metric is better, how one is written, probabilities of logits, and counts of confusions."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

TIMES = ("seconds", "cpu_seconds")
"""Columns of metrics.csv that say how long training took: no two runs have the same."""


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
    """Returns a figure as it is shown: four decimals, times with two, counts as they are, - for none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if isinstance(value, int):
        return str(value)
    return f"{value:.2f}" if name in TIMES else f"{value:.4f}"


def logistic(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the logistic function of logits, 1 / (1 + exp(−logit)), without overflow."""
    return np.exp(-np.logaddexp(0.0, -logits))


def class_probabilities(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the probability of each class, (texts, classes), of logits (texts, outputs).

    One output is the logit of the second of two classes, several are one of each class.
    """
    if logits.shape[1] == 1:
        return np.concatenate([logistic(-logits), logistic(logits)], axis=1)
    return np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))


def chosen_classes(logits: NDArray[np.float64]) -> NDArray[np.int64]:
    """Returns the number of the most probable class, the first of equals, (texts,); logits as above."""
    return (logits[:, 0] > 0).astype(np.int64) if logits.shape[1] == 1 else logits.argmax(axis=1)


def log_odds(logits: NDArray[np.float64], number: int) -> NDArray[np.float64]:
    """Returns ln p / (1 − p) of the class of that number, (texts,), of several outputs' logits."""
    others = np.delete(logits, number, axis=1)
    return logits[:, number] - np.logaddexp.reduce(others, axis=1)


MACRO, WEIGHTED = "macro average", "weighted average"


def class_metrics(confusion: pd.DataFrame) -> pd.DataFrame:
    """Returns precision, recall and F1, 0 to 1, of each class, then two averages of them.

    Columns: label, precision, recall, f1, texts (that have the label), predicted (that are called so).
    precision: right / predicted; recall: right / texts; f1: 2 right / (texts + predicted). What is 0 / 0
    counts as 0, as scikit-learn has it by default; a class that no text has and none is called has no
    figures (NaN). The macro average is over the other classes, the weighted one over texts.

    Args:
        confusion: how many of each true class (row) are predicted as what (column).
    """
    counts = confusion.to_numpy()
    right, texts, predicted = counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0)
    figures = pd.DataFrame(
        {
            "precision": right / np.maximum(predicted, 1),
            "recall": right / np.maximum(texts, 1),
            "f1": 2 * right / np.maximum(texts + predicted, 1),
        }
    )[texts + predicted > 0].reindex(range(len(texts)))
    averages = [figures.mean(), figures.mul(texts, axis=0).sum() / max(texts.sum(), 1)]
    table = pd.concat([figures, pd.DataFrame(averages)], ignore_index=True)
    table.insert(0, "label", [*confusion.index, MACRO, WEIGHTED])
    table["texts"] = [*texts, texts.sum(), texts.sum()]
    table["predicted"] = [*predicted, predicted.sum(), predicted.sum()]
    return table


def confusion_counts(
    true: NDArray[np.int64], predicted: NDArray[np.int64], classes: Sequence[str]
) -> pd.DataFrame:
    """Returns how many of each true class (row) are predicted as what (column), both by name.

    true, predicted: numbers of classes, (units,).
    """
    counts = np.zeros((len(classes), len(classes)), dtype=np.int64)
    np.add.at(counts, (true, predicted), 1)
    return pd.DataFrame(counts, index=list(classes), columns=list(classes))
