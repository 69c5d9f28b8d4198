"""Holds the from-scratch gradients against finite differences and torch's autograd, parameter by parameter.

Each model is a whole classifier (embedding, recurrent layer, head, binary cross-entropy) in float64 on four
texts of different lengths, so that the mask is at work. Historic bugs can be put into a copy, to see what
each looks like in the table.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence

from rnnlab.core.errors import InputError, did_you_mean
from rnnlab.scratch import GRU, LSTM, RNN, losses
from rnnlab.scratch.cell import Cell
from rnnlab.scratch.classifiers import RecurrentClassifier, classifier_parameters
from rnnlab.scratch.layer import Layer
from rnnlab.scratch.lstm import LSTMCell, LSTMStep
from rnnlab.scratch.rnn import RNNCell

Array = NDArray[Any]
STEP = 1e-5  # near the cube root of float64's epsilon, where rounding and curvature err alike
LIMIT = 1e-6
MODELS: dict[str, type[Layer]] = {"rnn": RNN, "lstm": LSTM, "gru": GRU}
TORCH_MODELS: dict[str, Any] = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
IDS = np.array([[1, 2, 3, 4, 5], [6, 1, 0, 0, 0], [3, 3, 2, 0, 0], [5, 0, 0, 0, 0]])
LENGTHS, LABELS = np.array([5, 2, 3, 1]), np.array([1, 0, 0, 1])
VOCABULARY_SIZE, EMBEDDING_DIM, HEAD_SIZE = 7, 3, 4


class Row(NamedTuple):
    """Relative differences ||a - b|| / ||b|| of scratch (a) from finite differences and autograd (b)."""

    model: str
    parameter: str
    gate: str
    finite_differences: float
    autograd: float

    @property
    def passed(self) -> bool:
        """Whether neither difference is above LIMIT; a NaN is a failure."""
        return self.finite_differences <= LIMIT and self.autograd <= LIMIT


class Bug(NamedTuple):
    """A mistake that was really made: the models it applies to, and what makes a broken copy of a layer."""

    description: str
    models: tuple[str, ...]
    break_layer: Callable[[type[Layer]], type[Layer]]


def relative_difference(a: Array, b: Array) -> float:
    """Returns ||a - b|| / ||b|| (Euclidean), or ||a|| where b is all zero."""
    return float(np.linalg.norm(a - b) / (np.linalg.norm(b) or 1.0))


def finite_differences(loss: Callable[[], float], parameter: Array) -> Array:
    """Returns the two-sided differences (loss(p + STEP) - loss(p - STEP)) / (2 STEP), one number at a time."""
    slopes = np.zeros_like(parameter)
    for index in np.ndindex(parameter.shape):
        kept = parameter[index]
        parameter[index] = kept + STEP
        above = loss()
        parameter[index] = kept - STEP
        slopes[index] = (above - loss()) / (2 * STEP)
        parameter[index] = kept
    return slopes


def check_model(model: str, *, hidden_size: int, seed: int, bug: str | None = None) -> list[Row]:
    """Returns a row for every parameter, and for every gate where there are several."""
    rng = np.random.default_rng(seed)
    drawn = MODELS[model].random(EMBEDDING_DIM, hidden_size, rng=rng)
    parameters = classifier_parameters(drawn, VOCABULARY_SIZE, EMBEDDING_DIM, head_size=HEAD_SIZE, rng=rng)
    layer = BUGS[bug].break_layer(MODELS[model]) if bug else MODELS[model]
    net = RecurrentClassifier(parameters, layer)
    found = net.loss_and_gradients(IDS, LENGTHS, LABELS).gradients

    def loss() -> float:
        return losses.binary_cross_entropy_with_logits(net.forward(IDS, LENGTHS)[0], LABELS).value

    autograd = _autograd(model, parameters)
    rows = []
    for name, parameter in parameters.items():
        slopes = finite_differences(loss, parameter)
        for gate, rows_of_gate in _gates(name, layer.cell_type, hidden_size):
            a, b, c = (array[rows_of_gate] for array in (found[name], slopes, autograd[name]))
            rows.append(Row(model, name, gate, relative_difference(a, b), relative_difference(a, c)))
    return rows


def check_losses(*, seed: int) -> list[Row]:
    """Returns a row for every loss: its derivative with respect to the predictions."""
    rng = np.random.default_rng(seed)
    logits, many, labels, classes = (
        rng.standard_normal(5),
        rng.standard_normal((5, 3)),
        rng.integers(0, 2, 5),
        rng.integers(0, 3, 5),
    )
    targets = rng.standard_normal((5, 3))
    cases: list[tuple[Any, Any, Array, Array]] = [
        (
            losses.binary_cross_entropy_with_logits,
            functional.binary_cross_entropy_with_logits,
            logits,
            labels * 1.0,
        ),
        (
            losses.binary_cross_entropy,
            functional.binary_cross_entropy,
            rng.uniform(0.1, 0.9, 5),
            labels * 1.0,
        ),
        (losses.cross_entropy_with_logits, functional.cross_entropy, many, classes),
        (losses.cross_entropy, _negative_log_likelihood, losses.softmax(many), classes),
        (losses.mean_squared_error, functional.mse_loss, many.copy(), targets),
    ]
    rows = []
    for loss, torch_loss, predictions, expected in cases:
        reference = torch.tensor(predictions, requires_grad=True)
        torch_loss(reference, torch.tensor(expected)).backward()
        gradient = loss(predictions, expected).gradient
        slopes = finite_differences(lambda: loss(predictions, expected).value, predictions)  # noqa: B023
        of_autograd = relative_difference(gradient, reference.grad.numpy())  # type: ignore[union-attr]
        rows.append(Row("loss", f"{loss.__name__}", "", relative_difference(gradient, slopes), of_autograd))
    return rows


def find_models(model: str, bug: str | None) -> list[str]:
    """Returns the models to check, for `all` those that the bug applies to; InputError for names unknown."""
    if model != "all" and model not in MODELS:
        known = ", ".join([*MODELS, "all"])
        raise InputError(f"--model {model!r} is not one of {known}{did_you_mean(model, [*MODELS, 'all'])}")
    if bug is not None and bug not in BUGS:
        raise InputError(f"--break {bug!r} is not one of {', '.join(BUGS)}{did_you_mean(bug, BUGS)}")
    possible = list(BUGS[bug].models if bug else MODELS)
    if model != "all" and model not in possible:
        raise InputError(f"--break {bug} does not apply to {model}, only to {', '.join(possible)}")
    return possible if model == "all" else [model]


def _autograd(model: str, parameters: dict[str, Array]) -> dict[str, Array]:
    """Returns torch's gradients of the same net on the same batch."""
    named = {name: torch.tensor(array, requires_grad=True) for name, array in parameters.items()}
    hidden_size = parameters["recurrent.weight_hh_l0"].shape[1]
    layer = TORCH_MODELS[model](EMBEDDING_DIM, hidden_size, batch_first=True, dtype=torch.float64)
    layer.load_state_dict({n.removeprefix("recurrent."): p for n, p in named.items() if "recurrent." in n})
    x = functional.embedding(torch.tensor(IDS), named["embedding.weight"])
    packed = pack_padded_sequence(x, torch.tensor(LENGTHS), batch_first=True, enforce_sorted=False)
    h_n = layer(packed)[1]
    document = (h_n[0] if isinstance(h_n, tuple) else h_n)[0]
    hidden = functional.relu(
        functional.linear(document, named["head.hidden.weight"], named["head.hidden.bias"])
    )
    logits = functional.linear(hidden, named["head.output.weight"], named["head.output.bias"])[:, 0]
    functional.binary_cross_entropy_with_logits(logits, torch.tensor(LABELS, dtype=torch.float64)).backward()
    of_layer = {f"recurrent.{name}": p.grad for name, p in layer.named_parameters()}
    of_rest = {name: p.grad for name, p in named.items() if p.grad is not None}
    return {name: gradient.numpy() for name, gradient in (of_layer | of_rest).items()}


