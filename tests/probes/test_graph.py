"""The computational graph is true: what is written in it, computed, is what torch computes, both ways."""

import re
from collections.abc import Iterable
from functools import cache
from itertools import product
from typing import Any

import pytest
import torch
import yaml
from torch import Tensor, nn
from torch.nn import functional

from rnnlab.cells.lru import LRU
from rnnlab.core.graph import ComputationGraph
from rnnlab.experiment.compose import CONFIG_DIR
from rnnlab.experiment.target import Target, read_target
from rnnlab.models import make
from rnnlab.models.base import SequenceModel
from rnnlab.models.unroll import unroll
from rnnlab.probes.graph import unrolled
from rnnlab.probes.graph_of_cell import TAKEN
from tests.probes.written import CLASSES, Written, mark_of

SIZES = {"hidden_size": 6, "head_size": 4}
EMBEDDING_DIM, LENGTH = 5, 4
IDS = [3, 1, 6, 3]
WORDS = ["an", "<unk>", "film", "an"]
VARIANTS: dict[str, dict[str, Any]] = {
    "": {},
    "two layers": {"num_layers": 2},
    "three layers": {"num_layers": 3},
    "relu": {"nonlinearity": "relu"},
    "reset before": {"reset_after": False},
}


class Numbers(nn.Module):
    """Stands where an embedding stands where inputs are numbers."""

    embedding_dim = EMBEDDING_DIM


@cache
def target_of(name: str) -> Target:
    """The class and the settings of `model=NAME`."""
    values = yaml.safe_load((CONFIG_DIR / "model" / f"{name}.yaml").read_text(encoding="utf-8"))
    return read_target(values, "model")


def cases() -> Iterable[Any]:
    """Every model of `configs/model`, and its variants; three layers of some."""
    for path, name in product(sorted((CONFIG_DIR / "model").glob("*.yaml")), VARIANTS):
        if name == "three layers" and path.stem not in ("rnn", "bilstm", "gru", "lru"):
            continue
        if VARIANTS[name].keys() <= target_of(path.stem).settings.keys():
            yield pytest.param(path.stem, VARIANTS[name], id=" ".join([path.stem, name]).strip())


EVERY_MODEL = pytest.mark.parametrize(("name", "settings"), list(cases()))


def make_model(name: str, settings: dict[str, Any], *, outputs: int = 1) -> SequenceModel:
    target = target_of(name)
    cls, own = target.cls, target.settings
    sizes = {size: SIZES[size] for size in SIZES if size in own}
    torch.manual_seed(1)
    embedding = nn.Embedding(8, EMBEDDING_DIM)
    chosen = {**own, **sizes, **settings, "dropout": 0.5}
    model: SequenceModel = make.make_model(cls, chosen, embedding=embedding, output_size=outputs)
    return model.double().eval()


def torch_tensors(model: SequenceModel, vectors: Tensor) -> dict[str, Tensor]:
    """Returns vectors (time, embedding), the states and the outputs that torch computes from them."""
    tensors = {
        f"x{t}": x for t, x in zip("₁₂₃₄", vectors.detach().requires_grad_(True).unbind(0), strict=True)
    }
    padded, lengths = torch.stack(list(tensors.values()))[None], torch.tensor([LENGTH])
    if model.cell is None:
        packed = nn.utils.rnn.pack_padded_sequence(padded, lengths, batch_first=True)
        return tensors | {"y": head_of(model, model.document(packed))}
    readings = unroll(model.cell, model.recurrent, padded, lengths)
    for reading in readings:
        mark = mark_of(model.recurrent, reading.layer, reading.direction)
        order = "₁₂₃₄" if reading.direction == "forward" else "₄₃₂₁"
        for letter, states in reading.states.items():
            prime = "′" * (letter in TAKEN)
            tensors |= {f"{letter}{prime}{mark}{t}": state for t, state in zip(order, states, strict=False)}
    if not getattr(model, "every_step", False):
        return tensors | {"y": head_of(model, torch.cat([reading.hidden[-1] for reading in readings], dim=1))}
    marks = [
        mark_of(model.recurrent, r.layer, r.direction) for r in readings if r.layer == readings[-1].layer
    ]
    tops = {t: torch.cat([tensors[f"h{mark}{t}"] for mark in marks], dim=1) for t in "₁₂₃₄"}
    return tensors | {f"y{t}": head_of(model, top) for t, top in tops.items()}


