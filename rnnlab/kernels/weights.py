"""A run's parameters as its scans read them.

E input, H hidden, P hidden units padded to whole vectors, G gates.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from rnnlab.cells.activations import Array
from rnnlab.cells.base import Cell
from rnnlab.kernels.compiled import padded
from rnnlab.kernels.packing import fill_back_to_input, fill_input, fill_products
from rnnlab.kernels.products import HALF_BYTES, PANEL_BYTES
from rnnlab.kernels.tiles import VECTOR_BYTES

WITHIN = 2**18
"""Bytes up to which a weight stays in the processor's cache from one step to the next."""


class Weights(NamedTuple):
    """A run's parameters as the scans read them: units padded, products of states in panels for both ways.

    joined: how many products of each state are only added to the input's (see `rnnlab.kernels.source.Plan`);
    their biases are within bias_x, those of the others in biases. panels_in, panels_back: the input's weight
    in panels, for the way to the products and (`fill_weights_back`) back from them; empty where it is larger
    than WITHIN. forward,
    backward: by state, those of products that are only added before
    the others.
    """

    joined: Mapping[str, int]
    ih_GPE: Array
    panels_in: Array
    panels_back: Array
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


def whole_halves(columns: int, itemsize: int) -> int:
    """Returns so many columns padded to whole halves of the longest vectors."""
    half = HALF_BYTES // itemsize
    return -(-columns // half) * half


def make_weights(
    cell: Cell, input_size: int, hidden_size: int, dtype: Any, joined: Mapping[str, int]
) -> Weights:
    """Returns weights of zeros; joined: see `rnnlab.kernels.source.Plan`."""
    gates, H, P = len(cell.gates), hidden_size, padded(hidden_size)
    ih_GPE = np.zeros((gates * P, input_size), dtype)

    def panels(blocks: int) -> Array:
        return np.zeros(blocks * H * P, dtype)

    columns = whole_halves(input_size, ih_GPE.itemsize)
    within = ih_GPE.nbytes <= WITHIN
    apart = {s: len(names) - joined[s] for s, names in cell.recurrent.items() if len(names) > joined[s]}
    counts = [*(count for count in joined.values() if count), *apart.values()]
    return Weights(
        joined=joined,
        ih_GPE=ih_GPE,
        panels_in=np.zeros(ih_GPE.size if within else 0, dtype),
        panels_back=np.zeros(gates * H * columns if within else 0, dtype),
        bias_x=np.zeros(gates * P, dtype),
        biases={s: np.zeros(count * P, dtype) for s, count in apart.items()},
        forward=[panels(count) for count in counts],
        backward=[panels(count) for count in counts],
        mix_biases=[np.zeros(P, dtype) for _ in cell.mixed],
        mix_forward=[panels(1) for _ in cell.mixed],
        mix_backward=[panels(1) for _ in cell.mixed],
        own=[np.zeros(P, dtype) for _ in own_names(cell)],
    )


def fills_of(
    weights: Weights, cell: Cell, parameters: Mapping[str, Array], hidden_size: int
) -> list[Callable[[], object]]:
    """Returns what, called in turn, copies the parameters as they are then to where the scans read them.

    What is padding stays zero.
    """
    H, P, size = hidden_size, padded(hidden_size), weights.bias_x.itemsize
    layout = P, PANEL_BYTES // size, VECTOR_BYTES // size
    none, joined, first = np.empty(0, weights.bias_x.dtype), weights.joined, cell.states[0]
    bias = parameters.get("bias_ih", none)
    of_input = weights.ih_GPE, weights.panels_in, weights.bias_x
    fills: list[Callable[[], object]] = [
        partial(fill_input, parameters["weight_ih"], bias, *of_input, H, *layout)
    ]

    def fill(s: str, begin: int, count: int, adds: bool, *arrays: Array) -> None:
        rows = slice(begin * H, (begin + count) * H)
        weight, bias = parameters[f"weight_{s}h"][rows], parameters.get(f"bias_{s}h", none)[rows]
        fills.append(partial(fill_products, weight, bias, adds, *arrays, *layout))

    panels = list(zip(weights.forward, weights.backward, strict=True))
    for s, count in joined.items():
        if count:
            fill(s, 0, count, True, weights.bias_x, *panels.pop(0))
    for s in weights.biases:
        fill(s, joined[s], len(cell.recurrent[s]) - joined[s], False, weights.biases[s], *panels.pop(0))
    for m, both in enumerate(zip(weights.mix_forward, weights.mix_backward, strict=True)):
        fill(first, len(cell.recurrent.get(first, ())) + m, 1, False, weights.mix_biases[m], *both)
    for name, array in zip(own_names(cell), weights.own, strict=True):
        fills.append(partial(np.copyto, array[:H], parameters[name]))
    return fills


def fill_weights_back(weights: Weights, hidden_size: int) -> None:
    """Writes panels_back, which only the way back to the input needs, from what was copied last."""
    ih_GPE = weights.ih_GPE
    columns, size = whole_halves(ih_GPE.shape[1], ih_GPE.itemsize), ih_GPE.itemsize
    layout = columns, PANEL_BYTES // size, VECTOR_BYTES // size
    fill_back_to_input(ih_GPE, weights.panels_back, padded(hidden_size), hidden_size, *layout)
