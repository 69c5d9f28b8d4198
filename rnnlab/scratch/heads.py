"""What stands before and behind a recurrent layer: look-up of word vectors, and linear maps.

Numbers in brackets are equations of docs/from-scratch.md.
"""

from typing import NamedTuple

import numpy as np

from rnnlab.cells.activations import Array
from rnnlab.scratch.checks import check_range, check_shape


def linear(x: Array, weight: Array, bias: Array) -> Array:
    """Returns x W' + b (..., out) for x (..., in), weight (out, in), bias (out,) or (1, out)."""
    check_shape("weight", weight, "out", x.shape[-1])
    return x @ weight.T + bias.reshape(-1)  # (38)


def linear_backward(d_y: Array, x: Array, weight: Array) -> tuple[Array, Array, Array]:
    """Returns the gradients of x, weight and bias."""
    d_rows = d_y.reshape(-1, d_y.shape[-1])
    return d_y @ weight, d_rows.T @ x.reshape(-1, x.shape[-1]), d_rows.sum(axis=0)  # (39)


def embedding(ids: Array, weight: Array) -> Array:
    """Returns the vectors (..., E) of token ids (...,) of weight (V, E); ValueError for ids outside it."""
    check_range("ids", ids, 0, len(weight) - 1)
    return weight[ids]


class RowGradient(NamedTuple):
    """A gradient that is zero but for some rows; `shape` is that of the whole."""

    rows: Array
    values: Array
    shape: tuple[int, ...]

    def dense(self) -> Array:
        """Returns the whole gradient."""
        gradient = np.zeros(self.shape, self.values.dtype)
        gradient[self.rows] = self.values
        return gradient

    def subtract_from(self, parameter: Array, scale: float) -> None:
        """Takes scale times the gradient from the parameter, in place; other rows stay as they are."""
        parameter[self.rows] -= scale * self.values


def whole(gradient: Array | RowGradient) -> Array:
    """Returns a gradient with all of its rows."""
    return gradient.dense() if isinstance(gradient, RowGradient) else gradient


def embedding_rows(d_vectors: Array, ids: Array, weight: Array) -> RowGradient:
    """Returns the gradient of weight: each id's row gathers the gradients of all places where it stands."""
    places = ids.reshape(-1)
    order = np.argsort(places, kind="stable")
    sorted_ids = places[order]
    first = np.flatnonzero(np.diff(sorted_ids, prepend=-1))
    values = np.add.reduceat(d_vectors.reshape(len(places), -1)[order], first, axis=0)
    return RowGradient(sorted_ids[first], values, weight.shape)