def last_imaginary_parts(model: SequenceModel) -> set[str]:
    """The states of an LRU that nothing reads."""
    ends = (("forward", "₄"), ("backward", "₁"))[: 1 + model.recurrent.bidirectional]
    return {
        f"im{mark_of(model.recurrent, layer, direction)}{end}"
        for layer, (direction, end) in product(range(1, model.recurrent.num_layers + 1), ends)
    }


def head_of(model: SequenceModel, vector: Tensor) -> Tensor:
    hidden = model.head.hidden
    return model.head.output(vector if hidden is None else torch.relu(hidden(vector)))


def loss_of(criterion: str, outputs: list[Tensor], targets: list[Tensor]) -> Tensor:
    """torch's loss of outputs (1, size) with a target each, averaged."""
    losses = {
        "binary_cross_entropy": functional.binary_cross_entropy_with_logits,
        "cross_entropy": functional.cross_entropy,
        "mean_squared_error": functional.mse_loss,
    }
    return losses[criterion](torch.cat(outputs), torch.stack(targets))


def assert_true(
    model: SequenceModel,
    *,
    criterion: str = "binary_cross_entropy",
    targets: list[Tensor] | None = None,
    numbers: Tensor | None = None,
) -> None:
    """Every value and every gradient that the graph writes down is torch's, and it goes back nowhere else."""
    targets = targets or [torch.tensor([1.0], dtype=torch.float64)]
    vectors = model.embedding.weight[IDS] if numbers is None else numbers
    tensors = torch_tensors(model, vectors)
    outputs = [tensor for symbol, tensor in tensors.items() if symbol[0] == "y"]
    loss = loss_of(criterion, outputs, targets)
    found = torch.autograd.grad(loss, list(tensors.values()), allow_unused=True)
    gradients = {
        symbol: gradient for symbol, gradient in zip(tensors, found, strict=True) if gradient is not None
    }
    assert all(gradient.any() for gradient in gradients.values())
    unread = tensors.keys() - gradients.keys()
    assert unread == (last_imaginary_parts(model) if isinstance(model.cell, LRU) else set())

    words = WORDS if numbers is None else None
    graph = unrolled(model, LENGTH, words=words, criterion=criterion)
    written = Written(graph, model, IDS if numbers is None else list(vectors), targets)
    torch.testing.assert_close(written.values["L"], loss)
    for symbol, tensor in tensors.items():
        torch.testing.assert_close(written.values[symbol], tensor.reshape(-1), msg=symbol)
        if graph.nodes[symbol].kind != "input" and symbol not in unread:
            torch.testing.assert_close(written.gradients[symbol], gradients[symbol].reshape(-1), msg=symbol)
    given = {symbol for symbol, node in graph.nodes.items() if node.kind in ("input", "constant")}
    assert written.gradients.keys() == graph.nodes.keys() - given - unread
    states = {symbol for symbol, node in graph.nodes.items() if node.kind in ("state", "vector")}
    assert states | {symbol for symbol in given if symbol[0] == "x"} == {s for s in tensors if s[0] != "y"}


@EVERY_MODEL
def test_formulas_and_factors_are_torch_s_own_values_and_gradients(
    name: str, settings: dict[str, Any]
) -> None:
    model = make_model(name, settings)
    assert_true(model)
    # The states above are those of `unroll`: the model itself, as it is trained, gives the same output.
    vectors = model.embedding.weight[IDS]
    alone = model(torch.tensor([IDS]), torch.tensor([LENGTH]))
    torch.testing.assert_close(torch_tensors(model, vectors)["y"], alone)


@pytest.mark.parametrize("name", ["boe", "rnn", "lstm", "bigru"])
@pytest.mark.parametrize("criterion", ["cross_entropy", "mean_squared_error"])
def test_other_losses_and_a_head_of_one_layer(name: str, criterion: str) -> None:
    model = make_model(name, {}, outputs=CLASSES)
    classes = criterion == "cross_entropy"
    target = torch.tensor(2) if classes else torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64)
    assert_true(model, criterion=criterion, targets=[target])
    read = model.head.hidden.in_features
    model.head.hidden, model.head.output = None, nn.Linear(read, CLASSES).double()
    assert_true(model, criterion=criterion, targets=[target])


