"""Hidden states forward, and one error back through time: what classifier and tagger share."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rnnlab.cells.activations import (
    ACTIVATIONS,
    Activation,
    Array,
    identity,
    identity_derivative,
    relu,
    relu_derivative,
)
from rnnlab.cells.rnn import RNN
from rnnlab.scratch.cell import ArrayCell
from rnnlab.scratch.checks import check_shape
from rnnlab.scratch.course.arrays import (
    Vectors,
    as_matrix,
    as_square,
    as_state,
    as_vector,
    not_empty,
    same_length,
)
from rnnlab.scratch.heads import linear_backward

Function = Callable[[Array], Array]
Gradients = tuple[Array, Array | None, Array]


def recurrent_linear(
    prev_hidden: ArrayLike | None,
    recurrent_weights: ArrayLike,
    input_values: ArrayLike,
    input_weights: ArrayLike,
) -> Array:
    """Returns the pre-activation U h_prev + W [1, x] (H,); `prev_hidden` None stands for zeros."""
    return get_hidden(prev_hidden, recurrent_weights, input_values, input_weights, identity)


def get_hidden(
    prev_hidden: ArrayLike | None,
    recurrent_weights: ArrayLike,
    input_values: ArrayLike,
    input_weights: ArrayLike,
    activation_function: Function = relu,
) -> Array:
    """Returns the next hidden state f(U h_prev + W [1, x]) (H,)."""
    x, U = as_vector("input_values", input_values), as_square(recurrent_weights)
    W = as_matrix("input_weights", input_weights)
    check_shape("input_weights", W, len(U), len(x) + 1)
    activation = Activation(activation_function, identity_derivative)  # goes forward only
    cell = _cell(activation, W[:, 1:], U, W[:, 0])
    (hidden,), _ = cell.forward(x[None], (as_state(prev_hidden, len(U))[None],))
    return hidden[0]


def get_hidden_sequence(
    values_list: Vectors,
    input_weights: ArrayLike,
    recurrent_weights: ArrayLike,
    prev_hidden: ArrayLike | None = None,
    activation_function: Function = relu,
) -> list[Array]:
    """Returns the hidden states [h_1, ..., h_n] of [x_1, ..., x_n]."""
    hidden_list = []
    for values in not_empty("values_list", values_list):
        prev_hidden = get_hidden(prev_hidden, recurrent_weights, values, input_weights, activation_function)
        hidden_list.append(prev_hidden)
    return hidden_list


def get_weights_gradients(
    delta: ArrayLike, current_input: ArrayLike, prev_hidden: ArrayLike | None = None
) -> tuple[Array, Array | None]:
    """Returns one step's share (W, U): the outer products of delta with [1, x] and with h_prev.

    `delta` (H,) is the loss's derivative with respect to the step's pre-activation.
    """
    of_input, of_recurrent, _ = _step_back(delta, None, current_input, prev_hidden)
    return of_input, None if prev_hidden is None else of_recurrent


def get_prev_delta(
    delta: ArrayLike,
    recurrent_weights: ArrayLike,
    prev_hidden: ArrayLike,
    activation_derivative: Function = relu_derivative,
) -> Array:
    """Returns delta one step earlier: U' delta times f' of the previous hidden state (H,)."""
    d_prev_hidden = _step_back(delta, recurrent_weights, np.zeros(1), prev_hidden)[2]
    return d_prev_hidden * activation_derivative(as_vector("prev_hidden", prev_hidden))


def get_overall_weights_gradients(
    delta: ArrayLike,
    recurrent_weights: ArrayLike,
    values_list: Vectors,
    prev_hidden_list: Vectors,
    activation_derivative: Function = relu_derivative,
) -> tuple[Array, Array | None]:
    """Returns the sums (W, U) over time of one error that starts at the last step with `delta`.

    `prev_hidden_list` holds h_1 to h_{n-1}, and before them the initial state if one was given.
    """
    steps = len(not_empty("values_list", values_list))
    if len(prev_hidden_list) not in (steps - 1, steps):
        raise ValueError(
            f"prev_hidden_list holds {len(prev_hidden_list)} states, expected {steps - 1} or {steps}"
        )
    previous: list[Any] = [None] * (steps - len(prev_hidden_list)) + list(prev_hidden_list)
    of_input, of_recurrent = get_weights_gradients(delta, values_list[-1], previous[-1])
    for t in reversed(range(steps - 1)):
        delta = get_prev_delta(delta, recurrent_weights, previous[t + 1], activation_derivative)
        step_input, step_recurrent = get_weights_gradients(delta, values_list[t], previous[t])
        of_input = of_input + step_input
        if of_recurrent is not None and step_recurrent is not None:
            of_recurrent = of_recurrent + step_recurrent
    return of_input, of_recurrent


def target_gradients(
    error: Array,
    V: Array,
    recurrent_weights: ArrayLike,
    values_list: Vectors,
    hidden_list: Vectors,
    activation_derivative: Function,
    prev_hidden: ArrayLike | None,
) -> Gradients:
    """Sends error (C,) = p - y at the last step back through V (C, 1 + H) and time."""
    same_length(len(not_empty("values_list", values_list)), hidden_list=hidden_list)
    hidden = as_vector("hidden_list", hidden_list[-1])
    check_shape("output_weights", V, len(error), len(hidden) + 1)
    d_hidden, of_weights, of_bias = linear_backward(error, hidden, V[:, 1:])
    initial = [] if prev_hidden is None else [prev_hidden]
    of_input, of_recurrent = get_overall_weights_gradients(
        d_hidden * activation_derivative(hidden),
        recurrent_weights,
        values_list,
        [*initial, *hidden_list[:-1]],
        activation_derivative,
    )
    return of_input, of_recurrent, np.column_stack([of_bias, of_weights])


def descend(
    weights: tuple[Array, Array, Array], gradients: Gradients, rate: float
) -> tuple[Array, Array, Array]:
    """Returns (W, U, V) after one step against their gradients; None leaves weights as they are."""
    W, U, V = (w if d is None else w - rate * d for w, d in zip(weights, gradients, strict=True))
    return W, U, V


def _step_back(
    delta: ArrayLike, recurrent_weights: ArrayLike | None, values: ArrayLike, prev_hidden: ArrayLike | None
) -> tuple[Array, Array, Array]:
    """Returns the gradients (W, U, h_prev) of one linear cell, whose delta is the gradient of its output."""
    delta, x = as_vector("delta", delta), as_vector("values", values)
    H = len(delta)
    U = np.zeros((H, H)) if recurrent_weights is None else as_square(recurrent_weights)
    check_shape("recurrent_weights", U, H, H)
    cell = _cell(ACTIVATIONS["identity"], np.zeros((H, len(x))), U, np.zeros(H))
    _, step = cell.forward(x[None], (as_state(prev_hidden, H)[None],))
    of = {name: np.zeros_like(array) for name, array in cell.parameters.items()}
    _, (d_prev_hidden,) = cell.backward((delta[None],), step, of)
    return np.column_stack([of["bias_ih"], of["weight_ih"]]), of["weight_hh"], d_prev_hidden[0]


def _cell(activation: Activation, W: Array, U: Array, bias: Array) -> ArrayCell:
    arrays = {"weight_ih": W, "weight_hh": U, "bias_ih": bias, "bias_hh": np.zeros(len(U))}
    return ArrayCell(RNN.with_activation(activation), arrays)
