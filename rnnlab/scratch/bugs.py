"""Mistakes that were really made in published recurrent nets, each put into a copy of a layer.

They are here to be caught: gradcheck shows what each looks like.
"""

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import numpy as np

from rnnlab.cells.activations import Array
from rnnlab.cells.base import Cell, Kept, Numbers
from rnnlab.cells.lstm import LSTM
from rnnlab.cells.rnn import RNN
from rnnlab.scratch.cell import ArrayCell
from rnnlab.scratch.layer import Layer


class Bug(NamedTuple):
    """A mistake that was really made: the cells it applies to, and what makes a broken layer over
    parameters.
    """

    description: str
    models: tuple[str, ...]
    break_layer: Callable[..., Layer]


class _BrokenArrays(Layer):
    """A layer whose cells are changed by `broken` before they are used."""

    def broken(self, cell: ArrayCell) -> ArrayCell:
        raise NotImplementedError

    def array_cell(self, suffix: str) -> ArrayCell:
        return self.broken(super().array_cell(suffix))


class _OneBias(_BrokenArrays):
    def broken(self, cell: ArrayCell) -> ArrayCell:
        for name in ("bias_ih", "bias_hh")[: 2 if cell.cell.recurrent_bias else 1]:
            i, _, g, _ = np.split(cell.parameters[name], 4)
            cell.parameters[name] = np.concatenate([i, i, g, i])
        return cell


class _TanhTwice(LSTM):
    def step(self, x: Numbers, h: Numbers, state: Numbers, own: Numbers, mix: Any) -> tuple[Any, Kept]:
        (_, c), kept = super().step(x, h, state, own, mix)
        return (kept["o"] * np.tanh(kept["s"]), c), kept

    step_back = LSTM.step_back


class _NoAccumulation(_BrokenArrays):
    def broken(self, cell: ArrayCell) -> ArrayCell:
        right = cell.backward

        def backward(d_state: Any, step: Any, gradients: dict[str, Array]) -> Any:
            for gradient in gradients.values():
                gradient[...] = 0
            return right(d_state, step, gradients)

        cell.backward = backward  # type: ignore[method-assign]
        return cell


class _LastState(Layer):
    def mask(self, lengths_B: Array, time: int) -> Array:
        return np.ones_like(super().mask(lengths_B, time))


class _GateOrder(_BrokenArrays):
    ORDERS: ClassVar[dict[int, list[int]]] = {3: [1, 0, 2], 4: [0, 1, 3, 2]}

    def broken(self, cell: ArrayCell) -> ArrayCell:
        order = self.ORDERS[len(cell.cell.gates)]
        for name, array in cell.parameters.items():
            blocks = np.split(array, len(order))
            cell.parameters[name] = np.concatenate([blocks[k] for k in order])
        return cell


class _PreActivation(RNN):
    def step_back(self, d: Numbers, kept: Any, old: Any, new: Numbers, mix_back: Any) -> Any:
        return super().step_back(d, kept, old, Numbers(h=np.arctanh(new.h)), mix_back)


def _with_cell(broken: type[Cell]) -> Callable[..., Layer]:
    return lambda parameters, *, cell, **options: Layer(parameters, cell=broken(), **options)


BUGS = {
    "one-bias": Bug("one bias for three gates", ("lstm",), _OneBias),
    "tanh-twice": Bug("tanh applied twice to the cell", ("lstm",), _with_cell(_TanhTwice)),
    "no-accumulation": Bug(
        "parameter gradients not summed over time", ("rnn", "lstm", "gru"), _NoAccumulation
    ),
    "last-state": Bug("the last state instead of the masked one", ("rnn", "lstm", "gru"), _LastState),
    "gate-order": Bug("gates read in another order", ("lstm", "gru"), _GateOrder),
    "pre-activation": Bug("derivative taken at the pre-activation", ("rnn",), _with_cell(_PreActivation)),
}
