"""A run's parameters as its scans read them.

E input, H hidden, P hidden units padded to whole vectors, G gates.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from rnnlab.cells.activations import Array
from rnnlab.cells.base import Cell
from rnnlab.kernels.compiled import padded
from rnnlab.kernels.packing import fill_backward, fill_forward
from rnnlab.kernels.products import PANEL_BYTES
from rnnlab.kernels.tiles import VECTOR_BYTES

WITHIN = 2**18
"""Bytes up to which a weight stays in the processor's cache from one step to the next."""


class Weights(NamedTuple):
    """A run's parameters as the scans read them: units padded, products of states in panels for both ways.

    joined: how many products of each state are only added to the input's (see `rnnlab.kernels.source.Plan`);
    their biases are within bias_x, those of the others in biases. panels_in: ih_GPE in panels, too; empty
    where it is larger than WITHIN. forward, backward: by state, those of products that are only added before
    the others.
    """

    joined: Mapping[str, int]
    ih_GPE: Array
    panels_in: Array
    bias_x: Array
    biases: dict[str, Array]
    forward: list[Array]
    backward: list[Array]
    mix_biases: list[Array]
    mix_forward: list[Array]
    mix_backward: list[Array]
    own: list[Array]


def own_names(cell: Cell) -> list[str]:
    """Returns the names of the cell's own parameters, of one number per unit and of one number."""
    return [*cell.unit_parameters, *cell.scalars]


def make_weights(
    cell: Cell, input_size: int, hidden_size: int, dtype: Any, joined: Mapping[str, int]
) -> Weights:
    """Returns weights of zeros; joined: see `rnnlab.kernels.source.Plan`."""
    gates, H, P = len(cell.gates), hidden_size, padded(hidden_size)
    ih_GPE = np.zeros((gates * P, input_size), dtype)

    def panels(blocks: int) -> Array:
        return np.zeros(blocks * H * P, dtype)

    apart = {s: len(names) - joined[s] for s, names in cell.recurrent.items() if len(names) > joined[s]}
    counts = [*(count for count in joined.values() if count), *apart.values()]
    return Weights(
        joined=joined,
        ih_GPE=ih_GPE,
        panels_in=np.zeros(ih_GPE.size if ih_GPE.nbytes <= WITHIN else 0, dtype),
        bias_x=np.zeros(gates * P, dtype),
        biases={s: np.zeros(count * P, dtype) for s, count in apart.items()},
        forward=[panels(count) for count in counts],
        backward=[panels(count) for count in counts],
        mix_biases=[np.zeros(P, dtype) for _ in cell.mixed],
        mix_forward=[panels(1) for _ in cell.mixed],
        mix_backward=[panels(1) for _ in cell.mixed],
        own=[np.zeros(P, dtype) for _ in own_names(cell)],
    )


def fill_weights(weights: Weights, cell: Cell, parameters: Mapping[str, Array], hidden_size: int) -> None:
    """Copies the parameters to where the scans read them; what is padding stays zero."""
    H, P = hidden_size, padded(hidden_size)
    size = weights.bias_x.itemsize
    layout = P, PANEL_BYTES // size, VECTOR_BYTES // size
    weight = parameters["weight_ih"]
    weights.ih_GPE.reshape(-1, P, weight.shape[1])[:, :H] = weight.reshape(-1, H, weight.shape[1])
    if len(weights.panels_in):
        fill_forward(weight, weights.panels_in, H, *layout)
    bias_GH = weights.bias_x.reshape(-1, P)[:, :H]
    bias_GH[:] = parameters["bias_ih"].reshape(-1, H) if "bias_ih" in parameters else 0
    joined = weights.joined
    added = [(s, slice(0, count * H)) for s, count in joined.items() if count]
    apart = [(s, slice(joined[s] * H, len(cell.recurrent[s]) * H)) for s in weights.biases]
    for (s, rows), forward, backward in zip([*added, *apart], weights.forward, weights.backward, strict=True):
        fill_forward(parameters[f"weight_{s}h"][rows], forward, H, *layout)
        fill_backward(parameters[f"weight_{s}h"][rows], backward, *layout)
    for s, names in cell.recurrent.items():
        if (bias := parameters.get(f"bias_{s}h")) is not None:
            bias_RH, count = bias[: len(names) * H].reshape(-1, H), joined[s]
            bias_GH[:count] += bias_RH[:count]
            if s in weights.biases:
                weights.biases[s].reshape(-1, P)[:, :H] = bias_RH[count:]
    first = cell.states[0]
    for m in range(len(cell.mixed)):
        at = (len(cell.recurrent.get(first, ())) + m) * H
        rows = slice(at, at + H)
        weight = parameters[f"weight_{first}h"][rows]
        fill_forward(weight, weights.mix_forward[m], H, *layout)
        fill_backward(weight, weights.mix_backward[m], *layout)
        if (bias := parameters.get(f"bias_{first}h")) is not None:
            weights.mix_biases[m][:H] = bias[rows]
    for name, array in zip(own_names(cell), weights.own, strict=True):
        array[:H] = parameters[name]
