"""The engine in the notation of the classic exercise: one sample at a time, as lists of vectors.

Input weights W (H, 1 + E) have the bias as first column, recurrent weights U (H, H) have none, output
weights are v (1 + H,) for the classifier and V (C, 1 + H) for the tagger, bias first. A sample is
(values_list, actual) with a label 0 or 1, or (values_list, actuals_list) with a class for every step, as a
number from 1 to C or as a one-hot vector. Numbers may be integers; all results are float64.

A one-step sequence involves no recurrent weights: their gradient is None. Everything here is the
arithmetic of `RNNCell`, the heads and the losses under other names.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from rnnlab.scratch import losses
from rnnlab.scratch.activations import (
    Activation,
    Array,
    find_activation,
    identity,
    identity_derivative,
    relu,
    relu_derivative,
    sigmoid,
)
from rnnlab.scratch.checks import check_no_nan, check_range, check_shape
from rnnlab.scratch.heads import linear, linear_backward
from rnnlab.scratch.rnn import RNNCell

Function = Callable[[Array], Array]
Vectors = Sequence[ArrayLike]
Gradients = tuple[Array, Array | None, Array]
Convention = Literal["course", "plain"]


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
    x, W, U = (
        _floats("input_values", input_values),
        _matrix("input_weights", input_weights),
        _square(recurrent_weights),
    )
    check_shape("input_weights", W, len(U), len(x) + 1)
    cell = RNNCell(
        W[:, 1:],
        U,
        W[:, 0],
        np.zeros(len(U)),
        nonlinearity=Activation(activation_function, identity_derivative),
    )
    (hidden,), _ = cell.forward(x[None], (_state(prev_hidden, len(U))[None],))
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
    for values in _not_empty("values_list", values_list):
        prev_hidden = get_hidden(prev_hidden, recurrent_weights, values, input_weights, activation_function)
        hidden_list.append(prev_hidden)
    return hidden_list


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
    v = _floats("output_weights", output_weights)
    check_shape("output_weights", v, len(hidden_list[-1]) + 1)
    return float(sigmoid(linear(hidden_list[-1], v[None, 1:], v[:1]))[0]), hidden_list


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
    return d_prev_hidden * activation_derivative(_floats("prev_hidden", prev_hidden))


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
    steps = len(_not_empty("values_list", values_list))
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
    v = _floats("output_weights", output_weights)
    error = np.array([float(predicted) - _label(actual)])
    of_input, of_recurrent, of_output = _target_gradients(
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
        _matrix("input_weights", input_weights),
        _square(recurrent_weights),
        _floats("v", output_weights),
    )
    for values_list, actual in _not_empty("samples", samples):
        predicted, hidden_list = recurrent_classifier_forward(
            values_list, W, U, v, activation_function=function
        )
        gradients = recurrent_classifier_backward(
            predicted, actual, v, U, values_list, hidden_list, derivative
        )
        W, U, v = _descend((W, U, v), gradients, rate)
    return W, U, v


def recurrent_classifier_loss(
    samples: Sequence[tuple[Vectors, int]],
    input_weights: ArrayLike,
    recurrent_weights: ArrayLike,
    output_weights: ArrayLike,
    activation_function: Function = relu,
    eps: float = 1e-8,
) -> float:
    """Returns the mean over samples of the binary cross-entropy, probabilities clipped from below at `eps`."""
    predicted = [
        recurrent_classifier_forward(
            values_list,
            input_weights,
            recurrent_weights,
            output_weights,
            activation_function=activation_function,
        )[0]
        for values_list, _ in _not_empty("samples", samples)
    ]
    actual = np.array([_label(label) for _, label in samples])
    return losses.binary_cross_entropy(np.array(predicted), actual, eps=eps).value


def softmax_layer(input_values: ArrayLike, weights: ArrayLike) -> Array:
    """Returns class probabilities softmax(V [1, h]) (C,)."""
    h, V = _floats("input_values", input_values), _matrix("weights", weights)
    check_shape("weights", V, "classes", len(h) + 1)
    return losses.softmax(linear(h, V[:, 1:], V[:, 0]))


def get_output_sequence(hidden_list: Vectors, output_weights: ArrayLike) -> list[Array]:
    """Returns the class probabilities at every step."""
    return [softmax_layer(hidden, output_weights) for hidden in _not_empty("hidden_list", hidden_list)]


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
    output: ArrayLike,
    actual: ArrayLike,
    output_weights: ArrayLike,
    recurrent_weights: ArrayLike,
    values_list: Vectors,
    hidden_list: Vectors,
    activation_derivative: Function = relu_derivative,
    prev_hidden: ArrayLike | None = None,
) -> Gradients:
    """Returns the gradients (W, U, V) of the error that one target sends back through its past.

    `output` (C,) and `actual` are those of the last step in `values_list` and `hidden_list`.
    """
    probabilities, V = _floats("output", output), _matrix("output_weights", output_weights)
    check_shape("output", probabilities, len(V))
    error = probabilities - np.eye(len(V))[_class_index(actual, len(V))]
    return _target_gradients(
        error, V, recurrent_weights, values_list, hidden_list, activation_derivative, prev_hidden
    )


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

    The first target does not involve U (unless an initial state is given). Convention "course" averages U
    over the n - 1 targets that do; "plain" over all n, the gradient of the time-averaged loss.
    """
    n = len(_not_empty("values_list", values_list))
    _same_length(n, outputs_list=outputs_list, actuals_list=actuals_list, hidden_list=hidden_list)
    if convention not in ("course", "plain"):
        raise ValueError(f"convention {convention!r} is neither 'course' nor 'plain'")
    per_target = [
        get_intermediate_weights_gradients(
            outputs_list[t],
            actuals_list[t],
            output_weights,
            recurrent_weights,
            values_list[: t + 1],
            hidden_list[: t + 1],
            activation_derivative,
            prev_hidden,
        )
        for t in range(n)
    ]
    inputs, recurrents, outputs = zip(*per_target, strict=True)
    involved = [gradient for gradient in recurrents if gradient is not None]
    count = len(involved) if convention == "course" else n
    of_recurrent = np.sum(involved, axis=0) / count if involved else None
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
        _matrix("input_weights", input_weights),
        _square(recurrent_weights),
        _matrix("V", output_weights),
    )
    for values_list, actuals_list in _not_empty("samples", samples):
        outputs_list, hidden_list = recurrent_tagger_forward(
            values_list, W, U, V, activation_function=function
        )
        gradients = recurrent_tagger_backward(
            outputs_list, actuals_list, V, U, values_list, hidden_list, derivative, convention=convention
        )
        W, U, V = _descend((W, U, V), gradients, rate)
    return W, U, V


