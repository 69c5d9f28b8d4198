"""Hidden states forward, and one error back through time: what classifier and tagger share."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rnnlab.cells.activations import Array
from rnnlab.cells.rnn import RNN
from rnnlab.scratch.cell import ArrayCell
from rnnlab.scratch.checks import check_shape
from rnnlab.scratch.course.activations import relu, relu_derivative
from rnnlab.scratch.course.arrays import (
    Vectors,
    as_matrix,
    as_output_weights,
    as_square,
    as_state,
    as_vector,
    not_empty,
    same_length,
)
from rnnlab.scratch.course.units import calculate_weights_gradient, send_delta_back

Function = Callable[[Array], Any]
"""An activation function of a vector, or its derivative as a function of the output."""
Gradients = tuple[Array, Array | None, Array]


def recurrent_linear(
    current_values: ArrayLike,
    input_weights: ArrayLike,
    prev_hidden: ArrayLike | None = None,
    recurrent_weights: ArrayLike | None = None,
) -> Array:
    """Returns the pre-activation W [1, x] + U h_prev (H,); at the first step, without h_prev, W [1, x]."""
    x = as_vector("current_values", current_values)
    if prev_hidden is not None and recurrent_weights is None:
        raise ValueError("recurrent_weights is None, expected those that go with prev_hidden")
    return _linear(x, input_weights, prev_hidden, recurrent_weights)


def get_hidden(
    prev_hidden: ArrayLike | None,
    recurrent_weights: ArrayLike,
    input_values: ArrayLike,
    input_weights: ArrayLike,
    activation_function: Function = relu,
) -> Array:
    """Returns the next hidden state f(U h_prev + W [1, x]) (H,); `prev_hidden` None stands for zeros."""
    x = as_vector("input_values", input_values)
    return _activated(_linear(x, input_weights, prev_hidden, recurrent_weights), activation_function)


def get_hidden_sequence(
    values_list: Vectors,
    input_weights: ArrayLike,
    recurrent_weights: ArrayLike,
    activation_function: Function = relu,
    *,
    prev_hidden: ArrayLike | None = None,
) -> list[Array]:
    """Returns the hidden states [h_1, ..., h_n] of [x_1, ..., x_n]; `prev_hidden` None stands for zeros."""
    hidden_list = []
    for values in not_empty("values_list", values_list):
        z = _linear(as_vector("values_list", values), input_weights, prev_hidden, recurrent_weights)
        prev_hidden = _activated(z, activation_function)
        hidden_list.append(prev_hidden)
    return hidden_list


def get_weights_gradients(
    delta: ArrayLike, current_input: ArrayLike, prev_hidden: ArrayLike | None
) -> tuple[Array, Array | None]:
    """Returns one step's share (W, U): the outer products of delta with [1, x] and with h_prev.

    `delta` (H,) is the loss's derivative with respect to the step's pre-activation; without h_prev, at the
    first step, there is no share of U: None.
    """
    of_input, of_recurrent, _ = _step_back(
        delta, None, as_vector("current_input", current_input), prev_hidden
    )
    return of_input, None if prev_hidden is None else of_recurrent


def get_prev_delta(
    delta: ArrayLike,
    recurrent_weights: ArrayLike,
    prev_hidden: ArrayLike,
    activation_derivative: Function = relu_derivative,
) -> Array:
    """Returns delta one step earlier: U' delta times f' of the previous hidden state (H,)."""
    _, _, d_prev_hidden = _step_back(delta, recurrent_weights, np.zeros(1), prev_hidden)
    return d_prev_hidden * activation_derivative(as_vector("prev_hidden", prev_hidden))


def get_overall_weights_gradients(
    delta: ArrayLike,
    recurrent_weights: ArrayLike,
    values_list: Vectors,
    prev_hidden_list: Vectors,
    activation_derivative: Function = relu_derivative,
) -> tuple[Array, Array | None]:
    """Returns the sums (W, U) over time of one error that starts at the last step with `delta`.

    `prev_hidden_list` holds h_1 to h_{n-1}, and before them the initial state if one was given. Of a single
    step without an initial state there is no gradient of U: None.
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
    error: ArrayLike,
    output_weights: ArrayLike,
    recurrent_weights: ArrayLike,
    values_list: Vectors,
    hidden_list: Vectors,
    activation_derivative: Function,
    prev_hidden: ArrayLike | None,
) -> Gradients:
    """Sends the error p - y of the last step back through output weights and time; returns (W, U, V)."""
    same_length(len(not_empty("values_list", values_list)), hidden_list=hidden_list)
    hidden = as_vector("hidden_list", hidden_list[-1])
    V = as_output_weights(output_weights, hidden)
    error = np.reshape(error, -1)
    if len(error) != len(np.atleast_2d(V)):
        raise ValueError(f"output_weights has shape {V.shape}, expected ({len(error)}, {len(hidden) + 1})")
    initial = [] if prev_hidden is None else [prev_hidden]
    of_input, of_recurrent = get_overall_weights_gradients(
        send_delta_back(error, V) * activation_derivative(hidden),
        recurrent_weights,
        values_list,
        [*initial, *hidden_list[:-1]],
        activation_derivative,
    )
    return of_input, of_recurrent, calculate_weights_gradient(error, hidden).reshape(V.shape)


