"""What a linear map makes of states, and the sequence that it makes of itself."""

import numpy as np
from numpy.typing import ArrayLike

from rnnlab.cells.activations import Array
from rnnlab.scratch.batch.arrays import as_bias, make_layer
from rnnlab.scratch.checks import as_numbers, check_shape
from rnnlab.scratch.heads import linear
from rnnlab.scratch.sequences import Regressor
from rnnlab.scratch.textbook import RNN


def make_predictions(h: ArrayLike, Wo: ArrayLike, bo: ArrayLike) -> Array:
    """Returns the linear outputs h Wo + bo (..., O) of states h (..., H), such as all or the last ones."""
    h, Wo = as_numbers("h", h), as_numbers("Wo", Wo)
    if h.ndim == 0:
        check_shape("h", h, "hidden")
    check_shape("Wo", Wo, h.shape[-1], "outputs")
    return linear(h, Wo.T, as_bias("bo", bo, Wo.shape[1]))


def generate_sequence(
    x: ArrayLike, Wx: ArrayLike, Wh: ArrayLike, bh: ArrayLike, Wo: ArrayLike, bo: ArrayLike, T: int
) -> Array:
    """Returns T outputs (N, T, D): from state ones and input x (N, D), each raw output is the next input."""
    x, Wo = as_numbers("x", x), as_numbers("Wo", Wo)
    layer = make_layer(RNN, Wx, Wh, bh)
    check_shape("x", x, "batch", layer.input_size)
    check_shape("Wo", Wo, layer.hidden_size, layer.input_size)
    if T < 1:
        raise ValueError(f"T is {T}, expected at least one step")
    named = {f"recurrent.{name}": array for name, array in layer.parameters.items()}
    net = Regressor({**named, "output.weight": Wo.T, "output.bias": as_bias("bo", bo, Wo.shape[1])})
    return net.generate(x, T, h_0=np.ones((len(x), layer.hidden_size), x.dtype))