def tagged_sample_loss(outputs_list: Vectors, actuals_list: Vectors, eps: float = 1e-8) -> float:
    """Returns the mean over time of -ln of each target's probability, clipped from below at `eps`."""
    outputs = np.stack(
        [_floats("outputs_list", output) for output in _not_empty("outputs_list", outputs_list)]
    )
    _same_length(len(outputs), actuals_list=actuals_list)
    classes = np.array([_class_index(actual, outputs.shape[1]) for actual in actuals_list])
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
    for values_list, actuals_list in _not_empty("samples", samples):
        outputs_list, _ = recurrent_tagger_forward(
            values_list,
            input_weights,
            recurrent_weights,
            output_weights,
            activation_function=activation_function,
        )
        of_samples.append(tagged_sample_loss(outputs_list, actuals_list, eps))
    return float(np.mean(of_samples))


def _target_gradients(
    error: Array,
    V: Array,
    recurrent_weights: ArrayLike,
    values_list: Vectors,
    hidden_list: Vectors,
    activation_derivative: Function,
    prev_hidden: ArrayLike | None,
) -> Gradients:
    """Sends error (C,) = p - y at the last step back through V (C, 1 + H) and time."""
    _same_length(len(_not_empty("values_list", values_list)), hidden_list=hidden_list)
    hidden = _floats("hidden_list", hidden_list[-1])
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


def _step_back(
    delta: ArrayLike, recurrent_weights: ArrayLike | None, values: ArrayLike, prev_hidden: ArrayLike | None
) -> tuple[Array, Array, Array]:
    """Returns the gradients (W, U, h_prev) of one linear cell, whose delta is the gradient of its output."""
    delta, x = _floats("delta", delta), _floats("values", values)
    H = len(delta)
    U = np.zeros((H, H)) if recurrent_weights is None else _square(recurrent_weights)
    check_shape("recurrent_weights", U, H, H)
    cell = RNNCell(np.zeros((H, len(x))), U, np.zeros(H), np.zeros(H), nonlinearity="identity")
    _, step = cell.forward(x[None], (_state(prev_hidden, H)[None],))
    of = {
        name: np.zeros_like(getattr(cell, name)) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    }
    _, (d_prev_hidden,) = cell.backward((delta[None],), step, of)
    return np.column_stack([of["bias_ih"], of["weight_ih"]]), of["weight_hh"], d_prev_hidden[0]


def _descend(
    weights: tuple[Array, Array, Array], gradients: Gradients, rate: float
) -> tuple[Array, Array, Array]:
    W, U, V = (w if d is None else w - rate * d for w, d in zip(weights, gradients, strict=True))
    return W, U, V


def _floats(name: str, values: ArrayLike) -> Array:
    array = np.asarray(values, dtype=np.float64)
    check_shape(name, array, "size")
    check_no_nan(name, array)
    return array


def _matrix(name: str, values: ArrayLike) -> Array:
    array = np.asarray(values, dtype=np.float64)
    check_shape(name, array, "rows", "columns")
    check_no_nan(name, array)
    return array


def _square(recurrent_weights: ArrayLike) -> Array:
    U = _matrix("recurrent_weights", recurrent_weights)
    check_shape("recurrent_weights", U, len(U), len(U))
    return U


def _state(prev_hidden: ArrayLike | None, size: int) -> Array:
    state = np.zeros(size) if prev_hidden is None else _floats("prev_hidden", prev_hidden)
    check_shape("prev_hidden", state, size)
    return state


def _label(actual: Any) -> float:
    if np.shape(actual) != () or actual not in (0, 1):
        raise ValueError(f"label is {actual!r}, expected 0 or 1")
    return float(actual)


def _class_index(actual: ArrayLike, classes: int) -> int:
    """Returns the class from 0 of a number from 1 to `classes`, or of a one-hot vector."""
    array = np.asarray(actual)
    if array.ndim == 0:
        check_range("class", array, 1, classes)
        return int(array) - 1
    check_shape("one-hot class", array, classes)
    if sorted(array) != [0] * (classes - 1) + [1]:
        raise ValueError(f"class is {array.tolist()}, expected a one-hot vector of {classes}")
    return int(array.argmax())


def _not_empty(name: str, items: Sequence[Any]) -> Sequence[Any]:
    if len(items) == 0:
        raise ValueError(f"{name} is empty, expected at least one")
    return items


def _same_length(expected: int, **lists: Sequence[Any]) -> None:
    for name, items in lists.items():
        if len(items) != expected:
            raise ValueError(f"{name} has {len(items)} steps, expected {expected}")
