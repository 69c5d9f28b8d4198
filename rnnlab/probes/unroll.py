"""Steps a fused torch layer's own weights through torch's cells, so that every state is in the graph.

`nn.RNN`, `nn.LSTM` and `nn.GRU` give their top layer's outputs and their final states; what a gradient is
on its way back through time stays hidden in them. Here it does not.

Shapes: T steps of the longest text, B texts, E inputs, H hidden.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional


class Reading(NamedTuple):
    """One layer's states in one direction, in the order in which that direction reads.

    Texts are aligned at the end of the reading: hidden[-1] holds every text's final state, hidden[-1 - d]
    that d steps before it. What stands before a text's first step means nothing and reaches no loss.

    layer: 1 for the lowest; direction: forward or backward; hidden, cell: T tensors (B, H), in the
    autograd graph; cell is empty but for an LSTM. carried, detached: by what each unit's state is multiplied
    from the step before to this one (hence of meaning from a text's second step on), other units left
    aside: an LSTM's forget gate, a GRU's update gate, the derivative of an RNN's activation, which W_hh
    multiplies further.
    """

    layer: int
    direction: str
    hidden: list[Tensor]
    cell: list[Tensor]
    carried: Float[Tensor, "T B H"]


def unroll(
    recurrent: nn.RNNBase, vectors: Float[Tensor, "B T E"], lengths: Int[Tensor, " B"]
) -> list[Reading]:
    """Returns a reading for every layer and direction, in the order of torch's final states.

    The gradients of what is computed from them reach `vectors` and the layer's own parameters. Dropout
    between layers is left out, as in evaluation mode. lengths: 1 ≤ length ≤ T.
    """
    steps = vectors.shape[1]
    padding = (steps - lengths).to(vectors.device)
    started = torch.arange(steps, device=vectors.device)[:, None, None] >= padding[:, None]
    readings: list[Reading] = []
    for layer in range(recurrent.num_layers):
        outputs = []
        for direction in ("forward", "backward")[: 2 if recurrent.bidirectional else 1]:
            inputs = _turn(vectors, direction, padding).transpose(0, 1)
            weights = recurrent.all_weights[len(readings)]
            hidden, cell = _step_through(recurrent, inputs, started, weights)
            carried = _carried(recurrent, inputs, hidden, weights)
            readings.append(Reading(layer + 1, direction, hidden, cell, carried))
            outputs.append(_turn(torch.stack(hidden, dim=1), direction, -padding))
        vectors = torch.cat(outputs, dim=2)
    return readings


def _step_through(
    recurrent: nn.RNNBase,
    inputs: Float[Tensor, "T B E"],
    started: Bool[Tensor, "T B 1"],
    weights: Sequence[Tensor],
) -> tuple[list[Tensor], list[Tensor]]:
    """Returns hidden and cell states (none but for an LSTM) of every step."""
    zeros = inputs.new_zeros(inputs.shape[1], recurrent.hidden_size)
    hidden: list[Tensor] = []
    cell: list[Tensor] = []
    for step, x in enumerate(inputs):

        def before(states: list[Tensor], step: int = step) -> Tensor:
            return torch.where(started[step - 1], states[-1], zeros) if states else zeros

        if isinstance(recurrent, nn.LSTM):
            h, c = torch.lstm_cell(x, (before(hidden), before(cell)), *weights)
            cell.append(c)
        else:
            h = _cell_of(recurrent)(x, before(hidden), *weights)
        hidden.append(h)
    return hidden, cell


def _cell_of(recurrent: nn.RNNBase) -> Callable[..., Tensor]:
    if isinstance(recurrent, nn.GRU):
        return torch.gru_cell
    return {"tanh": torch.rnn_tanh_cell, "relu": torch.rnn_relu_cell}[str(recurrent.nonlinearity)]


@torch.no_grad()
def _carried(
    recurrent: nn.RNNBase, inputs: Float[Tensor, "T B E"], hidden: list[Tensor], weights: Sequence[Tensor]
) -> Float[Tensor, "T B H"]:
    states = torch.stack(hidden)
    if isinstance(recurrent, nn.RNN):
        return 1 - states**2 if recurrent.nonlinearity == "tanh" else (states > 0).to(states)
    # An LSTM's forget gate and a GRU's update gate are both the second of torch's blocks of rows.
    rows = slice(recurrent.hidden_size, 2 * recurrent.hidden_size)
    weight_ih, weight_hh, bias_ih, bias_hh = (weight[rows] for weight in weights)
    previous = torch.cat([torch.zeros_like(states[:1]), states[:-1]])
    return torch.sigmoid(
        functional.linear(inputs, weight_ih, bias_ih) + functional.linear(previous, weight_hh, bias_hh)
    )


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
