"""The picture of a computational graph: whole, in the order of time, and safe against what words hold."""

import re
import xml.etree.ElementTree as ElementTree
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import nn

from rnnlab.core.errors import InputError
from rnnlab.core.graph import ComputationGraph, Node
from rnnlab.models.boe import BoE
from rnnlab.probes.graph import unrolled
from rnnlab.reports.graph_figure import draw_graph
from rnnlab.reports.graph_shortened import shortened
from tests.models.torchs import GRU, LSTM, RNN

SVG = "{http://www.w3.org/2000/svg}"
CELLS = {"rnn": RNN, "lstm": LSTM, "gru": GRU}


def graph_of(name: str, length: int, *, num_layers: int = 1, bidirectional: bool = False) -> ComputationGraph:
    torch.manual_seed(0)
    if name == "boe":
        model = BoE(embedding=nn.Embedding(9, 5), output_size=1)
    else:
        model = CELLS[name](
            embedding=nn.Embedding(9, 5), output_size=1, num_layers=num_layers, bidirectional=bidirectional
        )
    return unrolled(model, length, words=["film"] * length, criterion="binary_cross_entropy")


def parts(svg: str, kind: str) -> list[ElementTree.Element]:
    return [part for part in ElementTree.fromstring(svg).iter(f"{SVG}g") if part.get("class") == kind]


def texts(part: ElementTree.Element) -> list[str]:
    return ["".join(text.itertext()) for text in part.iter(f"{SVG}text")]


def left_edge(part: ElementTree.Element) -> float:
    outline = next(iter(part.iter(f"{SVG}path"))).get("d")
    assert outline is not None
    return min(float(x) for x in re.findall(r"(-?[\d.]+),", outline))


@pytest.mark.parametrize("length", [1, 4, pytest.param(12, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("name", "num_layers", "bidirectional"),
    [
        ("boe", 1, False),
        *((cell, layers, both) for cell in CELLS for layers in (1, 2) for both in (False, True)),
    ],
)
def test_every_arrow_is_drawn_and_steps_stand_in_the_order_of_time(
    name: str, num_layers: int, bidirectional: bool, length: int, capfd: pytest.CaptureFixture[str]
) -> None:
    graph = graph_of(name, length, num_layers=num_layers, bidirectional=bidirectional)
    svg = draw_graph(graph, name)
    assert len(parts(svg, "node")) == len(graph.nodes)
    back = [
        part for part in parts(svg, "edge") if "stroke-dasharray" in ElementTree.tostring(part, "unicode")
    ]
    assert len(back) == sum(edge.factor is not None for edge in graph.edges)
    assert len(parts(svg, "edge")) - len(back) == len(graph.edges)
    steps = parts(svg, "cluster")
    assert [texts(step) for step in steps] == [[f"t = {number}"] for number in range(1, length + 1)]
    if name != "boe":  # whose words have no order
        assert all(left_edge(before) < left_edge(after) for before, after in pairwise(steps))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "settings",
    [{}, {"bidirectional": True, "num_layers": 2}, {"pooling": "attention"}, {"every_step": True}],
    ids=["last", "two layers, both ways", "attention", "every step"],
)
def test_of_forty_steps_those_in_the_middle_are_a_box_with_their_words(settings: dict[str, Any]) -> None:
    model = RNN(embedding=nn.Embedding(9, 5), output_size=2, **settings)
    words = [f"w-{step}" for step in range(1, 41)]
    graph = unrolled(model, 40, words=words, criterion="cross_entropy")
    svg = draw_graph(graph, "forty")
    frames = [" ".join(texts(step)) for step in parts(svg, "cluster")]
    assert frames == [f"t = {t}" for t in (1, 2, 3, 4)] + ["t = 5 … 36"] + [
        f"t = {t}" for t in (37, 38, 39, 40)
    ]
    boxes = [" ".join(texts(node)) for node in parts(svg, "node")]
    box, *others = sorted((text for text in boxes if text.startswith("32 steps")), key=len, reverse=True)
    assert box.split()[-32:] == words[4:36] and len(others) == ("pooling" in settings)
    assert len(parts(svg, "node")) < 9 * len(graph.nodes) / 40 + 10
    assert shortened(graph).edges == shortened(shortened(graph)).edges
    drawn = [texts(edge) for edge in parts(svg, "edge")]
    assert len(drawn) == sum(1 + (edge.factor is not None) for edge in shortened(graph).edges)


def test_into_and_out_of_the_box_goes_what_goes_into_and_out_of_its_steps() -> None:
    graph = graph_of("rnn", 40, bidirectional=True)
    box = "t = 5 … 36"
    crossing = {(edge.tail, edge.head) for edge in shortened(graph).edges if box in (edge.tail, edge.head)}
    assert crossing == {("h→₄", box), (box, "q→₃₇"), ("h←₃₇", box), (box, "q←₄")}
    twelve = graph_of("rnn", 12)
    assert shortened(twelve) is twelve


def test_nodes_have_symbol_shape_and_formula_and_the_way_back_its_factor() -> None:
    svg = draw_graph(graph_of("lstm", 2), "an LSTM")
    nodes = [texts(node) for node in parts(svg, "node")]
    assert ["w₁", "film"] in nodes and ["x₁ [5]", "E[w₁]"] in nodes and ["h₀ [50]", "0"] in nodes
    assert ["c₂ [50]", "f₂ ⊙ c₁", "+ i₂ ⊙ g₂"] in nodes and ["u [20]", "W_hidden · h₂", "+ b_hidden"] in nodes
    factors = [texts(edge) for edge in parts(svg, "edge")]
    assert all(text in factors for text in (["· f₂"], ["· W_hhᵀ"], ["· 1 − s₂²"], ["· o₁ ⊙ (1 − o₁)"]))


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("<script>alert(1)</script>", "<script>alert(1)</scrip…"),
        ('"]; evil -> n0 [label="', '"]; evil -> n0 [label="'),
        ("a\\nb\\l\\", "a\\nb\\l\\"),
        ("&lt;&amp;&#65;", "&lt;&amp;&#65;"),
        ("\x00\x1b[31m\n\ud800", "��[31m��"),
        ("映画🎬", "映画🎬"),
        ("x" * 100, "x" * 23 + "…"),
    ],
    ids=["markup", "quotes", "backslashes", "entities", "control", "unicode", "long"],
)
def test_a_word_of_the_data_stands_for_itself(word: str, shown: str) -> None:
    graph = ComputationGraph()
    graph.add(Node("w₁", word, (), "input", 1), {})
    (node,) = parts(draw_graph(graph, "a word"), "node")
    assert texts(node) == ["w₁", shown]


def test_without_graphviz_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'rnnlab\[graph\]'$"):
        draw_graph(graph_of("rnn", 2), "")
