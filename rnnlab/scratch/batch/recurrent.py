"""States of a batch: one step, or all of them."""

from typing import Any

from numpy.typing import ArrayLike

from rnnlab.cells.activations import Array
from rnnlab.scratch.batch.arrays import make_layer
from rnnlab.scratch.cell import State
from rnnlab.scratch.checks import as_numbers, check_shape
from rnnlab.scratch.layer import Layer
from rnnlab.scratch.textbook import LSTM, RNN


def rnn_step_forward(x: ArrayLike, prev_h: ArrayLike, Wx: ArrayLike, Wh: ArrayLike, bh: ArrayLike) -> Array:
    """Returns the next state tanh(x Wx + prev_h Wh + bh) (N, H) of x (N, D) and prev_h (N, H)."""
    (next_h,) = _step(make_layer(RNN, Wx, Wh, bh), x, prev_h)
    return next_h


def rnn_forward(
    x: ArrayLike, Wx: ArrayLike, Wh: ArrayLike, bh: ArrayLike, *, h0: ArrayLike | None = None
) -> tuple[Array, Array]:
    """Returns all states (N, T, H) and the last (N, H) of x (N, T, D); h0 (N, H) is zeros if left out."""
    return _all_and_last(make_layer(RNN, Wx, Wh, bh), x, h0=h0)


def lstm_step_forward(
    x: ArrayLike, prev_h: ArrayLike, prev_c: ArrayLike, Wx: ArrayLike, Wh: ArrayLike, bh: ArrayLike
) -> tuple[Array, Array]:
    """Returns the next state (N, H) and the next cell (N, H)."""
    next_h, next_c = _step(make_layer(LSTM, Wx, Wh, bh), x, prev_h, prev_c)
    return next_h, next_c


def lstm_forward(
    x: ArrayLike,
    Wx: ArrayLike,
    Wh: ArrayLike,
    bh: ArrayLike,
    *,
    h0: ArrayLike | None = None,
    c0: ArrayLike | None = None,
) -> tuple[Array, Array]:
    """Returns all states (N, T, H) and the last (N, H) of x (N, T, D); h0 and c0 are zeros if left out."""
    return _all_and_last(make_layer(LSTM, Wx, Wh, bh), x, h0=h0, c0=c0)


def _step(layer: Layer, x: ArrayLike, *states: ArrayLike) -> State:
    x = as_numbers("x", x)
    check_shape("x", x, "batch", layer.input_size)
    given = {f"prev_{name}": state for name, state in zip(layer.cell.states, states, strict=True)}
    state = [as_numbers(name, array) for name, array in given.items()]
    for name, array in zip(given, state, strict=True):
        check_shape(name, array, len(x), layer.hidden_size)
    new_state, _ = layer.array_cell("_l0").forward(x, tuple(state))
    return new_state


def _all_and_last(layer: Layer, x: ArrayLike, **initial: ArrayLike | None) -> tuple[Array, Array]:
    x = as_numbers("x", x)
    check_shape("x", x, "batch", "time", layer.input_size)
    states: dict[str, Any] = {}
    for name, given in initial.items():
        state = None if given is None else as_numbers(name, given)
        if state is not None:
            check_shape(name, state, len(x), layer.hidden_size)
        states[f"{name[0]}_0"] = state
    forward = layer.forward(x, **states)
    return forward.output, forward.h_n[0]
