"""One layer of units forward and back: bias first in its weights, which are a vector for a single unit."""

import numpy as np
from numpy.typing import ArrayLike

from rnnlab.cells.activations import Array
from rnnlab.cells.functions import sigmoid
from rnnlab.scratch import heads, losses
from rnnlab.scratch.checks import as_numbers, check_shape
from rnnlab.scratch.course.arrays import Number, as_class_index, as_label, as_matrix, as_units, as_vector


def insert_bias(values: ArrayLike) -> Array:
    """Returns [1, values]."""
    return np.concatenate([[1.0], as_vector("values", values)])


def linear(weights: ArrayLike, values: ArrayLike) -> Number:
    """Returns weights · values (H,), a number for a single unit; the caller has inserted the bias."""
    x, W = as_vector("values", values), as_units("weights", weights)
    check_shape("weights", W, *W.shape[:-1], len(x))
    z = heads.linear(x, np.atleast_2d(W), np.zeros(1))
    return float(z[0]) if W.ndim == 1 else z


def logistic_layer(values: ArrayLike, weights: ArrayLike) -> Number:
    """Returns the probabilities sigmoid(weights · [1, values]) (H,), a number for a single unit."""
    z = linear(weights, insert_bias(values))
    return float(sigmoid(z)) if np.ndim(z) == 0 else sigmoid(z)


def softmax_layer(values: ArrayLike, weights: ArrayLike) -> Array:
    """Returns the class probabilities softmax(weights · [1, values]) (C,)."""
    return losses.softmax(np.asarray(linear(as_matrix("weights", weights), insert_bias(values))))


def crossent_loss_gradient(predicted: ArrayLike, actual: ArrayLike) -> Number:
    """Returns predicted - actual, the gradient at the input of the units, be they logistic or softmax.

    predicted: a probability, with a label 0 or 1; or a vector of them, with a vector of as many between 0
    and 1, or the number of a class, counted from 1, for its one-hot vector.
    """
    p = as_numbers("predicted", predicted)
    if p.ndim > 0:
        check_shape("predicted", p, "size")
    if np.ndim(actual) > 0:
        y = as_vector("actual", actual)
        check_shape("actual", y, *p.shape)
        if (outside := (y < 0) | (y > 1)).any():
            raise ValueError(f"actual holds {y[outside][0]}, expected numbers from 0 to 1")
    else:
        y = np.asarray(as_label(actual)) if p.size == 1 else np.eye(p.size)[as_class_index(actual, p.size)]
    return float(p - y) if p.ndim == 0 else p - y


def calculate_weights_gradient(delta: ArrayLike, values: ArrayLike, insert_bias_term: bool = True) -> Array:
    """Returns the outer product of delta (H,) and [1, values] (H, 1 + F), of a number delta a vector.

    insert_bias_term: False leaves the 1 out.
    """
    d, x = (
        as_numbers("delta", delta),
        insert_bias(values) if insert_bias_term else as_vector("values", values),
    )
    if d.ndim > 0:
        check_shape("delta", d, "size")
    _, gradient, _ = heads.linear_backward(np.atleast_1d(d), x, np.zeros((d.size, len(x))))
    return gradient[0] if d.ndim == 0 else gradient


def send_delta_back(delta: ArrayLike, weights: ArrayLike, remove_bias_term: bool = True) -> Array:
    """Returns weights' · delta (F,), the gradient at the values that the units were given.

    remove_bias_term: False says that the weights have no bias, and none is taken out.
    """
    W = np.atleast_2d(as_units("weights", weights))
    d = np.atleast_1d(as_numbers("delta", delta))
    check_shape("delta", d, len(W))
    back, _, _ = heads.linear_backward(d, np.zeros(W.shape[1]), W)
    return back[1:] if remove_bias_term else back