@pytest.mark.parametrize("name", ["rnn", "lstm", "gru", "birnn", "bilstm"])
def test_an_output_and_a_loss_at_every_step(name: str) -> None:
    model = make_model(name, {}, outputs=CLASSES)
    model.every_step = True
    assert_true(model, criterion="cross_entropy", targets=[torch.tensor(index) for index in (2, 0, 1, 1)])
    assert_true(
        model,
        criterion="mean_squared_error",
        targets=list(torch.linspace(-1, 1, 4 * CLASSES, dtype=torch.float64).reshape(4, CLASSES)),
    )


@pytest.mark.parametrize("name", ["boe", "lstm", "bigru"])
def test_numbers_are_given_and_get_no_gradient(name: str) -> None:
    model = make_model(name, {})
    model.embedding = Numbers()  # type: ignore[assignment]
    assert_true(model, numbers=torch.randn(LENGTH, EMBEDDING_DIM, dtype=torch.float64))


@EVERY_MODEL
def test_a_path_leads_back_exactly_where_autograd_says_so(name: str, settings: dict[str, Any]) -> None:
    model = make_model(name, settings)
    tensors = torch_tensors(model, model.embedding.weight[IDS])
    graph = unrolled(model, LENGTH, words=WORDS, criterion="binary_cross_entropy")
    found = {}
    for symbol, tensor in tensors.items():
        gradients = torch.autograd.grad(
            tensor.sum(), list(tensors.values()), retain_graph=True, allow_unused=True
        )
        found[symbol] = {
            other
            for other, gradient in zip(tensors, gradients, strict=True)
            if gradient is not None and gradient.any()
        }
        reached = reached_from(graph, symbol) & tensors.keys()
        if name == "slstm":  # its scale, exp(m), cancels out of h; and from zeros, n is that scale or 1
            found[symbol] |= {other for other in reached if other[0] == "m" or symbol[0] in "cnm"}
        assert reached == found[symbol], symbol
    unread = last_imaginary_parts(model) if name == "lru" else set()
    assert found["y"] == tensors.keys() - unread
    assert name == "boe" or any(found[symbol] != tensors.keys() for symbol in tensors if symbol[0] == "h")


def reached_from(graph: ComputationGraph, symbol: str) -> set[str]:
    """The nodes to which a gradient at `symbol` goes back, itself among them."""
    reached = {symbol}
    for head in reversed(graph.nodes):
        if head in reached:
            reached |= {edge.tail for edge in graph.edges if edge.head == head and edge.factor is not None}
    return reached


def reads_constants(graph: ComputationGraph, symbol: str) -> bool:
    """Whether all that a node is computed from are the zeros that reading begins with."""
    tails = [edge.tail for edge in graph.edges if edge.head == symbol]
    return bool(tails) and all(graph.nodes[tail].kind == "constant" for tail in tails)


@EVERY_MODEL
def test_has_as_many_nonlinearities_as_torch_s_own_graph(name: str, settings: dict[str, Any]) -> None:
    model = make_model(name, settings)
    graph = unrolled(model, LENGTH, words=WORDS, criterion="binary_cross_entropy")
    (output,) = torch_tensors(model, model.embedding.weight[IDS])["y"]
    seen, waiting = set(), [output.grad_fn]
    while waiting:
        step = waiting.pop()
        if step is not None and step not in seen:
            seen.add(step)
            waiting += [before for before, _ in step.next_functions]
    for function, backward in (("σ", "Sigmoid"), ("tanh", "Tanh"), ("relu", "Relu")):
        written = re.compile(rf"(?<![A-Za-z]){function}\(")
        nodes = [node for node in graph.nodes.values() if not reads_constants(graph, node.symbol)]
        mine = sum(len(written.findall(node.formula)) for node in nodes)
        assert mine == sum(step.name().startswith(f"{backward}Backward") for step in seen), function
    assert sum(node.formula.startswith("relu(") for node in graph.nodes.values()) >= 1
