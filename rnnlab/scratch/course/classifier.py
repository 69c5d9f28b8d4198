"""Many to one: a label 0 or 1 from the last hidden state."""

import numpy as np
from numpy.typing import ArrayLike

from rnnlab.cells.activations import Array, find_activation
from rnnlab.scratch import losses
from rnnlab.scratch.course.activations import relu, relu_derivative
from rnnlab.scratch.course.arrays import (
    Number,
    Samples,
    Vectors,
    as_label,
    as_matrix,
    as_output_weights,
    as_square,
    as_vector,
    not_empty,
)
from rnnlab.scratch.course.through_time import (
    Function,
    Gradients,
    descend,
    get_hidden_sequence,
    target_gradients,
)
from rnnlab.scratch.course.units import crossent_loss_gradient, logistic_layer


def recurrent_classifier_forward(
    values_list: Vectors,
    input_weights: ArrayLike,
    recurrent_weights: ArrayLike,
    output_weights: ArrayLike,
    activation_function: Function = relu,
    *,
    prev_hidden: ArrayLike | None = None,
) -> tuple[list[Array], Number]:
    """Returns the hidden states and the probability sigmoid(v [1, h_n]), several of a matrix V."""
    hidden_list = get_hidden_sequence(
        values_list, input_weights, recurrent_weights, activation_function, prev_hidden=prev_hidden
    )
    V = as_output_weights(output_weights, hidden_list[-1])
    return hidden_list, logistic_layer(hidden_list[-1], V)


def recurrent_classifier_backward(
    predicted: ArrayLike,
    actual: ArrayLike,
    output_weights: ArrayLike,
    recurrent_weights: ArrayLike,
    values_list: Vectors,
    hidden_list: Vectors,
    activation_derivative: Function = relu_derivative,
    *,
    prev_hidden: ArrayLike | None = None,
) -> Gradients:
    """Returns the gradients (W, U, v) of the cross-entropy of one sample, U's None for a single step.

    predicted: a probability, or a vector of them, with a matrix V of output weights; actual: as for
    `crossent_loss_gradient`.
    """
    return target_gradients(
        crossent_loss_gradient(predicted, actual),
        output_weights,
        recurrent_weights,
        values_list,
        hidden_list,
        activation_derivative,
        prev_hidden,
    )


def train_epoch_classifier(
    train_samples: Samples,
    input_weights: ArrayLike,
    recurrent_weights: ArrayLike,
    output_weights: ArrayLike,
    learning_rate: float,
    activation_name: str = "relu",
) -> tuple[Array, Array, Array]:
    """Returns new (W, U, v) after one step of gradient descent on each sample in turn."""
    function, derivative = find_activation(activation_name)
    W, U, v = (
        as_matrix("input_weights", input_weights),
        as_square(recurrent_weights),
        as_vector("output_weights", output_weights),
    )
    for values_list, actual in not_empty("train_samples", train_samples):
        hidden_list, predicted = recurrent_classifier_forward(values_list, W, U, v, function)
        gradients = recurrent_classifier_backward(
            predicted, as_label(actual), v, U, values_list, hidden_list, derivative
        )
        W, U, v = descend((W, U, v), gradients, learning_rate)
    return W, U, v


def recurrent_classifier_loss(
    samples: Samples,
    input_weights: ArrayLike,
    recurrent_weights: ArrayLike,
    output_weights: ArrayLike,
    activation_function: Function = relu,
    eps: float = 1e-8,
) -> float:
    """Returns the mean over samples of the binary cross-entropy, with probabilities clipped at `eps`."""
    v = as_vector("output_weights", output_weights)
    predicted = [
        recurrent_classifier_forward(values_list, input_weights, recurrent_weights, v, activation_function)[1]
        for values_list, _ in not_empty("samples", samples)
    ]
    actual = np.array([as_label(label) for _, label in samples])
    return losses.binary_cross_entropy(np.array(predicted), actual, eps=eps).value
