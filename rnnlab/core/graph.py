"""A computation written out: what follows from what, and what multiplies a gradient on its way back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["input", "constant", "vector", "operation", "state", "loss", "steps"]


@dataclass(frozen=True)
class Node:
    """One result of a computation.

    symbol: its name, which no other node has, as `h₂`; formula: how it follows from others, by their symbols,
    as `tanh(a₂)`, or what is given; shape: () for a single number; kind: inputs and constants are given, and
    get no gradient, and `steps` stand for all nodes of several; step: of the sequence, from 1, or None for
    what stands before or after all steps; leftward: whether it belongs to a reading from the last step to the
    first; late: whether it is a step's, but needs all steps.
    """

    symbol: str
    formula: str
    shape: tuple[int, ...]
    kind: Kind
    step: int | None
    leftward: bool = False
    late: bool = False


@dataclass(frozen=True)
class Edge:
    """`head` is computed from `tail`.

    factor: what multiplies the gradient at `head` to give this edge's part of the gradient at `tail`, by the
    chain rule; None where no gradient goes back.
    """

    tail: str
    head: str
    factor: str | None


@dataclass
class ComputationGraph:
    """Nodes by their symbols, each after those it is computed from, and the edges between them."""

    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)

    def add(self, node: Node, factors: Mapping[str, str] | Iterable[tuple[str, str]]) -> str:
        """Adds a node computed from the symbols in `factors`, a pair an edge; returns its own symbol."""
        assert node.symbol not in self.nodes
        self.nodes[node.symbol] = node
        for tail, factor in factors.items() if isinstance(factors, Mapping) else factors:
            given = self.nodes[tail].kind in ("input", "constant")
            self.edges.append(Edge(tail, node.symbol, None if given else factor))
        return node.symbol
