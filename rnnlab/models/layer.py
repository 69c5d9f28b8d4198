"""A cell over time as a torch module, called as `nn.LSTM` is; where torch has a layer of the same, that
layer.

T steps, B texts, E inputs, H hidden, N rows of a packed batch. A run is one direction of one layer, counted
as torch counts them: layer 0 forward, layer 0 reverse, layer 1 forward, …
"""

import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import chain
from types import SimpleNamespace
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence

from rnnlab.cells import Cell, functions, shipped_cells
from rnnlab.core.errors import InputError

for _function, _of_tensors in (
    (functions.tanh, torch.tanh),
    (functions.sigmoid, torch.sigmoid),
    (functions.relu, torch.relu),
    (functions.exp, torch.exp),
    (functions.log, torch.log),
    (functions.sqrt, torch.sqrt),
    (functions.cos, torch.cos),
    (functions.sin, torch.sin),
    (functions.log_sigmoid, functional.logsigmoid),
    # torch.maximum would halve the gradient where both are equal.
    (functions.maximum, lambda a, b: torch.where(a >= b, a, b)),
):
    _function.register(Tensor, _of_tensors)

States = tuple[Tensor, ...]
Scan = Callable[["RunOfLayer", Tensor, list[int], States], tuple[Tensor, States]]
"""What goes over the rows of a packed batch, see `steps`."""
Step = Callable[[Tensor, States], tuple[States, dict[str, Tensor]]]


class RunOfLayer(NamedTuple):
    """One direction of one layer: whether it reads from the end, and its parameters."""

    reverse: bool
    parameters: dict[str, Tensor]


class RecurrentLayer(nn.Module):
    """Cells over time, stacked and in one or both directions, by autograd; parameters have torch's names
    and order.

    Starts as torch's layers do, uniform in ±1/√H. Called as they are: vectors packed, or (T, B, E), or with
    `batch_first` (B, T, E), and the states to begin with, each (layers · directions, B, H), in a tuple if the
    cell has several; zeros if left out. scan: what goes over a run, by default the cell step by step.
    """

    def __init__(
        self,
        cell: Cell,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        *,
        dropout: float = 0.0,
        bidirectional: bool = False,
        batch_first: bool = False,
        scan: Scan | None = None,
    ) -> None:
        super().__init__()
        self.cell, self.scan, self.batch_first = cell, scan or partial(steps, cell), batch_first
        self.input_size, self.hidden_size = input_size, hidden_size
        self.num_layers, self.bidirectional, self.dropout = num_layers, bidirectional, dropout
        for layer, ending in _runs(num_layers, bidirectional):
            width = input_size if layer == 0 else hidden_size * (2 if bidirectional else 1)
            for name, shape in cell.shapes(width, hidden_size).items():
                self.register_parameter(f"{name}{ending}", nn.Parameter(torch.empty(shape)))
        bound = 1 / math.sqrt(hidden_size)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def forward(
        self, vectors: PackedSequence | Tensor, state: Tensor | States | None = None
    ) -> tuple[PackedSequence | Tensor, Tensor | States]:
        """Returns the top layer's hidden states at every step, and the final states, as torch's layers do."""
        if isinstance(vectors, PackedSequence):
            rows, sizes = vectors.data, vectors.batch_sizes.tolist()
        else:
            vectors = vectors.transpose(0, 1) if self.batch_first else vectors
            if vectors.dim() != 3 or not vectors.numel():
                raise InputError(
                    "a recurrent layer reads at least one step of one text, (time, batch, "
                    f"{self.input_size}) or packed; found {tuple(vectors.shape)}"
                )
            rows, sizes = vectors.flatten(0, 1), [vectors.shape[1]] * vectors.shape[0]
        initial = self._initial(state, rows, sizes[0], getattr(vectors, "sorted_indices", None))
        finals: list[States] = []
        for layer, runs in enumerate(layers_of(self.cell, self)):
            if layer and self.dropout:
                rows = functional.dropout(rows, self.dropout, self.training)
            outputs = []
            for run in runs:
                begin = tuple(of_state[len(finals)] for of_state in initial)
                output, final = self.scan(run, rows, sizes, begin)
                outputs.append(output)
                finals.append(final)
            rows = torch.cat(outputs, dim=1)
        if isinstance(vectors, PackedSequence):
            return vectors._replace(data=rows), self._final(finals, vectors.unsorted_indices)
        output = rows.unflatten(0, (len(sizes), sizes[0]))
        return output.transpose(0, 1) if self.batch_first else output, self._final(finals, None)

    def _initial(
        self, state: Tensor | States | None, rows: Tensor, batch: int, order: Tensor | None
    ) -> States:
        if state is None:
            runs = self.num_layers * (2 if self.bidirectional else 1)
            return tuple(rows.new_zeros(runs, batch, self.hidden_size) for _ in self.cell.states)
        given = state if isinstance(state, tuple) else (state,)
        return given if order is None else tuple(of_state.index_select(1, order) for of_state in given)

    def _final(self, finals: list[States], order: Tensor | None) -> Tensor | States:
        states = tuple(map(torch.stack, zip(*finals, strict=True)))
        if order is not None:
            states = tuple(of_state.index_select(1, order) for of_state in states)
        return states if len(states) > 1 else states[0]


