"""Losses, each returned with its derivative with respect to the predictions.

N predictions, C classes. Every loss is a mean over all N predictions (mean squared error: over all numbers).
The forms that take logits are exact and cannot overflow. The forms that take probabilities and `eps` clip
them from below at `eps` before the logarithm, as teaching task_data does, so that a saturated wrong answer
costs -ln(eps), 18.4207 for 1e-8; where a probability is clipped, its derivative is zero.
Numbers in brackets are equations of docs/from-scratch.md.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rnnlab.cells.activations import Array, sigmoid
from rnnlab.scratch.checks import as_floats, check_no_nan, check_range, check_shape

NOT_COUNTED = -100
"""The class of a step that asks nothing, such as padding; torch's own default."""


class Loss(NamedTuple):
    """The mean loss and its derivative, in the shape of the predictions."""

    value: float
    gradient: Array


def softmax(logits: Array) -> Array:
    """Returns probabilities over the last axis."""
    e = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def binary_cross_entropy_with_logits(logits_N: Array, labels_N: Array) -> Loss:
    """Sigmoid and binary cross-entropy in one; labels 0 or 1."""
    z, y = _predictions("logits", logits_N, "N"), _binary(labels_N, logits_N)
    value = np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))  # (40)
    return Loss(float(value.mean()), (sigmoid(z) - y) / z.size)  # (41)


def binary_cross_entropy(probabilities_N: Array, labels_N: Array, *, eps: float = 1e-8) -> Loss:
    """Binary cross-entropy of probabilities clipped from below at `eps`; labels 0 or 1."""
    p, y = _predictions("probabilities", probabilities_N, "N"), _binary(labels_N, probabilities_N)
    of_label = np.where(y == 1, p, 1 - p)
    sign = 2 * y - 1
    value, slope = _clipped_log(of_label, eps)
    return Loss(float(-value.mean()), -sign * slope / p.size)


def cross_entropy_with_logits(logits_NC: Array, classes_N: Array) -> Loss:
    """Softmax and cross-entropy in one; classes 0 to C - 1."""
    z = _predictions("logits", logits_NC, "N", "C")
    rows = _rows(z, classes_N)
    shifted = z - z.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))  # (42)
    gradient = np.exp(log_p)
    gradient[rows] -= 1  # (43)
    return Loss(float(-log_p[rows].mean()), gradient / len(z))


def cross_entropy(probabilities_NC: Array, classes_N: Array, *, eps: float = 1e-8) -> Loss:
    """Cross-entropy of probabilities clipped from below at `eps`; classes 0 to C - 1."""
    p = _predictions("probabilities", probabilities_NC, "N", "C")
    rows = _rows(p, classes_N)
    value, slope = _clipped_log(p[rows], eps)
    gradient = np.zeros_like(p)
    gradient[rows] = -slope / len(p)
    return Loss(float(-value.mean()), gradient)


def mean_squared_error(predictions: Array, targets: Array) -> Loss:
    """The mean of squared differences over all numbers, of any shape."""
    y, t = as_floats("predictions", predictions), as_floats("targets", targets)
    check_shape("targets", t, *y.shape)
    check_no_nan("targets", t)
    return Loss(float(((y - t) ** 2).mean()), 2 * (y - t) / y.size)  # (44), (45)


def _of_one_output(logits_N1: Array, labels_N: Array) -> Loss:
    """Binary cross-entropy of the single output; labels 0 or 1."""
    check_shape("logits", logits_N1, "N", 1)
    loss = binary_cross_entropy_with_logits(logits_N1[:, 0], labels_N)
    return Loss(loss.value, loss.gradient[:, None])


def _of_counted_classes(logits: Array, classes: Array) -> Loss:
    """Cross-entropy of logits (..., C) with classes (...), where NOT_COUNTED is left out of the mean."""
    classes = np.asarray(classes)
    check_shape("classes", classes, *logits.shape[:-1])
    return _of_counted(cross_entropy_with_logits, logits, classes, classes != NOT_COUNTED)


def _of_labels(logits_NC: Array, classes_N: Array) -> Loss:
    """Binary cross-entropy of two classes, by one logit; cross-entropy of more, by one each."""
    return (_of_one_output if logits_NC.shape[1] == 1 else _of_counted_classes)(logits_NC, classes_N)


def _of_counted_numbers(predictions: Array, targets: Array) -> Loss:
    """Mean squared error of any shape, where targets that are NaN are left out of the mean."""
    targets = as_floats("targets", targets)
    check_shape("targets", targets, *predictions.shape)
    return _of_counted(mean_squared_error, predictions, targets, ~np.isnan(targets))


def _of_counted(
    loss: Callable[[Array, Array], Loss], predictions: Array, targets: Array, counted: Array
) -> Loss:
    """Returns the mean over what is counted (NaN if nothing is, as in torch); the rest has no gradient."""
    predictions = as_floats("predictions", predictions)
    gradient = np.zeros_like(predictions)
    if not counted.any():
        return Loss(float("nan"), gradient)
    value, gradient[counted] = loss(predictions[counted], targets[counted])
    return Loss(value, gradient)


Criterion = Callable[[Array, Array], Loss]
"""The mean loss of a net's logits and the targets."""

CRITERIA: dict[str, Criterion] = {
    "classification": _of_labels,
    "binary_cross_entropy": _of_one_output,
    "cross_entropy": _of_counted_classes,
    "mean_squared_error": _of_counted_numbers,
}
"""A task's losses by name: of a net's logits and the targets, some of which may not be counted."""


def _clipped_log(p: Array, eps: float) -> tuple[Array, Array]:
    clipped = np.maximum(p, eps)
    return np.log(clipped), np.where(p > eps, 1 / clipped, 0)


def _predictions(name: str, array: Array, *shape: str) -> Array:
    array = as_floats(name, array)
    check_shape(name, array, *shape)
    return array


def _binary(labels_N: Array, predictions_N: Array) -> Array:
    labels = np.asarray(labels_N)
    check_shape("labels", labels, *predictions_N.shape)
    if not np.isin(labels, (0, 1)).all():
        raise ValueError(f"labels hold {labels[~np.isin(labels, (0, 1))][0]}, expected 0 or 1")
    return labels.astype(predictions_N.dtype)


def _rows(predictions_NC: Array, classes_N: Array) -> tuple[Array, Array]:
    """Returns the index that picks each row's own class."""
    classes = np.asarray(classes_N)
    check_shape("classes", classes, len(predictions_NC))
    check_range("classes", classes, 0, predictions_NC.shape[1] - 1)
    return np.arange(len(classes)), classes
