"""Draws a computational graph with Graphviz: time from left to right, the way back dashed.

pygraphviz brings Graphviz with it, so that no program needs to be installed beside Python's packages.
"""

import importlib.util
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rnnlab.core.errors import InputError, RnnlabError
from rnnlab.core.graph import ComputationGraph, Edge, Node

BACK = "#b2182b"
FILLS = {
    "input": "white",
    "constant": "#eeeeee",
    "vector": "#d9ead3",
    "operation": "white",
    "state": "#cfe2f3",
    "loss": "#f4cccc",
}
LINE = 14  # characters a line of a formula, if it can be broken
LONGEST_WORD = 24
HEADER = """digraph computation {
graph [rankdir=LR, nodesep=0.2, ranksep=0.08, fontname=Helvetica, fontsize=20, labelloc=t, label=%s]
node [shape=box, style="filled,rounded", fontname=Helvetica, fontsize=14, margin="0.06,0.04", width=0.3]
edge [fontname=Helvetica, fontsize=13, arrowsize=0.7]"""


def require_graphviz() -> None:
    """Raises InputError if pygraphviz is not installed."""
    if importlib.util.find_spec("pygraphviz") is None:
        raise InputError("Graphviz is not installed; install it with: pip install 'rnnlab[graph]'")


def draw_graph(graph: ComputationGraph, title: str) -> str:
    """Returns the graph as SVG; raises InputError without pygraphviz."""
    require_graphviz()
    import pygraphviz

    with _silence():
        svg: str = pygraphviz.AGraph(string=dot_of(graph, title)).draw(format="svg", prog="dot").decode()
    arrows = sum(1 if edge.factor is None else 2 for edge in graph.edges)
    if lost := arrows - svg.count('class="edge"'):
        raise RnnlabError(f"Graphviz could not draw {lost} of the arrows; try a shorter sequence")
    return svg


def dot_of(graph: ComputationGraph, title: str) -> str:
    """Returns the graph in Graphviz's language.

    Every edge is drawn solid, and once more dashed where a gradient goes back, with what multiplies it.
    """
    names = {symbol: f"n{number}" for number, symbol in enumerate(graph.nodes)}
    lines = [HEADER % _quoted(title)]
    steps = sorted({node.step for node in graph.nodes.values() if node.step is not None})
    for step in (None, *steps):
        nodes = [f"{names[node.symbol]} {_box(node)}" for node in graph.nodes.values() if node.step == step]
        if step is not None:
            frame = f'label="t = {step}"; fontsize=16; labeljust=l; color="#999999"; style=rounded'
            nodes = [f"subgraph cluster_{step} {{ {frame}", *nodes, "}"]
        lines += nodes
    for edge in graph.edges:
        lines += _arrows(edge, names, leftward=graph.nodes[edge.head].leftward)
    return "\n".join([*lines, "}\n"])


def _box(node: Node) -> str:
    shape = f" [{', '.join(map(str, node.shape))}]" if node.shape else ""
    text = _word(node.formula) if node.kind == "input" else _broken(node.formula)
    label = _quoted(f"{node.symbol}{shape}\n{text}")
    return f'[label={label}, fillcolor="{FILLS[node.kind]}"]'


def _arrows(edge: Edge, names: dict[str, str], *, leftward: bool) -> list[str]:
    """Returns the arrow there and, if there is one, the arrow back.

    Graphviz puts the first end of `->` to the left, whichever of the two has the arrow's head.
    """
    first, second = names[edge.tail], names[edge.head]
    there, back = "forward", "back"
    if leftward:
        first, second, there, back = second, first, back, there
    arrows = [f"{first} -> {second} [dir={there}]"]
    if edge.factor is not None:
        look = f'style=dashed, color="{BACK}", fontcolor="{BACK}"'
        label = _quoted(f"· {_broken(edge.factor)}")
        arrows.append(f"{first} -> {second} [dir={back}, {look}, label={label}]")
    return arrows


def _broken(formula: str) -> str:
    """Returns a formula in lines, the further ones beginning with what is added or taken away."""
    lines: list[str] = []
    for part in re.split(r" (?=\+ |− (?:target ⊙|onehot))", formula):
        if lines and len(lines[-1]) + len(part) < LINE:
            lines[-1] += f" {part}"
        else:
            lines.append(part)
    return "\n".join(lines)


def _word(text: str) -> str:
    """Returns a word of the data without what no picture can hold, and cut if it is long."""
    shown = "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )
    return shown if len(shown) <= LONGEST_WORD else f"{shown[: LONGEST_WORD - 1]}…"


def _quoted(text: str) -> str:
    """Returns text as a string of Graphviz's language, in which it stands for itself."""
    for character, escape in (("&", "&amp;"), ("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n")):
        text = text.replace(character, escape)
    return f'"{text}"'


@contextmanager
def _silence() -> Iterator[None]:
    """Keeps from a person what C libraries write to standard error: complaints about the system's fonts."""
    kept = os.dup(2)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
