"""Many to one: a label 0 or 1 from the last hidden state."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from rnnlab.cells.activations import Array, find_activation, relu, relu_derivative, sigmoid
from rnnlab.scratch import losses
from rnnlab.scratch.checks import check_shape
from rnnlab.scratch.course.arrays import Vectors, as_label, as_matrix, as_square, as_vector, not_empty
from rnnlab.scratch.course.through_time import (
    Function,
    Gradients,
    descend,
    get_hidden_sequence,
    target_gradients,
)
from rnnlab.scratch.heads import linear


def recurrent_classifier_forward(
    values_list: Vectors,
    input_weights: ArrayLike,
    recurrent_weights: ArrayLike,
    output_weights: ArrayLike,
    prev_hidden: ArrayLike | None = None,
    activation_function: Function = relu,
) -> tuple[float, list[Array]]:
    """Returns the probability sigmoid(v [1, h_n]) of label 1, and the hidden states."""
    hidden_list = get_hidden_sequence(
        values_list, input_weights, recurrent_weights, prev_hidden, activation_function
    )
    v = as_vector("output_weights", output_weights)
    check_shape("output_weights", v, len(hidden_list[-1]) + 1)
    return float(sigmoid(linear(hidden_list[-1], v[None, 1:], v[:1]))[0]), hidden_list


def recurrent_classifier_backward(
    predicted: float,
    actual: int,
    output_weights: ArrayLike,
    recurrent_weights: ArrayLike,
    values_list: Vectors,
    hidden_list: Vectors,
    activation_derivative: Function = relu_derivative,
    prev_hidden: ArrayLike | None = None,
) -> Gradients:
    """Returns the gradients (W, U, v) of the cross-entropy of one sample."""
    v = as_vector("output_weights", output_weights)
    error = as_vector("predicted", np.atleast_1d(predicted)) - as_label(actual)
    of_input, of_recurrent, of_output = target_gradients(
        error, v[None], recurrent_weights, values_list, hidden_list, activation_derivative, prev_hidden
    )
    return of_input, of_recurrent, of_output[0]


def train_epoch_classifier(
    samples: Sequence[tuple[Vectors, int]],
    input_weights: ArrayLike,
    recurrent_weights: ArrayLike,
    output_weights: ArrayLike,
    rate: float,
    activation_name: str = "relu",
) -> tuple[Array, Array, Array]:
    """Returns new (W, U, v) after one step of gradient descent on each sample in turn."""
    function, derivative = find_activation(activation_name)
    W, U, v = (
        as_matrix("input_weights", input_weights),
        as_square(recurrent_weights),
        as_vector("v", output_weights),
    )
    for values_list, actual in not_empty("samples", samples):
        predicted, hidden_list = recurrent_classifier_forward(
            values_list, W, U, v, activation_function=function
        )
        gradients = recurrent_classifier_backward(
            predicted, actual, v, U, values_list, hidden_list, derivative
        )
        W, U, v = descend((W, U, v), gradients, rate)
    return W, U, v


def recurrent_classifier_loss(
    samples: Sequence[tuple[Vectors, int]],
    input_weights: ArrayLike,
    recurrent_weights: ArrayLike,
    output_weights: ArrayLike,
    activation_function: Function = relu,
    eps: float = 1e-8,
) -> float:
    """Returns the mean over samples of the binary cross-entropy, with probabilities clipped at `eps`."""
    predicted = [
        recurrent_classifier_forward(
            values_list,
            input_weights,
            recurrent_weights,
            output_weights,
            activation_function=activation_function,
        )[0]
        for values_list, _ in not_empty("samples", samples)
    ]
    actual = np.array([as_label(label) for _, label in samples])
    return losses.binary_cross_entropy(np.array(predicted), actual, eps=eps).value
