"""Mistakes that were really made in published recurrent nets, each put into a copy of a layer.

They are here to be caught: gradcheck shows what each looks like.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from rnnlab.scratch.activations import Array
from rnnlab.scratch.cell import PARAMETER_NAMES, Cell
from rnnlab.scratch.layer import Layer
from rnnlab.scratch.lstm import LSTMCell, LSTMStep
from rnnlab.scratch.rnn import RNNCell


class Bug(NamedTuple):
    """A mistake that was really made: the models it applies to, and what makes a broken copy of a layer."""

    description: str
    models: tuple[str, ...]
    break_layer: Callable[[type[Layer]], type[Layer]]


def _with_cell(layer: type[Layer], cell: type[Cell]) -> type[Layer]:
    return type(layer.__name__, (layer,), {"cell_type": cell})


def _one_bias(layer: type[Layer]) -> type[Layer]:
    class Broken(LSTMCell):
        def __init__(self, *args: Any, **named: Any) -> None:
            super().__init__(*args, **named)
            for name in ("bias_ih", "bias_hh"):
                i, _, g, _ = np.split(getattr(self, name), 4)
                setattr(self, name, np.concatenate([i, i, g, i]))

    return _with_cell(layer, Broken)


def _tanh_twice(layer: type[Layer]) -> type[Layer]:
    class Broken(LSTMCell):
        def forward(self, x_BE: Array, state: Any) -> tuple[Any, LSTMStep]:
            (_, c_BH), step = super().forward(x_BE, state)
            return (step.o_BH * np.tanh(step.tanh_c_BH), c_BH), step

    return _with_cell(layer, Broken)


def _no_accumulation(layer: type[Layer]) -> type[Layer]:
    class Broken(layer.cell_type):  # type: ignore[name-defined]
        def backward(self, d_state: Any, step: Any, gradients: dict[str, Array]) -> Any:
            for gradient in gradients.values():
                gradient[...] = 0
            return super().backward(d_state, step, gradients)

    return _with_cell(layer, Broken)


def _last_state(layer: type[Layer]) -> type[Layer]:
    class Broken(layer):  # type: ignore[valid-type,misc]
        def mask(self, lengths_B: Array, time: int) -> Array:
            return np.ones_like(super().mask(lengths_B, time))

    return Broken


def _gate_order(layer: type[Layer]) -> type[Layer]:
    order = {"LSTMCell": [0, 1, 3, 2], "GRUCell": [1, 0, 2]}[layer.cell_type.__name__]

    class Broken(layer.cell_type):  # type: ignore[name-defined]
        def __init__(self, *args: Any, **named: Any) -> None:
            super().__init__(*args, **named)
            for name in PARAMETER_NAMES:
                blocks = np.split(getattr(self, name), len(order))
                setattr(self, name, np.concatenate([blocks[k] for k in order]))

    return _with_cell(layer, Broken)


def _pre_activation(layer: type[Layer]) -> type[Layer]:
    class Broken(RNNCell):
        def backward(self, d_state: Any, step: Any, gradients: dict[str, Array]) -> Any:
            return super().backward(d_state, step._replace(h_BH=np.arctanh(step.h_BH)), gradients)

    return _with_cell(layer, Broken)


BUGS = {
    "one-bias": Bug("one bias for three gates", ("lstm",), _one_bias),
    "tanh-twice": Bug("tanh applied twice to the cell", ("lstm",), _tanh_twice),
    "no-accumulation": Bug(
        "parameter gradients not summed over time", ("rnn", "lstm", "gru"), _no_accumulation
    ),
    "last-state": Bug("the last state instead of the masked one", ("rnn", "lstm", "gru"), _last_state),
    "gate-order": Bug("gates read in another order", ("lstm", "gru"), _gate_order),
    "pre-activation": Bug("derivative taken at the pre-activation", ("rnn",), _pre_activation),
}