def descend(
    weights: tuple[Array, Array, Array], gradients: Gradients, learning_rate: float
) -> tuple[Array, Array, Array]:
    """Returns (W, U, V) after one step against their gradients; None leaves weights as they are."""
    W, U, V = (w if d is None else w - learning_rate * d for w, d in zip(weights, gradients, strict=True))
    return W, U, V


def _linear(
    x: Array,
    input_weights: ArrayLike,
    prev_hidden: ArrayLike | None,
    recurrent_weights: ArrayLike | None,
) -> Array:
    """Returns W [1, x] + U h_prev (H,) from a linear cell."""
    W = as_matrix("input_weights", input_weights)
    U = np.zeros((len(W), len(W))) if recurrent_weights is None else as_square(recurrent_weights)
    check_shape("input_weights", W, len(U), len(x) + 1)
    (z,), _ = _cell(W[:, 1:], U, W[:, 0]).forward(x[None], (as_state(prev_hidden, len(U))[None],))
    return z[0]


def _activated(z: Array, activation_function: Function) -> Array:
    hidden = np.asarray(activation_function(z), dtype=np.float64)
    check_shape("what activation_function returned", hidden, len(z))
    return hidden


def _step_back(
    delta: ArrayLike, recurrent_weights: ArrayLike | None, values: ArrayLike, prev_hidden: ArrayLike | None
) -> tuple[Array, Array, Array]:
    """Returns the gradients (W, U, h_prev) of one linear cell, whose delta is the gradient of its output."""
    delta, x = as_vector("delta", delta), as_vector("values_list", values)
    H = len(delta)
    U = np.zeros((H, H)) if recurrent_weights is None else as_square(recurrent_weights)
    check_shape("recurrent_weights", U, H, H)
    cell = _cell(np.zeros((H, len(x))), U, np.zeros(H))
    _, step = cell.forward(x[None], (as_state(prev_hidden, H)[None],))
    of = {name: np.zeros_like(array) for name, array in cell.parameters.items()}
    _, (d_prev_hidden,) = cell.backward((delta[None],), step, of)
    return np.column_stack([of["bias_ih"], of["weight_ih"]]), of["weight_hh"], d_prev_hidden[0]


def _cell(W: Array, U: Array, bias: Array) -> ArrayCell:
    arrays = {"weight_ih": W, "weight_hh": U, "bias_ih": bias, "bias_hh": np.zeros(len(U))}
    return ArrayCell(RNN(nonlinearity="identity"), arrays)
