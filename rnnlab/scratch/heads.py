"""What stands before and behind a recurrent layer: look-up of word vectors, and linear maps.

Numbers in brackets are equations of docs/from-scratch.md.
"""

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


def embedding_backward(d_vectors: Array, ids: Array, weight: Array) -> Array:
    """Returns the gradient of weight: each id's row gathers the gradients of all places where it stands."""
    gradient = np.zeros(weight.shape, d_vectors.dtype)
    np.add.at(gradient, ids, d_vectors)  # unlike gradient[ids] +=, counts repeated ids
    return gradient
