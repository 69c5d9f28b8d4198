"""Cells of anybody's over time (see `rnnlab.models.guest`).

T steps, B texts, E inputs, H hidden, N rows of a packed batch. A run is one direction of one layer.
"""

from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence

from rnnlab.models.call import Guest, States, call, check_shapes, choose, states_of
from rnnlab.models.calling import Calling
from rnnlab.models.unroll import Unrolled, in_order_of_text, in_reading_order


class Run(NamedTuple):
    """One direction of one layer: its cell, how that is called, and whether it reads from the end."""

    cell: nn.Module
    calling: Calling
    reverse: bool

    def step(self, x: Tensor, states: States | None) -> States:
        """Returns the next states; texts beyond those that have states begin here."""
        begun = 0 if states is None else len(states[0])
        if states is not None and begun < len(x):
            going, fresh = self.step(x[:begun], states), self.step(x[begun:], None)
            return tuple(torch.cat(pair) for pair in zip(going, fresh, strict=True))
        if states is None and self.calling.starts:
            states = self.zeros(x)
        given = states if states is None or self.calling.in_tuple else states[0]
        new = states_of(call(self.cell, x, given))
        check_shapes(self.cell, new, [(len(x), *shape) for shape in self.calling.shapes])
        return tuple(state.to(x.dtype) for state in new)

    def zeros(self, x: Tensor) -> States:
        """Returns states of zeros, one for each text."""
        return tuple(x.new_zeros(len(x), *shape) for shape in self.calling.shapes)


class CellOverTime(Guest):
    """Cells over time, stacked and in one or both directions, called as `nn.LSTM` is with packed sequences.

    Each text's last state is its own: a cell never sees its padding, nor a state that is not its own.
    """

    def __init__(
        self,
        cells: Sequence[nn.Module],
        callings: Sequence[Calling],
        *,
        bidirectional: bool = False,
        dropout: float = 0.0,
    ) -> None:
        """Takes a cell for each run, in torch's order: layer 0 forward, layer 0 reverse, layer 1 forward."""
        super().__init__()
        self.cells, self.callings = nn.ModuleList(cells), tuple(callings)
        self.hidden_size, self.bidirectional = callings[0].hidden_size, bidirectional
        self.num_layers, self.dropout = len(cells) // (2 if bidirectional else 1), dropout

    @property
    def name(self) -> str:
        """What the cell is called."""
        return type(self.cells[0]).__name__

    def forward(
        self, vectors: PackedSequence | Tensor, state: tuple[Tensor, list[States]] | None = None
    ) -> tuple[PackedSequence | Tensor, tuple[Tensor, list[States]]]:
        """Returns the top layer's hidden states at every step; and the final hidden states (runs, B, H)
        beside all states of every run, which can be handed back for equally long texts.
        """
        if isinstance(vectors, PackedSequence):
            rows, sizes = vectors.data, vectors.batch_sizes.tolist()
        else:
            rows, sizes = vectors.flatten(0, 1), [vectors.shape[1]] * vectors.shape[0]
        finals: list[States] = []
        for runs in self._layers():
            outputs = []
            if finals and self.dropout:
                rows = functional.dropout(rows, self.dropout, self.training)
            for run in runs:
                begin = None if state is None else state[1][len(finals)]
                output, final = _scan(run, rows, sizes, begin)
                outputs.append(output)
                finals.append(final)
            rows = torch.cat(outputs, dim=1)
        if isinstance(vectors, PackedSequence):
            order = vectors.unsorted_indices
            finals = [tuple(s if order is None else s[order] for s in states) for states in finals]
            return vectors._replace(data=rows), (torch.stack([s[0] for s in finals]), finals)
        return rows.unflatten(0, (len(sizes), sizes[0])), (torch.stack([s[0] for s in finals]), finals)

    def unroll(self, vectors: Float[Tensor, "B T E"], lengths: Int[Tensor, " B"]) -> list[Unrolled]:
        """Returns the states of every run, as `rnnlab.models.unroll.unroll` does.

        A state is what a step hands to the next one: a derivative with respect to it leaves the other states
        of that step as they are, even where one is made of another.
        """
        unrolled: list[Unrolled] = []
        for layer, runs in enumerate(self._layers(), start=1):
            for run in runs:
                direction = "backward" if run.reverse else "forward"
                inputs = in_reading_order(vectors, direction, lengths).transpose(0, 1)
                unrolled.append(Unrolled(layer, direction, _step_through(run, inputs, lengths), {}, None))
            vectors = in_order_of_text(unrolled[-len(runs) :], lengths)
        return unrolled

    def _layers(self) -> Iterator[list[Run]]:
        """Yields the runs of each layer."""
        runs = zip(self.cells, self.callings, cycle((False, True) if self.bidirectional else (False,)))
        directions = 2 if self.bidirectional else 1
        for _ in range(self.num_layers):
            yield [Run(*run) for run in islice(runs, directions)]


def _scan(
    run: Run, rows: Float[Tensor, "N E"], sizes: list[int], states: States | None
) -> tuple[Float[Tensor, "N H"], States]:
    """Returns the hidden state at every row of a packed batch, and each text's final states.

    sizes: how many texts go on at each step, never rising; the texts are in the order of their lengths.
    """
    hidden: list[Tensor] = []
    ended: list[States] = []
    steps = rows.split(sizes)
    for x in reversed(steps) if run.reverse else steps:
        if states is not None and len(x) < len(states[0]):
            ended.append(tuple(s[len(x) :] for s in states))
            states = tuple(s[: len(x)] for s in states)
        states = run.step(x, states)
        hidden.append(states[0])
    assert states is not None
    final = tuple(map(torch.cat, zip(states, *reversed(ended), strict=True)))
    return torch.cat(hidden[::-1] if run.reverse else hidden), final


def _step_through(
    run: Run, inputs: Float[Tensor, "T B E"], lengths: Int[Tensor, " B"]
) -> dict[str, list[Tensor]]:
    """Returns the states by name, the texts being aligned at their ends."""
    steps: list[States] = []
    begins = (len(inputs) - lengths).to(inputs.device)
    for time, x in enumerate(inputs):
        going = run.step(x, steps[-1]) if steps else None
        fresh = run.step(x, None) if going is None or bool((begins == time).any()) else going
        new = fresh if going is None else choose(begins < time, going, fresh)
        steps.append(tuple(map(_handed_on, new)))
    names = ["h", *(f"state_{number}" for number in range(2, len(steps[0]) + 1))]
    by_name = dict(zip(names, map(list, zip(*steps, strict=True)), strict=True))
    return {name: states for name, states in by_name.items() if states[0].ndim == 2}


def _handed_on(state: Tensor) -> Tensor:
    """Returns the state as a node of its own in the graph, of which other states of its step know nothing."""
    return state.view_as(state) if state.requires_grad else state.detach().requires_grad_()
