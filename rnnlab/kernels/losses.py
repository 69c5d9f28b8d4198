"""Losses whose NumPy form takes longer than a small net's step."""

import math
from typing import Any

import numpy as np

from rnnlab.cells.activations import Array
from rnnlab.kernels.jit import compiled_on_disk
from rnnlab.scratch.losses import CRITERIA, NOT_COUNTED, Criterion, Loss


@compiled_on_disk
def binary_cross_entropy(logits_N1: Any, labels_N: Any, gradient_N1: Any) -> Any:
    """Writes the gradient and returns the mean; see `scratch.losses.binary_cross_entropy_with_logits`."""
    total = 0.0
    for n in range(len(labels_N)):
        z, y = logits_N1[n, 0], labels_N[n]
        e = math.exp(-abs(z))
        total += max(z, 0.0) - z * y + math.log1p(e)  # (40)
        p = 1.0 / (1.0 + e) if z >= 0 else e / (1.0 + e)
        gradient_N1[n, 0] = (p - y) / len(labels_N)  # (41)
    return total / len(labels_N)


@compiled_on_disk
def _cross_entropy(logits_NC: Any, classes_N: Any, gradient_NC: Any, not_counted: int) -> Any:
    """Writes the gradient; returns the sum of the losses and how many count, −1 for an unknown class."""
    total, counted = 0.0, 0
    for n in range(len(classes_N)):
        row, gradient, right = logits_NC[n], gradient_NC[n], classes_N[n]
        if right == not_counted:
            gradient[:] = 0
            continue
        if right < 0 or right >= len(row):
            return total, -1
        largest, below = row.max(), 0.0
        for c in range(len(row)):
            gradient[c] = math.exp(row[c] - largest)
            below += gradient[c]
        total -= row[right] - largest - math.log(below)  # (42)
        counted += 1
        for c in range(len(row)):
            gradient[c] = gradient[c] / below
        gradient[right] = gradient[right] - 1  # (43)
    return total, counted


@compiled_on_disk
def _squared_error(predictions_N: Any, targets_N: Any, gradient_N: Any) -> Any:
    """Writes the gradient of the sum; returns the sum and how many targets count, which are not NaN."""
    total, counted = 0.0, 0
    for n in range(len(targets_N)):
        difference = predictions_N[n] - targets_N[n]
        if np.isnan(targets_N[n]):
            gradient_N[n] = 0
            continue
        counted += 1
        total += difference * difference  # (44)
        gradient_N[n] = difference + difference  # (45)
    return total, counted


def _of_numbers(predictions: Array, targets: Array) -> Loss:
    """Mean squared error of any shape, where targets that are NaN are left out of the mean."""
    gradient = np.empty(predictions.shape, predictions.dtype)
    if targets.shape == predictions.shape and targets.dtype == predictions.dtype:
        flat = np.ascontiguousarray(predictions).reshape(-1), np.ascontiguousarray(targets).reshape(-1)
        total, counted = _squared_error(*flat, gradient.reshape(-1))
        if counted:
            gradient *= gradient.dtype.type(1 / counted)
            return Loss(total / counted, gradient)
    return CRITERIA["mean_squared_error"](predictions, targets)


def _of_classes(logits: Array, classes: Array) -> Loss:
    """Cross-entropy of logits (..., C) with classes (...), where NOT_COUNTED is left out of the mean."""
    gradient = np.empty(logits.shape, logits.dtype)
    rows = np.ascontiguousarray(logits).reshape(-1, logits.shape[-1])
    total, counted = _cross_entropy(rows, classes.reshape(-1), gradient.reshape(rows.shape), NOT_COUNTED)
    if counted < 1:
        return CRITERIA["cross_entropy"](logits, classes)  # which says what is wrong
    gradient *= logits.dtype.type(1 / counted)
    return Loss(total / counted, gradient)


def _classification(logits: Array, labels: Array) -> Loss:
    """Binary cross-entropy of two classes, by one logit; cross-entropy of more, by one each."""
    if logits.shape[1] != 1:
        return _of_classes(logits, labels)
    gradient = np.empty_like(logits)
    return Loss(binary_cross_entropy(logits, labels, gradient), gradient)


COMPILED_CRITERIA: dict[str, Criterion] = {
    **CRITERIA,
    "classification": _classification,
    "binary_cross_entropy": _classification,
    "cross_entropy": _of_classes,
    "mean_squared_error": _of_numbers,
}
