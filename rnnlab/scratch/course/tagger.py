"""Many to many: a class at every step."""

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from rnnlab.cells.activations import Array, find_activation
from rnnlab.scratch import losses
from rnnlab.scratch.checks import check_shape
from rnnlab.scratch.course.activations import relu, relu_derivative
from rnnlab.scratch.course.arrays import (
    Samples,
    Vectors,
    as_class_index,
    as_matrix,
    as_output_weights,
    as_square,
    as_vector,
    not_empty,
    same_length,
)
from rnnlab.scratch.course.through_time import (
    Function,
    Gradients,
    descend,
    get_hidden_sequence,
    target_gradients,
)
from rnnlab.scratch.course.units import crossent_loss_gradient, softmax_layer

Convention = Literal["course", "plain"]


def get_output_sequence(hidden_list: Vectors, weights: ArrayLike) -> list[Array]:
    """Returns the class probabilities at every step."""
    states = [as_vector("hidden_list", hidden) for hidden in not_empty("hidden_list", hidden_list)]
    return [softmax_layer(hidden, weights) for hidden in states]


def recurrent_tagger_forward(
    values_list: Vectors,
    input_weights: ArrayLike,
    recurrent_weights: ArrayLike,
    output_weights: ArrayLike,
    activation_function: Function = relu,
    *,
    prev_hidden: ArrayLike | None = None,
) -> tuple[list[Array], list[Array]]:
    """Returns the hidden states and the class probabilities at every step."""
    hidden_list = get_hidden_sequence(
        values_list, input_weights, recurrent_weights, activation_function, prev_hidden=prev_hidden
    )
    V = as_output_weights(as_matrix("output_weights", output_weights), hidden_list[-1])
    return hidden_list, get_output_sequence(hidden_list, V)


def get_intermediate_weights_gradients(
    outputs_list: Any,
    actuals_list: Any,
    output_weights: ArrayLike,
    recurrent_weights: ArrayLike,
    values_list: Vectors,
    hidden_list: Vectors,
    activation_derivative: Function = relu_derivative,
    *,
    prev_hidden: ArrayLike | None = None,
) -> tuple[Any, Any, Any]:
    """Returns three lists: the gradients of W, of U and of V that each target sends back through its past.

    The first target does not involve U, for which it has None (unless an initial state is given). With one
    output (C,) and one actual instead of lists: that target's own (W, U or None, V), for the last step of
    `values_list` and `hidden_list`.
    """
    V = as_matrix("output_weights", output_weights)

    def of_target(output: Any, actual: Any, steps: int) -> Gradients:
        past = (values_list[:steps], hidden_list[:steps])
        probabilities = as_vector("outputs_list", output)
        check_shape("outputs_list", probabilities, len(V))
        error = crossent_loss_gradient(probabilities, as_class_index(actual, len(V)) + 1)
        return target_gradients(error, V, recurrent_weights, *past, activation_derivative, prev_hidden)

    n = len(not_empty("values_list", values_list))
    if np.ndim(not_empty("outputs_list", outputs_list)[0]) == 0:
        return of_target(outputs_list, actuals_list, n)
    same_length(n, outputs_list=outputs_list, actuals_list=actuals_list, hidden_list=hidden_list)
    per_target = [of_target(outputs_list[t], actuals_list[t], t + 1) for t in range(n)]
    inputs, recurrents, outputs = zip(*per_target, strict=True)
    return list(inputs), list(recurrents), list(outputs)


def recurrent_tagger_backward(
    outputs_list: Vectors,
    actuals_list: Vectors,
    output_weights: ArrayLike,
    recurrent_weights: ArrayLike,
    values_list: Vectors,
    hidden_list: Vectors,
    activation_derivative: Function = relu_derivative,
    *,
    prev_hidden: ArrayLike | None = None,
    convention: Convention = "course",
) -> Gradients:
    """Returns the gradients (W, U, V) of one sample, averaged over its n targets; U's None for a single step.

    Convention "course" averages U over the targets that involve it, n - 1 without an initial state;
    "plain" over all n, which is the gradient of the time-averaged loss.
    """
    if convention not in ("course", "plain"):
        raise ValueError(f"convention {convention!r} is neither 'course' nor 'plain'")
    same_length(len(values_list), outputs_list=outputs_list)
    inputs, recurrents, outputs = get_intermediate_weights_gradients(
        outputs_list,
        actuals_list,
        output_weights,
        recurrent_weights,
        values_list,
        hidden_list,
        activation_derivative,
        prev_hidden=prev_hidden,
    )
    involved = [gradient for gradient in recurrents if gradient is not None]
    count = len(involved) if convention == "course" else len(inputs)
    of_recurrent = np.sum(involved, axis=0) / count if involved else None
    return np.mean(inputs, axis=0), of_recurrent, np.mean(outputs, axis=0)


def train_epoch_tagger(
    train_samples: Samples,
    input_weights: ArrayLike,
    recurrent_weights: ArrayLike,
    output_weights: ArrayLike,
    learning_rate: float,
    activation_name: str = "relu",
    *,
    convention: Convention = "course",
) -> tuple[Array, Array, Array]:
    """Returns new (W, U, V) after one step of gradient descent on each sample in turn."""
    function, derivative = find_activation(activation_name)
    W, U, V = (
        as_matrix("input_weights", input_weights),
        as_square(recurrent_weights),
        as_matrix("output_weights", output_weights),
    )
    for values_list, actuals_list in not_empty("train_samples", train_samples):
        hidden_list, outputs_list = recurrent_tagger_forward(values_list, W, U, V, function)
        gradients = recurrent_tagger_backward(
            outputs_list, actuals_list, V, U, values_list, hidden_list, derivative, convention=convention
        )
        W, U, V = descend((W, U, V), gradients, learning_rate)
    return W, U, V


def tagged_sample_loss(
    values_list: Vectors,
    actuals_list: Vectors,
    input_weights: ArrayLike,
    recurrent_weights: ArrayLike,
    output_weights: ArrayLike,
    activation_function: Function = relu,
    eps: float = 1e-8,
) -> float:
    """Returns the mean over steps of -ln of each target's probability, clipped from below at `eps`."""
    _, outputs_list = recurrent_tagger_forward(
        values_list, input_weights, recurrent_weights, output_weights, activation_function
    )
    outputs = np.stack(outputs_list)
    same_length(len(outputs), actuals_list=actuals_list)
    classes = np.array([as_class_index(actual, outputs.shape[1]) for actual in actuals_list])
    return losses.cross_entropy(outputs, classes, eps=eps).value


def recurrent_tagger_loss(
    samples: Samples,
    input_weights: ArrayLike,
    recurrent_weights: ArrayLike,
    output_weights: ArrayLike,
    activation_function: Function = relu,
    eps: float = 1e-8,
) -> float:
    """Returns the mean over samples of `tagged_sample_loss`."""
    weights = (input_weights, recurrent_weights, output_weights)
    of_samples = [
        tagged_sample_loss(values_list, actuals_list, *weights, activation_function, eps)
        for values_list, actuals_list in not_empty("samples", samples)
    ]
    return float(np.mean(of_samples))
