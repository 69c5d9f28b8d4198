"""The computational graph of a model on one sequence, unrolled in time, from its inputs to the loss.

Made from the modules and the cell themselves: layers, directions, equations, sizes, head. Dropout is left
out, as in evaluation mode, and a frozen embedding counts as trainable: shown is where the loss would send a
gradient.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from rnnlab.cells import Cell
from rnnlab.cells.trace import trace
from rnnlab.core.errors import InputError
from rnnlab.core.graph import ComputationGraph, Node
from rnnlab.models.base import Head, SequenceModel
from rnnlab.models.guest import name_of
from rnnlab.probes.graph_of_cell import Reader, level, subscript
from rnnlab.probes.graph_of_pooling import add_mean, add_pooling

LOSSES = {
    "binary_cross_entropy": ("ln(1 + exp({y})) − target ⊙ {y}", "σ({y}) − target"),
    "cross_entropy": ("−ln(softmax({y})[target])", "softmax({y}) − onehot(target)"),
    "mean_squared_error": ("mean(({y} − target)²)", "2 ⊙ ({y} − target) / {size}"),
}


def unrolled(
    model: SequenceModel, length: int, *, words: Sequence[str] | None, criterion: str
) -> ComputationGraph:
    """Returns the graph of a sequence of `length` steps, 1 or more.

    words: one a step, or None for a model whose inputs are numbers; criterion: what is minimized, a name of
    `LOSSES`, averaged over steps if the model gives an output at every step. Raises InputError for a model
    whose equations are not known.
    """
    if model.pooling is None or (model.is_recurrent and model.cell is None):
        part = type(model).__name__ if model.pooling is None else name_of(model.recurrent)
        raise InputError(f"the equations of {part} are not known, so its graph cannot be drawn")
    graph = ComputationGraph()
    vectors = [_add_input(graph, model, step, words) for step in range(1, length + 1)]
    if model.cell is None:
        _add_head(graph, model.head, add_mean(graph, vectors), criterion)
        return graph
    finals, top = _add_layers(graph, model.cell, model.recurrent, vectors)
    if not model.every_step:
        if model.pooling == "last":
            document = _side_by_side(graph, finals, "d")
        else:
            document = add_pooling(graph, model.pooling, list(_by_step(graph, top)))
        _add_head(graph, model.head, document, criterion)
        return graph
    losses = []
    for step, vector in enumerate(_by_step(graph, top), start=1):
        losses.append(_add_head(graph, model.head, vector, criterion, step))
    mean = Node("L", f"({' + '.join(losses)}) / {length}", (), "loss", None)
    graph.add(mean, dict.fromkeys(losses, f"1 / {length}"))
    return graph


def _add_input(graph: ComputationGraph, model: SequenceModel, step: int, words: Sequence[str] | None) -> str:
    """Adds a step's word and its vector, or its numbers; returns the symbol of what the model reads."""
    x, shape = f"x{subscript(step)}", (model.embedding.embedding_dim,)
    if words is None:
        return graph.add(Node(x, "numbers", shape, "input", step), {})
    w = graph.add(Node(f"w{subscript(step)}", words[step - 1], (), "input", step), {})
    return graph.add(Node(x, f"E[{w}]", shape, "vector", step), {w: ""})


def _add_layers(
    graph: ComputationGraph, cell: Cell, recurrent: Any, vectors: list[str]
) -> tuple[list[str], list[tuple[str, ...]]]:
    """Adds all layers; returns the final states, in torch's order, and the top layer's states by step."""
    step = trace(cell)
    finals: list[str] = []
    states: list[tuple[str, ...]] = []
    for layer in range(1, recurrent.num_layers + 1):
        if layer > 1:
            name = f"x{level(layer)}"
            vectors = [_side_by_side(graph, below, name, step) for step, below in enumerate(states, start=1)]
        mark = level(layer) if recurrent.num_layers > 1 else ""
        columns = []
        for arrow in ("→", "←") if recurrent.bidirectional else ("",):
            reader = Reader(graph, cell, step, recurrent.hidden_size, mark + arrow, leftward=arrow == "←")
            columns.append(reader.read(vectors))
            finals.append(columns[-1][0 if reader.leftward else -1])
        states = list(zip(*columns, strict=True))
    return finals, states


def _by_step(graph: ComputationGraph, top: list[tuple[str, ...]]) -> Iterator[str]:
    return (_side_by_side(graph, states, "d", step) for step, states in enumerate(top, start=1))


def _side_by_side(graph: ComputationGraph, vectors: Sequence[str], name: str, step: int | None = None) -> str:
    """Adds the concatenation, unless there is but one vector; returns the symbol."""
    if len(vectors) == 1:
        return vectors[0]
    shape = (sum(graph.nodes[vector].shape[0] for vector in vectors),)
    node = Node(_at(name, step), f"[{'; '.join(vectors)}]", shape, "operation", step)
    return graph.add(node, dict.fromkeys(vectors, "1"))


def _add_head(
    graph: ComputationGraph, head: Head, vector: str, criterion: str, step: int | None = None
) -> str:
    """Adds the head that reads `vector`, and the loss of its outputs; returns the symbol of the loss."""
    u, v, y, loss = (_at(name, step) for name in "uvyL")
    if head.hidden is not None:
        shape = (head.hidden.out_features,)
        formula = f"W_hidden · {vector} + b_hidden"
        graph.add(Node(u, formula, shape, "operation", step), {vector: "W_hiddenᵀ"})
        vector = graph.add(Node(v, f"relu({u})", shape, "operation", step), {u: f"({u} > 0)"})
    size = head.output.out_features
    node = Node(y, f"W_output · {vector} + b_output", (size,), "operation", step)
    graph.add(node, {vector: "W_outputᵀ"})
    formula, slope = (text.format(y=y, size=size) for text in LOSSES[criterion])
    return graph.add(Node(loss, formula, (), "loss", step), {y: slope})


def _at(name: str, step: int | None) -> str:
    return name if step is None else name + subscript(step)
