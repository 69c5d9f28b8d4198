"""How one vector m comes of those of all steps, as nodes of a computational graph.

Of a maximum, mₜ is the largest so far. Of attention, ε is what a step's τ answers to the query; η its
exponential, ζ their sum, and α a step's weight.
"""

from rnnlab.core.graph import ComputationGraph, Node
from rnnlab.models.pooling import Pooling
from rnnlab.probes.graph_of_cell import subscript


def add_pooling(graph: ComputationGraph, pooling: Pooling, vectors: list[str]) -> str:
    """Adds what pools the vectors, one a step; returns the symbol of the result."""
    if pooling == "max":
        return _add_max(graph, vectors)
    if pooling == "mean_max":
        return _add_mean_and_max(graph, vectors)
    return _add_attention(graph, vectors) if pooling == "attention" else add_mean(graph, vectors)


def add_mean(graph: ComputationGraph, vectors: list[str]) -> str:
    """Adds the mean of vectors; returns its symbol."""
    formula = f"({' + '.join(vectors)}) / {len(vectors)}"
    node = Node("m", formula, graph.nodes[vectors[0]].shape, "operation", None)
    return graph.add(node, dict.fromkeys(vectors, f"1 / {len(vectors)}"))


def _add_mean_and_max(graph: ComputationGraph, vectors: list[str]) -> str:
    """Adds the mean and the largest, and both side by side."""
    parts = [add_mean(graph, vectors), _add_max(graph, vectors)]
    shape = (2 * graph.nodes[vectors[0]].shape[0],)
    node = Node("d", f"[{'; '.join(parts)}]", shape, "operation", None)
    return graph.add(node, dict.fromkeys(parts, "1"))


def _add_max(graph: ComputationGraph, vectors: list[str]) -> str:
    """Adds the largest so far, step by step: of equal ones the earlier has the gradient."""
    largest = vectors[0]
    for step, vector in enumerate(vectors[1:], start=2):
        node = Node(
            f"m{subscript(step)}",
            f"max({largest}, {vector})",
            graph.nodes[vector].shape,
            "operation",
            step,
        )
        largest = graph.add(node, {largest: f"({largest} ≥ {vector})", vector: f"({vector} > {largest})"})
    return largest


def _add_attention(graph: ComputationGraph, vectors: list[str]) -> str:
    """Adds the weight of every step, and the mean so weighted (see `Attention`)."""
    shape, exponentials = graph.nodes[vectors[0]].shape, []
    for step, vector in enumerate(vectors, start=1):
        β, τ, ε, η = (f"{letter}{subscript(step)}" for letter in "βτεη")
        graph.add(
            Node(β, f"W_attention · {vector} + b_attention", shape, "operation", step),
            {vector: "W_attentionᵀ"},
        )
        graph.add(Node(τ, f"tanh({β})", shape, "operation", step), {β: f"1 − {τ}²"})
        graph.add(Node(ε, f"W_query · {τ}", (1,), "operation", step), {τ: "W_queryᵀ"})
        exponentials.append(graph.add(Node(η, f"exp({ε})", (1,), "operation", step), {ε: η}))
    ζ = graph.add(
        Node("ζ", " + ".join(exponentials), (1,), "operation", None), dict.fromkeys(exponentials, "1")
    )
    terms, factors = [], []
    for step, (vector, η) in enumerate(zip(vectors, exponentials, strict=True), start=1):
        α = f"α{subscript(step)}"
        graph.add(
            Node(α, f"{η} / {ζ}", (1,), "operation", step, late=True), {η: f"1 / {ζ}", ζ: f"−{η} / {ζ}²"}
        )
        terms.append(f"{α} ⊙ {vector}")
        factors += [(α, f"{vector}ᵀ"), (vector, α)]
    return graph.add(Node("m", " + ".join(terms), shape, "operation", None), factors)