def _gates(name: str, cell: type[Cell], hidden_size: int) -> Iterator[tuple[str, slice]]:
    """Yields each gate's name and rows; parameters outside the layer, and vanilla ones, are one piece."""
    if not name.startswith("recurrent.") or len(cell.gates) == 1:
        yield "", slice(None)
        return
    for k, gate in enumerate(cell.gates):
        yield gate, slice(k * hidden_size, (k + 1) * hidden_size)


def _negative_log_likelihood(probabilities: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    return functional.nll_loss(probabilities.log(), classes)


def _with_cell(layer: type[Layer], cell: type[Cell]) -> type[Layer]:
    return type(layer.__name__, (layer,), {"cell_type": cell})


def _one_bias(layer: type[Layer]) -> type[Layer]:
    class Broken(LSTMCell):
        def __init__(self, *args: Any, **named: Any) -> None:
            super().__init__(*args, **named)
            for name in ("bias_ih", "bias_hh"):
                i, _, g, _ = np.split(getattr(self, name), 4)
                setattr(self, name, np.concatenate([i, i, g, i]))

    return _with_cell(layer, Broken)


def _tanh_twice(layer: type[Layer]) -> type[Layer]:
    class Broken(LSTMCell):
        def forward(self, x_BE: Array, state: Any) -> tuple[Any, LSTMStep]:
            (_, c_BH), step = super().forward(x_BE, state)
            return (step.o_BH * np.tanh(step.tanh_c_BH), c_BH), step

    return _with_cell(layer, Broken)


def _no_accumulation(layer: type[Layer]) -> type[Layer]:
    class Broken(layer.cell_type):  # type: ignore[name-defined,misc]
        def backward(self, d_state: Any, step: Any, gradients: dict[str, Array]) -> Any:
            for gradient in gradients.values():
                gradient[...] = 0
            return super().backward(d_state, step, gradients)

    return _with_cell(layer, Broken)


def _last_state(layer: type[Layer]) -> type[Layer]:
    class Broken(layer):  # type: ignore[valid-type,misc]
        def mask(self, lengths_B: Array, time: int) -> Array:
            return np.ones_like(super().mask(lengths_B, time))

    return Broken


def _gate_order(layer: type[Layer]) -> type[Layer]:
    order = {"LSTMCell": [0, 1, 3, 2], "GRUCell": [1, 0, 2]}[layer.cell_type.__name__]

    class Broken(layer.cell_type):  # type: ignore[name-defined,misc]
        def __init__(self, *args: Any, **named: Any) -> None:
            super().__init__(*args, **named)
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                blocks = np.split(getattr(self, name), len(order))
                setattr(self, name, np.concatenate([blocks[k] for k in order]))

    return _with_cell(layer, Broken)


def _pre_activation(layer: type[Layer]) -> type[Layer]:
    class Broken(RNNCell):
        def backward(self, d_state: Any, step: Any, gradients: dict[str, Array]) -> Any:
            return super().backward(d_state, step._replace(h_BH=np.arctanh(step.h_BH)), gradients)

    return _with_cell(layer, Broken)


BUGS = {
    "one-bias": Bug("one bias for three gates", ("lstm",), _one_bias),
    "tanh-twice": Bug("tanh applied twice to the cell", ("lstm",), _tanh_twice),
    "no-accumulation": Bug(
        "parameter gradients not summed over time", ("rnn", "lstm", "gru"), _no_accumulation
    ),
    "last-state": Bug("the last state instead of the masked one", ("rnn", "lstm", "gru"), _last_state),
    "gate-order": Bug("gates read in another order", ("lstm", "gru"), _gate_order),
    "pre-activation": Bug("derivative taken at the pre-activation", ("rnn",), _pre_activation),
}
