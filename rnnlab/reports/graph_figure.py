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
from rnnlab.reports.graph_shortened import shortened

BACK = "#b2182b"
FILLS = {
    "input": "white",
    "constant": "#eeeeee",
    "vector": "#d9ead3",
    "operation": "white",
    "state": "#cfe2f3",
    "loss": "#f4cccc",
    "steps": "#eeeeee",
}
LINE = 14  # characters a line of a formula, if it can be broken
LONGEST_WORD = 24
LINES = 8  # of a formula; of a longer one, as a sum over all steps, the first and the last
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

    drawn = shortened(graph)
    arrows, lost = sum(1 if edge.factor is None else 2 for edge in drawn.edges), 0
    for splines in ("spline", "polyline", "line"):  # curves sometimes find no way between the boxes
        dot = dot_of(drawn, title, splines=splines)
        with _silence():
            svg: str = pygraphviz.AGraph(string=dot).draw(format="svg", prog="dot").decode()
        lost = arrows - svg.count('class="edge"')
        if not lost:
            return svg
    raise RnnlabError(f"Graphviz could not draw {lost} of the arrows; try a shorter sequence")


def dot_of(graph: ComputationGraph, title: str, *, splines: str = "spline") -> str:
    """Returns the graph in Graphviz's language; splines: how it bends arrows.

    Every edge is drawn solid, and once more dashed where a gradient goes back, with what multiplies it.
    """
    names = {symbol: f"n{number}" for number, symbol in enumerate(graph.nodes)}
    lines = [HEADER % _quoted(title), f"graph [splines={splines}]"]
    steps = sorted({node.step for node in graph.nodes.values() if node.step is not None})
    for step in (None, *steps):  # what needs all steps stands after them, in none of their frames
        of_step = [n for n in graph.nodes.values() if (None if n.late else n.step) == step]
        nodes = [f"{names[node.symbol]} {_box(node)}" for node in of_step]
        if step is not None:
            title = of_step[0].symbol if of_step[0].kind == "steps" else f"t = {step}"
            frame = f'label="{title}"; fontsize=16; labeljust=l; color="#999999"; style=rounded'
            nodes = [f"subgraph cluster_{step} {{ {frame}", *nodes, "}"]
        lines += nodes
    for edge in graph.edges:
        lines += _arrows(edge, names, leftward=_is_leftward(graph, edge))
    return "\n".join([*lines, "}\n"])


def _is_leftward(graph: ComputationGraph, edge: Edge) -> bool:
    """Returns whether an edge belongs to a reading from the end, into a box of several steps, too."""
    tail, head = graph.nodes[edge.tail], graph.nodes[edge.head]
    return head.leftward or (tail.step is not None and head.step is not None and tail.step > head.step)


def _box(node: Node) -> str:
    shape = f" [{', '.join(map(str, node.shape))}]" if node.shape else ""
    text = _word(node.formula) if node.kind == "input" else _broken(node.formula)
    label = _quoted(f"{node.symbol}{shape}\n{text}")
    if node.kind == "steps":  # whose symbol is the title of its frame
        label = _quoted("\n".join(map(_printable, node.formula.split("\n"))))
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
    if len(lines) > LINES:
        lines = [*lines[: LINES // 2], "+ …", *lines[-LINES // 2 + 1 :]]
    return "\n".join(lines)


def _word(text: str) -> str:
    """Returns a word of the data without what no picture can hold, and cut if it is long."""
    shown = _printable(text)
    return shown if len(shown) <= LONGEST_WORD else f"{shown[: LONGEST_WORD - 1]}…"


def _printable(text: str) -> str:
    """Returns text with a sign in place of every character that no picture can hold."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )


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
