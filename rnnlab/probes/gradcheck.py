"""Holds the from-scratch gradients against finite differences and torch's autograd, parameter by parameter.

Each model is a whole classifier (embedding, recurrent layer, head, binary cross-entropy) in float64 on four
texts of different lengths, so that the mask is at work. Historic bugs (`scratch.bugs`) can be put into a
copy, to see what each looks like in the table.
"""

from collections.abc import Callable, Iterator, Sequence
from types import EllipsisType
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence

from rnnlab.cells import Cell
from rnnlab.core.errors import InputError, did_you_mean
from rnnlab.models.base import unpack
from rnnlab.models.layer import make_layer
from rnnlab.models.pooling import Attention, Pooling, pool
from rnnlab.scratch import losses
from rnnlab.scratch.bugs import BUGS
from rnnlab.scratch.classifiers import RecurrentClassifier, classifier_parameters
from rnnlab.scratch.initialisers import glorot, normal
from rnnlab.scratch.layer import Layer

Array = NDArray[Any]
STEP = 1e-5  # rounding errs by about 1e-16 / STEP, curvature by about STEP**2: both near 1e-11
LIMIT = 1e-6
SMALLEST_GRADIENT = 1e-3  # below it, rounding alone would use up the limit
ZERO = 1e-12
IDS = np.array([[1, 2, 3, 4, 5], [6, 1, 0, 0, 0], [3, 3, 2, 0, 0], [5, 0, 0, 0, 0]])
LENGTHS, LABELS = np.array([5, 2, 3, 1]), np.array([1, 0, 0, 1])
VOCABULARY_SIZE, EMBEDDING_DIM, HEAD_SIZE = 7, 3, 4


class Row(NamedTuple):
    """Relative differences (see `relative_difference`) of scratch from finite differences and autograd."""

    model: str
    parameter: str
    gate: str
    finite_differences: float
    autograd: float

    @property
    def passed(self) -> bool:
        """Whether neither difference is above LIMIT; a NaN is a failure."""
        return self.finite_differences <= LIMIT and self.autograd <= LIMIT


def relative_difference(a: Array, b: Array) -> float:
    """Returns ||a - b|| / ||b|| (Euclidean), of no smaller b than SMALLEST_GRADIENT: zero may be rounded."""
    return float(np.linalg.norm(a - b)) / max(float(np.linalg.norm(b)), SMALLEST_GRADIENT)


def finite_differences(loss: Callable[[], float], parameter: Array) -> Array:
    """Returns (loss(p + STEP) - loss(p - STEP)) / (2 STEP) for every number p of `parameter`."""
    slopes = np.zeros_like(parameter)
    for index in np.ndindex(parameter.shape):
        kept = parameter[index]
        parameter[index] = kept + STEP
        above = loss()
        parameter[index] = kept - STEP
        slopes[index] = (above - loss()) / (2 * STEP)
        parameter[index] = kept
    return slopes


def check_cell(
    model: str,
    cell: Cell,
    *,
    hidden_size: int,
    seed: int,
    pooling: Pooling = "last",
    bug: str | None = None,
) -> list[Row]:
    """Returns a row for every parameter, and for every gate where there are several; model: the cell's
    name.
    """
    parameters, autograd = _draw(cell, hidden_size, pooling, np.random.default_rng(seed))
    layer = BUGS[bug].break_layer if bug else Layer
    net = RecurrentClassifier(parameters, layer, pooling=pooling, cell=cell)
    found = net.loss_and_gradients(IDS, LENGTHS, LABELS).gradients

    def loss() -> float:
        return losses.binary_cross_entropy_with_logits(net.forward(IDS, LENGTHS)[0], LABELS).value

    rows = []
    for name, parameter in parameters.items():
        slopes = finite_differences(loss, parameter)
        for gate, rows_of_gate in _gates(name, cell, hidden_size):
            a, b, c = (array[rows_of_gate] for array in (found[name], slopes, autograd[name]))
            rows.append(Row(model, name, gate, relative_difference(a, b), relative_difference(a, c)))
    return rows


