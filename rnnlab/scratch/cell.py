"""A cell with its arrays: one time step forward and, beside it, one step back.

B batch, E input, H hidden, G = H times the number of gates. `d_y` is the derivative of the loss with
respect to `y` and has y's shape. What happens between the products is the cell's own (`rnnlab.cells`).
Numbers in brackets are equations of docs/from-scratch.md.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from rnnlab.cells.activations import Array
from rnnlab.cells.base import Cell, Kept, Numbers, StepBack
from rnnlab.cells.trace import Trace, trace
from rnnlab.scratch.checks import as_floats, check_shape

State = tuple[Array, ...]
Gradients = dict[str, Array]


class Step(NamedTuple):
    """What the way back needs of one step forward.

    x, h: products of the input and of the old states, by name; old, new: the states before and after; kept:
    what the cell kept; mixed: what each product in the middle gave.
    """

    x_BE: Array
    x: Kept
    h: Kept
    old: Kept
    new: Kept
    kept: Kept
    mixed: list[Array]


class ArrayCell:
    """A cell and its parameters under torch's names, in torch's layout: `weight_ih` (G, E), `weight_hh`, …

    The arrays are kept, not copied (integers are, as float64); biases may be (G,) or (1, G).
    """

    def __init__(self, cell: Cell, parameters: Mapping[str, ArrayLike]) -> None:
        self.cell = cell
        arrays = {name: as_floats(name, parameters[name]) for name in cell.shapes(1, 1)}
        self.hidden_size = _hidden_size(cell, arrays)
        self.parameters: dict[str, Array] = {}
        shapes = cell.shapes(1, self.hidden_size)
        for name in sorted(
            shapes, key=lambda name: name == "weight_ih"
        ):  # after those that give the hidden size
            array, expected = arrays[name], shapes[name]
            if name == "weight_ih":
                check_shape(name, array, expected[0], "input")
            elif len(expected) == 1 and array.shape == (1, *expected):
                array = array.reshape(expected)
            else:
                check_shape(name, array, *expected)
            self.parameters[name] = array
        self.input_size = self.parameters["weight_ih"].shape[1]

    def checked_step(self, x_BE: Array, state: State) -> tuple[Array, Kept]:
        """Returns x and the states by name as floats; ValueError unless x is (batch, input) and each state
        (batch, hidden).
        """
        x_BE = as_floats("x", x_BE)
        check_shape("x", x_BE, "batch", self.input_size)
        if len(state) != len(self.cell.states):
            raise ValueError(f"state has {len(state)} arrays, expected {', '.join(self.cell.states)}")
        old = {name: as_floats(name, array) for name, array in zip(self.cell.states, state, strict=True)}
        for name, array in old.items():
            check_shape(name, array, len(x_BE), self.hidden_size)
        return x_BE, old

    def forward(self, x_BE: Array, state: State) -> tuple[State, Step]:
        """Returns the next state and the step for `backward`."""
        x_BE, old = self.checked_step(x_BE, state)
        cell = self.cell
        x = dict(zip(cell.gates, self._products("ih", x_BE, cell.gates), strict=True))  # (1), as is the next
        h = {
            name: product
            for s, names in cell.recurrent.items()
            for name, product in zip(names, self._products(f"{s}h", old[s], names), strict=True)
        }
        mixed: list[Array] = []
        mix = partial(self._mix, mixed)
        new, kept = cell.step(Numbers(**x), Numbers(**h), Numbers(**old), Numbers(**self._own()), mix)
        return tuple(new), Step(x_BE, x, h, old, dict(zip(cell.states, new, strict=True)), kept, mixed)

    def backward(self, d_state: State, step: Step, gradients: Gradients) -> tuple[Array, State]:
        """Returns d_x and the gradient of the previous state, and adds those of the parameters to
        `gradients`.
        """
        cell, zeros_BH = self.cell, np.zeros_like(d_state[0])
        back = self._step_back(Numbers(**dict(zip(cell.states, d_state, strict=True))), step, gradients)
        d_a_BG = np.concatenate([back.x.get(gate, zeros_BH) for gate in cell.gates], axis=1)
        d_x_BE = self._products_back("ih", d_a_BG, step.x_BE, cell.gates, gradients)
        d_old = []
        for s in cell.states:
            d_s_BH = back.state.get(s, zeros_BH)
            if names := cell.recurrent.get(s, ()):
                d_p_BG = np.concatenate([back.h.get(name, zeros_BH) for name in names], axis=1)
                d_s_BH = d_s_BH + self._products_back(f"{s}h", d_p_BG, step.old[s], names, gradients)
            d_old.append(d_s_BH)
        for name, d_own in back.own.items():
            gradients[name] += d_own.sum(axis=0) if name in cell.unit_parameters else d_own.sum()
        return d_x_BE, tuple(d_old)

    def _step_back(self, d: Numbers, step: Step, gradients: Gradients) -> StepBack:
        """Returns the gradients at what the cell's own step was given, by its own derivative or a derived
        one.
        """
        mix_back = partial(self._mix_back, gradients)
        if self.cell.step_back is not None:
            waiting = list(range(len(self.cell.mixed)))
            return self.cell.step_back(
                d,
                Numbers(**step.kept),
                Numbers(**step.old),
                Numbers(**step.new),
                lambda gradient, value: mix_back(waiting.pop(), gradient, value),
            )
        return self._trace.step_back(
            d, x=step.x, h=step.h, old=step.old, own=self._own(), mixed=step.mixed, mix_back=mix_back
        )

    def _mix(self, mixed: list[Array], value_BH: Array) -> Array:
        """Returns the next product in the middle of a step, and adds it to `mixed`, those made so far."""
        name = self.cell.mixed[len(mixed)]
        mixed.extend(self._products(f"{self.cell.states[0]}h", value_BH, [name]))
        return mixed[-1]

    def _mix_back(self, gradients: Gradients, number: int, d_product_BH: Array, value_BH: Array) -> Array:
        """Takes a product in the middle back; returns the gradient of the value that was mixed."""
        ends, name = f"{self.cell.states[0]}h", self.cell.mixed[number]
        return self._products_back(ends, d_product_BH, value_BH, [name], gradients)

    @cached_property
    def _trace(self) -> Trace:
        return trace(self.cell)

    def _own(self) -> Kept:
        """Returns the cell's own parameters by name."""
        return {name: self.parameters[name] for name in (*self.cell.unit_parameters, *self.cell.scalars)}

    def _rows(self, ends: str, names: Iterable[str]) -> slice:
        """Returns the rows of products that stand together in `weight_ih`, `weight_hh`, …"""
        names = list(names)
        first, last = (
            self.cell.rows(f"weight_{ends}", name, self.hidden_size) for name in (names[0], names[-1])
        )
        return slice(first.start, last.stop)

    def _products(self, ends: str, value: Array, names: Iterable[str]) -> list[Array]:
        """Returns value Wᵀ + b for every named block of rows, each (B, H)."""
        names = list(names)
        if not names:
            return []
        rows = self._rows(ends, names)
        product = value @ self.parameters[f"weight_{ends}"][rows].T  # (1)
        if (bias := self.parameters.get(f"bias_{ends}")) is not None:
            product = product + bias[rows]
        return np.split(product, len(names), axis=1)

    def _products_back(
        self, ends: str, d_product: Array, value: Array, names: Iterable[str], gradients: Gradients
    ) -> Array:
        """Returns the gradient of the value, and adds those of weight and bias."""
        rows = self._rows(ends, names)
        gradients[f"weight_{ends}"][rows] += d_product.T @ value  # (4), (5), back through (1)
        if f"bias_{ends}" in self.parameters:
            gradients[f"bias_{ends}"][rows] += d_product.sum(axis=0)  # (6)
        return d_product @ self.parameters[f"weight_{ends}"][rows]  # (7), (8)


def _hidden_size(cell: Cell, arrays: Mapping[str, Array]) -> int:
    """Returns the size that the arrays have in common, from the first that tells it."""
    weights = [name for name in arrays if name.startswith("weight_") and name != "weight_ih"]
    if weights:
        check_shape(weights[0], arrays[weights[0]], f"{len(cell.blocks(weights[0]))} * hidden", "hidden")
        return int(arrays[weights[0]].shape[1])
    check_shape("weight_ih", arrays["weight_ih"], f"{len(cell.gates)} * hidden", "input")
    return len(arrays["weight_ih"]) // len(cell.gates)
