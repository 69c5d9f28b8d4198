"""Steps a layer's own weights through its cell, so that every state is in the autograd graph.

`nn.RNN`, `nn.LSTM` and `nn.GRU` give their top layer's outputs and their final states; what a gradient is
on its way back through time stays hidden in them. Here it does not.

Shapes: T steps of the longest text, B texts, E inputs, H hidden.
"""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional

from rnnlab.cells import Cell
from rnnlab.models.layer import RunOfLayer, layers_of, step_of


class Unrolled(NamedTuple):
    """One layer's states in one direction, in the order in which that direction reads.

    Texts are aligned at the end of the reading: hidden[-1] holds every text's final state, hidden[-1 - d]
    that d steps before it. What stands before a text's first step means nothing and reaches no loss.

    layer: 1 for the lowest; direction: forward or backward; states: by name, T tensors (B, H), in the
    autograd graph. retention, detached, by the name of the state: by what each unit's state is multiplied
    from the step before to this one (hence of meaning from a text's second step on), other units left
    aside (see `Cell.retention`). tanh_units, detached: what saturates, None if the cell has no such units.
    """

    layer: int
    direction: str
    states: dict[str, list[Tensor]]
    retention: dict[str, Float[Tensor, "T B H"]]
    tanh_units: Float[Tensor, "T B H"] | None

    @property
    def hidden(self) -> list[Tensor]:
        """The hidden states, which are read."""
        return next(iter(self.states.values()))


def unroll(
    cell: Cell | None, recurrent: Any, vectors: Float[Tensor, "B T E"], lengths: Int[Tensor, " B"]
) -> list[Unrolled]:
    """Returns what every layer and direction of a layer of this cell goes through, in the order of torch's
    h_n; without a cell, what the layer says of itself (see `rnnlab.models.guest`).

    The gradients of what is computed from them reach `vectors` and the layer's own parameters. Dropout
    between layers is left out, as in evaluation mode. lengths: 1 ≤ length ≤ T.
    """
    if cell is None:
        unrolled: list[Unrolled] = recurrent.unroll(vectors, lengths)
        return unrolled
    steps = vectors.shape[1]
    padding = (steps - lengths).to(vectors.device)
    started = torch.arange(steps, device=vectors.device)[:, None, None] >= padding[:, None]
    unrolled = []
    for layer, runs in enumerate(layers_of(cell, recurrent), start=1):
        for run in runs:
            direction = "backward" if run.reverse else "forward"
            inputs = in_reading_order(vectors, direction, lengths).transpose(0, 1)
            unrolled.append(_step_through(cell, run, inputs, started, layer, direction))
        vectors = in_order_of_text(unrolled[-len(runs) :], lengths)
    return unrolled


def in_reading_order(
    vectors: Float[Tensor, "B T E"], direction: str, lengths: Int[Tensor, " B"]
) -> Float[Tensor, "B T E"]:
    """Returns vectors in the order in which a direction reads them, the texts aligned at its end."""
    return _turn(vectors, direction, (vectors.shape[1] - lengths).to(vectors.device))


def in_order_of_text(of_layer: Sequence[Unrolled], lengths: Int[Tensor, " B"]) -> Float[Tensor, "B T D"]:
    """Returns a layer's hidden states, its directions side by side; those in the padding mean nothing."""
    outputs = []
    for of_run in of_layer:
        hidden = torch.stack(of_run.hidden, dim=1)
        outputs.append(_turn(hidden, of_run.direction, (lengths - hidden.shape[1]).to(hidden.device)))
    return torch.cat(outputs, dim=2)


def _step_through(
    cell: Cell,
    run: RunOfLayer,
    inputs: Float[Tensor, "T B E"],
    started: Bool[Tensor, "T B 1"],
    layer: int,
    direction: str,
) -> Unrolled:
    products = functional.linear(inputs, run.parameters["weight_ih"], run.parameters.get("bias_ih"))
    step = step_of(cell, run.parameters)
    zeros = products.new_zeros(inputs.shape[1], products.shape[2] // len(cell.gates))
    states: dict[str, list[Tensor]] = {name: [] for name in cell.states}
    retention: dict[str, list[Tensor]] = {}
    units: list[Tensor] = []
    for time, product in enumerate(products):
        old = tuple(
            torch.where(started[time - 1], of_state[-1], zeros) if of_state else zeros
            for of_state in states.values()
        )
        new, kept = step(product, old)
        for of_state, state in zip(states.values(), new, strict=True):
            of_state.append(state)
        facts = _facts(cell, kept, new)
        for name, factor in facts.retention.items():
            retention.setdefault(name, []).append(torch.as_tensor(factor).to(zeros))
        if facts.units is not None:
            units.append(facts.units)
    retained = {name: torch.stack(factors) for name, factors in retention.items()}
    return Unrolled(layer, direction, states, retained, torch.stack(units) if units else None)


def _facts(cell: Cell, kept: dict[str, Tensor], new: tuple[Tensor, ...]) -> SimpleNamespace:
    """Returns what the cell says of the values of a step, as arrays, outside the graph."""
    by_name = dict(zip(cell.states, new, strict=True))
    detached = {name: value.detach() for name, value in {**kept, **by_name}.items()}
    arrays = {name: value.cpu().numpy() for name, value in detached.items()}
    retention = cell.retention(
        SimpleNamespace(**{name: arrays[name] for name in kept}),
        SimpleNamespace(**{name: arrays[name] for name in by_name}),
    )
    units = None if cell.saturating is None else detached[cell.saturating]
    return SimpleNamespace(retention=retention, units=units)


def _turn(
    padded: Float[Tensor, "B T F"], direction: str, shifts: Int[Tensor, " B"]
) -> Float[Tensor, "B T F"]:
    """Moves each text `shifts` steps later, what falls out at the end coming in at the start.

    Backward, the whole rows are turned round instead: a text that stood at the start then ends at the end.
    """
    if direction == "backward":
        return padded.flip(1)
    steps = padded.shape[1]
    source = (torch.arange(steps, device=padded.device) - shifts[:, None]) % steps
    return padded.gather(1, source[:, :, None].expand_as(padded))