def check_losses(*, seed: int) -> list[Row]:
    """Returns a row for every loss: its derivative with respect to the predictions."""
    rng = np.random.default_rng(seed)
    logits, many, targets = (rng.standard_normal(shape) for shape in (5, (5, 3), (5, 3)))
    labels, classes = rng.integers(0, 2, 5).astype(float), rng.integers(0, 3, 5)
    cases: list[tuple[Any, Any, Array, Array]] = [
        (
            losses.binary_cross_entropy_with_logits,
            functional.binary_cross_entropy_with_logits,
            logits,
            labels,
        ),
        (
            losses.binary_cross_entropy,
            functional.binary_cross_entropy,
            rng.uniform(0.1, 0.9, 5),
            labels,
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
        rows.append(Row("loss", loss.__name__, "", relative_difference(gradient, slopes), of_autograd))
    return rows


def chosen_models(known: Sequence[str], model: str, bug: str | None) -> list[str]:
    """Returns the names to check, for `all` those of `known` that the bug applies to; InputError for
    others.
    """
    if model != "all" and model not in known:
        names = ", ".join([*known, "all"])
        raise InputError(f"--model {model!r} is not one of {names}{did_you_mean(model, [*known, 'all'])}")
    if bug is not None and bug not in BUGS:
        raise InputError(f"--break {bug!r} is not one of {', '.join(BUGS)}{did_you_mean(bug, BUGS)}")
    possible = list(BUGS[bug].models if bug else known)
    if model != "all" and model not in possible:
        raise InputError(f"--break {bug} does not apply to {model}, only to {', '.join(possible)}")
    return possible if model == "all" else [model]


def _draw(
    cell: Cell, hidden_size: int, pooling: Pooling, rng: np.random.Generator
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Returns parameters and autograd's gradients, drawn again until no gate's gradient is too small.

    But for those that are zero whatever is drawn, as of what cancels out: that have been in every draw, at
    least three of which sent a gradient all the way to the inputs.
    """
    alive: set[tuple[str, str]] = set()
    arrived = 0
    while True:
        drawn = Layer.random(
            EMBEDDING_DIM, hidden_size, cell=cell, rng=rng, input_init=normal, recurrent_init=glorot
        )
        parameters = classifier_parameters(
            drawn, VOCABULARY_SIZE, EMBEDDING_DIM, head_size=HEAD_SIZE, pooling=pooling, rng=rng
        )
        # Zeros would hide bugs in biases, and nearly equal weights those in attention.
        for name in filter(lambda name: "bias" in name or "attention" in name, parameters):
            parameters[name] = rng.standard_normal(parameters[name].shape)
        gradients = _autograd(cell, parameters, hidden_size, pooling)
        norms = {
            (name, gate): np.linalg.norm(gradient[rows])
            for name, gradient in gradients.items()
            for gate, rows in _gates(name, cell, hidden_size)
        }
        small = {place for place, norm in norms.items() if norm <= SMALLEST_GRADIENT}
        alive |= {place for place, norm in norms.items() if norm > ZERO}
        arrived += ("embedding.weight", "") not in small
        if not small or (arrived >= 3 and small.isdisjoint(alive)):
            return parameters, gradients


def _autograd(
    cell: Cell, parameters: dict[str, Array], hidden_size: int, pooling: Pooling
) -> dict[str, Array]:
    """Returns torch's gradients of the same net on the same batch, by its own layer if it has one."""
    named = {name: torch.tensor(array, requires_grad=True) for name, array in parameters.items()}
    layer = make_layer(cell, EMBEDDING_DIM, hidden_size, 1, dropout=0.0, bidirectional=False).double()
    layer.load_state_dict({n.removeprefix("recurrent."): p for n, p in named.items() if "recurrent." in n})
    x = functional.embedding(torch.tensor(IDS), named["embedding.weight"])
    packed = pack_padded_sequence(x, torch.tensor(LENGTHS), batch_first=True, enforce_sorted=False)
    states, h_n = layer(packed)
    document = (h_n[0] if isinstance(h_n, tuple) else h_n)[0]
    attention = Attention(hidden_size).double() if pooling == "attention" else None
    if attention is not None:
        attention.load_state_dict({name: named[f"attention.{name}"] for name in attention.state_dict()})
    if pooling != "last":
        document = pool(*unpack(states), pooling, attention)
    hidden = functional.relu(
        functional.linear(document, named["head.hidden.weight"], named["head.hidden.bias"])
    )
    logits = functional.linear(hidden, named["head.output.weight"], named["head.output.bias"])[:, 0]
    functional.binary_cross_entropy_with_logits(logits, torch.tensor(LABELS, dtype=torch.float64)).backward()
    of_layer = {f"recurrent.{name}": p.grad for name, p in layer.named_parameters()}
    if attention is not None:
        of_layer |= {f"attention.{name}": p.grad for name, p in attention.named_parameters()}
    found = of_layer | {name: p.grad for name, p in named.items() if p.grad is not None}
    return {name: gradient.numpy() for name, gradient in found.items() if gradient is not None}


def _gates(name: str, cell: Cell, hidden_size: int) -> Iterator[tuple[str, slice | EllipsisType]]:
    """Yields each gate's name and rows; parameters outside the layer, and those of one block, are one
    piece.
    """
    own = name.removeprefix("recurrent.").removesuffix("_l0")
    blocks = cell.blocks(own) if name.startswith("recurrent.") else ()
    if len(blocks) < 2:
        yield "", ...
        return
    for gate in blocks:
        yield gate, cell.rows(own, gate, hidden_size)


def _negative_log_likelihood(probabilities: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    return functional.nll_loss(probabilities.log(), classes)