def make_layer(
    cell: Cell,
    input_size: int,
    hidden_size: int,
    num_layers: int,
    *,
    dropout: float,
    bidirectional: bool,
) -> nn.Module:
    """Returns torch's own layer where it computes what the cell does, else a `RecurrentLayer`.

    dropout: between stacked layers.
    """
    between = dropout if num_layers > 1 else 0.0  # torch warns if there is no layer to fall between
    if cell.torch_layer is None:
        return RecurrentLayer(
            cell, input_size, hidden_size, num_layers, dropout=between, bidirectional=bidirectional
        )
    name, settings = cell.torch_layer
    layer: nn.Module = getattr(nn, name)(
        input_size, hidden_size, num_layers, dropout=between, bidirectional=bidirectional, **settings
    )
    return layer


def cell_of(layer: Any) -> Cell | None:
    """Returns the cell whose equations a layer computes, or None if that is not known.

    A layer is known by its very class: one that inherits from `nn.GRU` may compute anything.
    """
    if type(layer) is RecurrentLayer:
        return layer.cell
    for cell_type in shipped_cells().values():
        torchs = cell_type().torch_layer
        if torchs is None or type(layer) is not getattr(nn, torchs[0]):
            continue
        if layer.proj_size or not layer.bias:
            return None  # torch's own, but of other equations
        return cell_type(**{name: getattr(layer, name) for name in torchs[1]})
    return None


def layers_of(cell: Cell, layer: Any) -> list[list[RunOfLayer]]:
    """Returns for each layer its directions, with their parameters under the cell's own names."""
    named, names = dict(layer.named_parameters()), list(cell.shapes(1, 1))
    layers: list[list[RunOfLayer]] = [[] for _ in range(layer.num_layers)]
    for number, ending in _runs(layer.num_layers, layer.bidirectional):
        own: dict[str, Tensor] = {name: named[f"{name}{ending}"] for name in names}
        layers[number].append(RunOfLayer(ending.endswith("_reverse"), own))
    return layers


def step_of(cell: Cell, parameters: Mapping[str, Tensor]) -> Step:
    """Returns the cell's step over its parameters: products of the input and old states in, new states and
    what was kept out.
    """
    first = cell.states[0]
    own = SimpleNamespace(**{name: parameters[name] for name in (*cell.unit_parameters, *cell.scalars)})
    biases = {name: parameters.get(f"bias_{name}h") for name in cell.states}
    hidden_size = 0 if (weight := parameters.get(f"weight_{first}h")) is None else weight.shape[1]
    mixing = [cell.rows(f"weight_{first}h", name, hidden_size) for name in cell.mixed]

    def multiply(waiting: Iterator[slice], value: Tensor) -> Tensor:
        rows, bias = next(waiting), biases[first]
        weight = parameters[f"weight_{first}h"][rows]
        return functional.linear(value, weight, None if bias is None else bias[rows])

    def step(of_input: Tensor, states: States) -> tuple[States, dict[str, Tensor]]:
        old = dict(zip(cell.states, states, strict=True))
        h: dict[str, Tensor] = {}
        for name, products in cell.recurrent.items():
            rows, bias = slice(len(products) * states[0].shape[1]), biases[name]
            weight = parameters[f"weight_{name}h"][rows]
            product = functional.linear(old[name], weight, None if bias is None else bias[rows])
            h |= zip(products, product.chunk(len(products), dim=1), strict=True)
        x = dict(zip(cell.gates, of_input.chunk(len(cell.gates), dim=1), strict=True))
        mix = partial(multiply, iter(mixing))
        return cell.step(SimpleNamespace(**x), SimpleNamespace(**h), SimpleNamespace(**old), own, mix)

    return step


def steps(
    cell: Cell, run: RunOfLayer, rows: Float[Tensor, "N E"], sizes: list[int], initial: States
) -> tuple[Float[Tensor, "N H"], States]:
    """Returns the hidden state at every row of a packed batch, and each text's final states.

    sizes: how many texts go on at each step, never rising; the texts are in the order of their lengths.
    """
    products = functional.linear(rows, run.parameters["weight_ih"], run.parameters.get("bias_ih"))
    step, by_step = step_of(cell, run.parameters), list(products.split(sizes))
    states: States = tuple(of_state[: sizes[-1 if run.reverse else 0]] for of_state in initial)
    hidden: list[Tensor] = []
    ended: list[States] = []
    for product in reversed(by_step) if run.reverse else by_step:
        begun, going = len(states[0]), len(product)
        if going > begun:  # the shorter texts of a reverse reading begin later
            states = tuple(
                torch.cat([of_state, fresh[begun:going]])
                for of_state, fresh in zip(states, initial, strict=True)
            )
        elif going < begun:
            ended.append(tuple(of_state[going:] for of_state in states))
            states = tuple(of_state[:going] for of_state in states)
        states, _ = step(product, states)
        hidden.append(states[0])
    final = tuple(map(torch.cat, zip(states, *reversed(ended), strict=True)))
    return torch.cat(hidden[::-1] if run.reverse else hidden), final


def _runs(num_layers: int, bidirectional: bool) -> Iterator[tuple[int, str]]:
    endings = ("", "_reverse") if bidirectional else ("",)
    return chain.from_iterable(((n, f"_l{n}{ending}") for ending in endings) for n in range(num_layers))
