"""A long computation with its middle steps in one box, since they are like those before and after them."""

from textwrap import fill

from rnnlab.core.graph import ComputationGraph, Edge, Node

FULL = 12  # steps that are all drawn; of more, only the first and the last
ENDS = 4
WIDTH = 36  # characters a line of the words in the box


def shortened(graph: ComputationGraph) -> ComputationGraph:
    """Returns the graph, of a long one with a node of kind `steps` in place of all but the first and last.

    Its edges are those between the middle and the rest, one for each node of the rest, with the factor of
    the first.
    """
    steps = sorted({node.step for node in graph.nodes.values() if node.step is not None})
    if len(steps) <= FULL:
        return graph
    middle = steps[ENDS:-ENDS]
    box = f"t = {middle[0]} … {middle[-1]}"
    boxes = {False: box, True: f"{box}, after all"}
    names = {s: boxes[node.late] if node.step in middle else s for s, node in graph.nodes.items()}
    short = ComputationGraph()
    for symbol, node in graph.nodes.items():
        if names[symbol] == symbol:
            short.nodes[symbol] = node
        elif names[symbol] not in short.nodes:
            text = _text(graph, middle, late=node.late)
            short.nodes[names[symbol]] = Node(names[symbol], text, (), "steps", middle[0], late=node.late)
    seen: set[tuple[str, str]] = set()
    for edge in graph.edges:
        ends = names[edge.tail], names[edge.head]
        inside = ends[0] == ends[1]
        again = ends in seen and not set(ends).isdisjoint(boxes.values())
        if not inside and not again:
            short.edges.append(Edge(*ends, edge.factor))
            seen.add(ends)
    return short


def _text(graph: ComputationGraph, middle: list[int], *, late: bool) -> str:
    """Returns what stands in the box: how many steps there are, and their words if they have some."""
    text = f"{len(middle)} steps like those beside them"
    words = [
        n.formula for n in graph.nodes.values() if n.kind == "input" and not n.shape and n.step in middle
    ]
    return (
        "\n".join([text, fill(" ".join(words), WIDTH, break_on_hyphens=False)])
        if words and not late
        else text
    )
