"""torch's layers over padded texts: what oneDNN computes five times as fast as packed ones.

The same parameters and results as `nn.RNN`, `nn.GRU` or `nn.LSTM` on packed texts, to rounding: a text's
final state is picked at its own end, and the reverse direction reads the text turned round within its length,
so that no padding is read before what counts.

N rows of a packed batch, T steps of the longest text, B texts, E inputs, H hidden.
"""

import copy
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import PackedSequence

from rnnlab.models.base import SequenceModel, Sequences
from rnnlab.models.guest import name_of
from rnnlab.models.layer import cell_of, layers_of

TORCH_LAYERS = (nn.RNN, nn.GRU, nn.LSTM)


def without_padded(model: nn.Module) -> str | None:
    """Returns why a model has no padded form, or None if it has one."""
    layer = getattr(model, "recurrent", None)
    if layer is None:
        return f"{type(model).__name__} has no recurrent layer"
    if type(layer) not in TORCH_LAYERS or layer.batch_first:
        cell = getattr(model, "cell", None)
        return f"{name_of(layer) if cell is None else cell.name} is no layer of torch's own"
    if cell_of(layer) is None:
        return f"its {name_of(layer)} has projections or no biases"
    if getattr(model, "pooling", None) is None:
        return f"{type(model).__name__} reads the layer in a way of its own"
    return None


def padded_form(model: SequenceModel) -> SequenceModel:
    """Returns the same model, on the same parameters, whose recurrent layer runs over padded texts.

    Its modules are the model's own: what sets one to training or evaluation sets the other, too.
    """
    form = copy.copy(model)
    form._modules = {**model._modules, "recurrent": PaddedLayer(model.recurrent)}
    return form


class Places(NamedTuple):
    """Where the rows of a packed batch stand among padded texts, read in one direction.

    row: for each of T · B padded places the row that stands there, a text's first row where there is none;
    place: for each of the N rows its padded place.
    """

    row: Int[Tensor, " TB"]
    place: Int[Tensor, " N"]


class PaddedLayer(nn.Module):
    """A layer of torch's, called as that layer is, which takes packed texts apart into padded ones.

    Of the final states it returns only the hidden one. Dropout between layers falls on the packed rows.
    """

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.layer = layer
        cell = cell_of(layer)
        assert cell is not None
        self._runs = [
            [(run.reverse, _single(layer, run.parameters)) for run in runs] for runs in layers_of(cell, layer)
        ]

    def forward(self, vectors: Sequences) -> tuple[Sequences, Any]:
        """Returns the top layer's states at every step, and the final ones (layers · directions, B, H)."""
        if isinstance(vectors, Tensor):  # all texts are equally long
            return self.layer(vectors)
        rows, batch = vectors.data, int(vectors.batch_sizes[0])
        lengths = lengths_of(vectors)
        end = (lengths - 1) * batch + torch.arange(batch)
        places = {reverse: places_of(vectors, lengths, reverse) for reverse, _ in self._runs[0]}
        finals = []
        for number, runs in enumerate(self._runs):
            if number and self.layer.dropout:
                rows = functional.dropout(rows, self.layer.dropout, self.layer.training)
            outputs = []
            for reverse, run in runs:
                padded, _ = run(rows.index_select(0, places[reverse].row).unflatten(0, (-1, batch)))
                states = padded.flatten(0, 1)
                finals.append(states.index_select(0, end))
                outputs.append(states.index_select(0, places[reverse].place))
            rows = torch.cat(outputs, dim=1)
        final = torch.stack(finals)
        if vectors.unsorted_indices is not None:
            final = final.index_select(1, vectors.unsorted_indices)
        return vectors._replace(data=rows), final


def lengths_of(vectors: PackedSequence) -> Int[Tensor, " B"]:
    """Returns the lengths of packed texts in their packed order, the longest first."""
    sizes = vectors.batch_sizes
    return (sizes[None] > torch.arange(int(sizes[0]))[:, None]).sum(dim=1)


def places_of(vectors: PackedSequence, lengths: Int[Tensor, " B"], reverse: bool) -> Places:
    """Returns where the rows of packed texts stand among padded ones, each text turned round if `reverse`."""
    sizes = vectors.batch_sizes
    begin = sizes.cumsum(0) - sizes  # the first row of every step
    step = torch.arange(len(sizes))[:, None]
    text = torch.arange(len(lengths))
    real = step < lengths
    at = torch.where(real, lengths - 1 - step if reverse else step, 0)
    place = at * len(lengths) + text
    return Places((begin[at] + text).flatten(), place[real])


def _single(layer: Any, parameters: dict[str, Float[Tensor, "..."]]) -> nn.Module:
    """Returns one direction of one layer as a layer by itself, on the same parameters."""
    settings = {"nonlinearity": layer.nonlinearity} if isinstance(layer, nn.RNN) else {}
    width = parameters["weight_ih"].shape[1]
    # On `meta` nothing is allocated and no random number drawn.
    single: nn.Module = type(layer)(width, layer.hidden_size, device="meta", **settings)
    for name, parameter in parameters.items():
        setattr(single, f"{name}_l0", parameter)
    return single
