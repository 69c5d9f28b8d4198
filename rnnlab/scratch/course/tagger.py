"""Many to many: a class at every step."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from rnnlab.cells.activations import Array, find_activation, relu, relu_derivative
from rnnlab.scratch import losses
from rnnlab.scratch.checks import check_shape
from rnnlab.scratch.course.arrays import (
    Vectors,
    as_class_index,
    as_matrix,
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
from rnnlab.scratch.heads import linear

Convention = Literal["course", "plain"]


def softmax_layer(input_values: ArrayLike, weights: ArrayLike) -> Array:
    """Returns class probabilities softmax(V [1, h]) (C,)."""
    h, V = as_vector("input_values", input_values), as_matrix("weights", weights)
    check_shape("weights", V, "classes", len(h) + 1)
    return losses.softmax(linear(h, V[:, 1:], V[:, 0]))


def get_output_sequence(hidden_list: Vectors, output_weights: ArrayLike) -> list[Array]:
    """Returns the class probabilities at every step."""
    return [softmax_layer(hidden, output_weights) for hidden in not_empty("hidden_list", hidden_list)]


def recurrent_tagger_forward(
    values_list: Vectors,
    input_weights: ArrayLike,
    recurrent_weights: ArrayLike,
    output_weights: ArrayLike,
    prev_hidden: ArrayLike | None = None,
    activation_function: Function = relu,
) -> tuple[list[Array], list[Array]]:
    """Returns the class probabilities and the hidden states at every step."""
    hidden_list = get_hidden_sequence(
        values_list, input_weights, recurrent_weights, prev_hidden, activation_function
    )
    return get_output_sequence(hidden_list, output_weights), hidden_list


def get_intermediate_weights_gradients(
    outputs_list: Any,
    actuals_list: Any,
    output_weights: ArrayLike,
    recurrent_weights: ArrayLike,
    values_list: Vectors,
    hidden_list: Vectors,
    activation_derivative: Function = relu_derivative,
    prev_hidden: ArrayLike | None = None,
) -> tuple[Any, Any, Any]:
    """Returns three lists: the gradients of W, of U and of V that each target sends back through its past.

    The list for U is one shorter, since the first target does not involve it (unless an initial state is
    given). With one output (C,) and one actual instead of lists: that target's own (W, U or None, V), for
    the last step of `values_list` and `hidden_list`.
    """
    V = as_matrix("output_weights", output_weights)

    def of_target(output: Any, actual: Any, steps: int) -> Gradients:
        past = (values_list[:steps], hidden_list[:steps])
        error = _error(output, actual, len(V))
        return target_gradients(error, V, recurrent_weights, *past, activation_derivative, prev_hidden)

    n = len(not_empty("values_list", values_list))
    if np.ndim(not_empty("outputs_list", outputs_list)[0]) == 0:
        return of_target(outputs_list, actuals_list, n)
    same_length(n, outputs_list=outputs_list, actuals_list=actuals_list, hidden_list=hidden_list)
    per_target = [of_target(outputs_list[t], actuals_list[t], t + 1) for t in range(n)]
    inputs, recurrents, outputs = zip(*per_target, strict=True)
    return list(inputs), [gradient for gradient in recurrents if gradient is not None], list(outputs)


def recurrent_tagger_backward(
    outputs_list: Vectors,
    actuals_list: Vectors,
    output_weights: ArrayLike,
    recurrent_weights: ArrayLike,
    values_list: Vectors,
    hidden_list: Vectors,
    activation_derivative: Function = relu_derivative,
    prev_hidden: ArrayLike | None = None,
    convention: Convention = "course",
) -> Gradients:
    """Returns the gradients (W, U, V) of one sample, averaged over its n targets.

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
        prev_hidden,
    )
    count = len(recurrents) if convention == "course" else len(inputs)
    of_recurrent = np.sum(recurrents, axis=0) / count if recurrents else None
    return np.mean(inputs, axis=0), of_recurrent, np.mean(outputs, axis=0)


def train_epoch_tagger(
    samples: Sequence[tuple[Vectors, Vectors]],
    input_weights: ArrayLike,
    recurrent_weights: ArrayLike,
    output_weights: ArrayLike,
    rate: float,
    activation_name: str = "relu",
    convention: Convention = "course",
) -> tuple[Array, Array, Array]:
    """Returns new (W, U, V) after one step of gradient descent on each sample in turn."""
    function, derivative = find_activation(activation_name)
    W, U, V = (
        as_matrix("input_weights", input_weights),
        as_square(recurrent_weights),
        as_matrix("V", output_weights),
    )
    for values_list, actuals_list in not_empty("samples", samples):
        outputs_list, hidden_list = recurrent_tagger_forward(
            values_list, W, U, V, activation_function=function
        )
        gradients = recurrent_tagger_backward(
            outputs_list, actuals_list, V, U, values_list, hidden_list, derivative, convention=convention
        )
        W, U, V = descend((W, U, V), gradients, rate)
    return W, U, V


def tagged_sample_loss(outputs_list: Vectors, actuals_list: Vectors, eps: float = 1e-8) -> float:
    """Returns the mean over time of -ln of each target's probability, clipped from below at `eps`."""
    outputs = np.stack(
        [as_vector("outputs_list", output) for output in not_empty("outputs_list", outputs_list)]
    )
    same_length(len(outputs), actuals_list=actuals_list)
    classes = np.array([as_class_index(actual, outputs.shape[1]) for actual in actuals_list])
    return losses.cross_entropy(outputs, classes, eps=eps).value


def recurrent_tagger_loss(
    samples: Sequence[tuple[Vectors, Vectors]],
    input_weights: ArrayLike,
    recurrent_weights: ArrayLike,
    output_weights: ArrayLike,
    activation_function: Function = relu,
    eps: float = 1e-8,
) -> float:
    """Returns the mean over samples of `tagged_sample_loss`."""
    of_samples = []
    for values_list, actuals_list in not_empty("samples", samples):
        outputs_list, _ = recurrent_tagger_forward(
            values_list,
            input_weights,
            recurrent_weights,
            output_weights,
            activation_function=activation_function,
        )
        of_samples.append(tagged_sample_loss(outputs_list, actuals_list, eps))
    return float(np.mean(of_samples))


def _error(output: ArrayLike, actual: ArrayLike, classes: int) -> Array:
    """Returns probabilities minus the one-hot target (C,)."""
    probabilities = as_vector("output", output)
    check_shape("output", probabilities, classes)
    return probabilities - np.eye(classes)[as_class_index(actual, classes)]
