"""The exercise's weights as a layer of the engine, or a ValueError that names what does not fit."""

import numpy as np
from numpy.typing import ArrayLike

from rnnlab.cells.activations import Array
from rnnlab.scratch.checks import as_numbers, check_shape
from rnnlab.scratch.layer import Layer


def make_layer(layer: type[Layer], Wx: ArrayLike, Wh: ArrayLike, bh: ArrayLike) -> Layer:
    """Returns a batch-first layer over these weights, in torch's layout and order of gates."""
    Wx, Wh = as_numbers("Wx", Wx), as_numbers("Wh", Wh)
    gates = len(layer.cell_type.gates)
    check_shape("Wh", Wh, "hidden", "gates * hidden")
    hidden = len(Wh)
    check_shape("Wh", Wh, hidden, gates * hidden)
    check_shape("Wx", Wx, "input", gates * hidden)
    rows = [_torch_gates(w, gates) for w in (Wx.T, Wh.T, as_bias("bh", bh, gates * hidden))]
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0")
    parameters = dict(zip(names, rows, strict=True)) | {"bias_hh_l0": np.zeros_like(rows[2])}
    return layer(parameters, batch_first=True)


def as_bias(name: str, bias: ArrayLike, size: int) -> Array:
    """Returns a bias (size,) or (1, size) as (size,)."""
    array = as_numbers(name, bias)
    if array.shape != (1, size):
        check_shape(name, array, size)
    return array.reshape(size)


def _torch_gates(rows: Array, gates: int) -> Array:
    """Returns the gates' blocks of rows in torch's order: i, f, o, g becomes i, f, g, o."""
    if gates == 1:
        return rows
    i, f, o, g = np.split(rows, 4)
    return np.concatenate([i, f, g, o])
