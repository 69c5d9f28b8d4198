"""The engine in the notation of the CS231n-style exercises: batches, with weights as (in, out) matrices.

N batch, T time, D input, H hidden, O output. Wx (D, H), Wh (H, H), b (H,) or (1, H); for the LSTM they
are (D, 4H), (H, 4H), (4H,) with gates in the order i, f, o, g. Everything is float32 or float64 throughout.
"""

import numpy as np

from rnnlab.cells.activations import Array
from rnnlab.scratch.checks import as_floats, check_no_nan, check_shape
from rnnlab.scratch.heads import linear
from rnnlab.scratch.layer import Layer
from rnnlab.scratch.sequences import Regressor
from rnnlab.scratch.textbook import LSTM, RNN


def rnn_step_forward(x: Array, prev_h: Array, Wx: Array, Wh: Array, b: Array) -> Array:
    """Returns the next state tanh(x Wx + prev_h Wh + b) (N, H) of x (N, D) and prev_h (N, H)."""
    (next_h,), _ = _step(_layer(RNN, Wx, Wh, b), x, prev_h)
    return next_h


def rnn_forward(x: Array, Wx: Array, Wh: Array, b: Array, *, h0: Array | None = None) -> tuple[Array, Array]:
    """Returns all states (N, T, H) and the last (N, H) of x (N, T, D); h0 (N, H) is zeros if left out."""
    forward = _layer(RNN, Wx, Wh, b).forward(x, h_0=h0)
    return forward.output, forward.h_n[0]


def make_predictions(h: Array, Wo: Array, bo: Array) -> Array:
    """Returns the linear outputs h Wo + bo (..., O) of states h (..., H), such as all or the last ones."""
    h, Wo = _checked("h", h), _checked("Wo", Wo)
    check_shape("Wo", Wo, h.shape[-1], "outputs")
    return linear(h, Wo.T, _bias("bo", bo, Wo.shape[1]))


def lstm_step_forward(
    x: Array, prev_h: Array, prev_c: Array, Wx: Array, Wh: Array, b: Array
) -> tuple[Array, Array]:
    """Returns the next state (N, H) and the next cell (N, H)."""
    (next_h, next_c), _ = _step(_layer(LSTM, Wx, Wh, b), x, prev_h, prev_c)
    return next_h, next_c


def lstm_forward(
    x: Array, Wx: Array, Wh: Array, b: Array, *, h0: Array | None = None, c0: Array | None = None
) -> tuple[Array, Array]:
    """Returns all states (N, T, H) and the last (N, H) of x (N, T, D); h0 and c0 are zeros if left out."""
    forward = _layer(LSTM, Wx, Wh, b).forward(x, h_0=h0, c_0=c0)
    return forward.output, forward.h_n[0]


def generate_sequence(x: Array, Wx: Array, Wh: Array, bh: Array, Wo: Array, bo: Array, T: int) -> Array:
    """Returns T outputs (N, T, D): from state ones and input x (N, D), each raw output is the next input."""
    x, Wo = _checked("x", x), _checked("Wo", Wo)
    layer = _layer(RNN, Wx, Wh, bh)
    check_shape("x", x, "batch", layer.input_size)
    check_shape("Wo", Wo, layer.hidden_size, layer.input_size)
    if T < 1:
        raise ValueError(f"T is {T}, expected at least one step")
    named = {f"recurrent.{name}": array for name, array in layer.parameters.items()}
    net = Regressor({**named, "output.weight": Wo.T, "output.bias": _bias("bo", bo, Wo.shape[1])})
    return net.generate(x, T, h_0=np.ones((len(x), layer.hidden_size), x.dtype))


def _layer(layer: type[Layer], Wx: Array, Wh: Array, b: Array) -> Layer:
    """Returns a batch-first layer over these weights, in torch's layout and order of gates."""
    Wx, Wh = _checked("Wx", Wx), _checked("Wh", Wh)
    gates = len(layer.cell_type.gates)
    check_shape("Wh", Wh, "hidden", "gates * hidden")
    hidden = len(Wh)
    check_shape("Wh", Wh, hidden, gates * hidden)
    check_shape("Wx", Wx, "input", gates * hidden)
    rows = [_torch_gates(w, gates) for w in (Wx.T, Wh.T, _bias("b", b, gates * hidden))]
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0")
    parameters = dict(zip(names, rows, strict=True)) | {"bias_hh_l0": np.zeros_like(rows[2])}
    return layer(parameters, batch_first=True)


def _torch_gates(rows: Array, gates: int) -> Array:
    """Returns the gates' blocks of rows in torch's order: i, f, o, g becomes i, f, g, o."""
    if gates == 1:
        return rows
    i, f, o, g = np.split(rows, 4)
    return np.concatenate([i, f, g, o])


def _step(layer: Layer, x: Array, *state: Array) -> tuple[tuple[Array, ...], object]:
    cell = layer.array_cell("_l0")
    names = [f"prev_{name}" for name in layer.cell.states]
    return cell.forward(_checked("x", x), tuple(_checked(n, s) for n, s in zip(names, state, strict=True)))


def _checked(name: str, array: Array) -> Array:
    array = as_floats(name, array)
    check_no_nan(name, array)
    return array


def _bias(name: str, bias: Array, size: int) -> Array:
    array = _checked(name, bias)
    if array.shape != (1, size):
        check_shape(name, array, size)
    return array.reshape(size)
