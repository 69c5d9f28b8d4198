"""Computes what is written in a computational graph: its formulas forward, its factors back."""

import re
from itertools import product
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from rnnlab.core.graph import ComputationGraph, Edge
from rnnlab.models.base import SequenceModel

NAME = re.compile(r"(?<![0-9])[A-Za-zα-ω_]+′*(?:⁽[⁰¹²³⁴⁵⁶⁷⁸⁹]+⁾)?[→←]?[₀-₉]*ᵀ?")
SIGNS = str.maketrans({"·": "@", "⊙": "*", "−": "-", ";": ",", "≥": ">="})
CLASSES = 3
FUNCTIONS = {
    "rows": lambda first, last: slice(first.start, last.stop),
    "σ": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "exp": torch.exp,
    "ln": torch.log,
    "lnσ": functional.logsigmoid,
    "max": torch.maximum,
    "cos": torch.cos,
    "sin": torch.sin,
    "mean": torch.mean,
    "softmax": lambda y: torch.softmax(y, dim=0),
    "onehot": lambda index: functional.one_hot(index, CLASSES),
}


class Written:
    """The values of all nodes, and the gradient of the loss at each that it comes back to."""

    def __init__(
        self, graph: ComputationGraph, model: SequenceModel, inputs: list[Any], targets: list[Tensor]
    ) -> None:
        """Takes an id or numbers (features,) for every input, and a target for every loss."""
        self.graph = graph
        self.names = {**FUNCTIONS, **_parameters(model)}
        self.values: dict[str, Tensor] = {}
        given, wanted = iter(inputs), iter(targets)
        for symbol, node in graph.nodes.items():
            if node.kind == "input":
                self.values[symbol] = next(given)
            elif node.kind == "constant":
                self.values[symbol] = torch.full(node.shape, float(node.formula), dtype=torch.float64)
            else:
                if node.kind == "loss" and "target" in node.formula:
                    self.names[f"target of {symbol}"] = next(wanted)
                self.values[symbol] = self._compute(node.formula, symbol).reshape(node.shape)
        self.gradients = self._go_back()

    def _go_back(self) -> dict[str, Tensor]:
        gradients = {"L": torch.ones((), dtype=torch.float64)}
        for symbol in reversed(self.graph.nodes):
            for edge in self.graph.edges:
                if edge.head == symbol and edge.factor is not None and symbol in gradients:
                    part = self._part(edge, gradients[symbol])
                    gradients[edge.tail] = gradients.get(edge.tail, 0) + part
        return gradients

    def _part(self, edge: Edge, gradient: Tensor) -> Tensor:
        assert edge.factor is not None
        tail, formula = self.values[edge.tail], self.graph.nodes[edge.head].formula
        to = re.match(r"to .*?\[(\w+)\]: ", edge.factor)  # of one of several products that it reads
        factor = self._compute(edge.factor[to.end() :] if to else edge.factor, edge.head)
        if edge.factor.endswith("ᵀ"):
            return factor @ gradient
        if formula.startswith("["):
            names = formula.strip("[]").split("; ")
            sizes = [len(self.values[name]) for name in names]
            return factor * gradient.split(sizes)[names.index(edge.tail)]
        part = torch.zeros_like(tail)
        gate = to or re.search(rf"{edge.tail}\[(\w+)\]", formula)
        part[self.names[gate[1]] if gate else ...] = factor * gradient
        return part

    def _compute(self, text: str, symbol: str) -> Any:
        """Returns the value of a formula or factor that is written at the node `symbol`."""

        def looked_up(found: re.Match[str]) -> str:
            name = f"target of {symbol}" if found[0] == "target" else found[0]
            return f"names[{name.removesuffix('ᵀ')!r}]" + ".t()" * name.endswith("ᵀ")

        text = re.sub(r"\[(\w+), (?:\w+, )*(\w+)\]", r"[rows(\1, \2)]", text)
        code = re.sub("²(?!⁾)", "**2", NAME.sub(looked_up, text).replace("]ᵀ", "].t()")).translate(SIGNS)
        found = eval(code, {"names": {**self.names, **self.values}})
        return torch.cat(found) if isinstance(found, list) else found


def mark_of(recurrent: Any, layer: int, direction: str) -> str:
    """What tells the symbols of a layer and direction, `forward` or `backward`, from others."""
    mark = f"⁽{'⁰¹²³'[layer]}⁾" if recurrent.num_layers > 1 else ""
    return mark + ({"forward": "→", "backward": "←"}[direction] if recurrent.bidirectional else "")


def _parameters(model: SequenceModel) -> dict[str, Any]:
    """The model's weights under the names that the graph has for them, and each gate's rows."""
    found: dict[str, Any] = {"E": getattr(model.embedding, "weight", None)}
    for name in ("hidden", "output"):
        if (linear := getattr(model.head, name)) is not None:
            found |= {f"W_{name}": linear.weight, f"b_{name}": linear.bias}
    if (recurrent := getattr(model, "recurrent", None)) is None:
        return found
    if (attention := model.attention) is not None:
        found |= {"W_attention": attention.hidden.weight, "b_attention": attention.hidden.bias}
        found["W_query"] = attention.query.weight
    directions = ("forward", "backward")[: 2 if recurrent.bidirectional else 1]
    places = product(range(1, recurrent.num_layers + 1), directions)
    for layer, direction in places:
        ending = f"_l{layer - 1}{'_reverse' * (direction == 'backward')}"
        for name, parameter in recurrent.named_parameters():
            if name.endswith(ending) and ("reverse" in name) == ("reverse" in ending):
                short = name.removesuffix(ending)
                if model.cell.blocks(short):
                    short = short.replace("weight_", "W_").replace("bias_", "b_")
                found[f"{short}{mark_of(recurrent, layer, direction)}"] = parameter
    size = recurrent.hidden_size
    gates = enumerate(model.cell.gates)
    return found | {gate: slice(place * size, (place + 1) * size) for place, gate in gates}
