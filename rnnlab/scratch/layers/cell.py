"""One cell: weights that can be set, gradients that add up."""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rnnlab.cells import rnn
from rnnlab.cells.activations import Array
from rnnlab.scratch.cell import ArrayCell, Gradients, Step
from rnnlab.scratch.checks import as_numbers, check_shape
from rnnlab.scratch.initialisers import from_global_stream, glorot

NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


class RNNCell:
    """h_t = tanh(x_t weight_ih' + bias_ih + h_prev weight_hh' + bias_hh).

    Weights are checked when they are set. They start Glorot-uniform, the biases in the same bounds, drawn
    from NumPy's global stream (`np.random.seed`).
    """

    weight_ih: Array
    weight_hh: Array
    bias_ih: Array
    bias_hh: Array
    grad_weight_ih: Array
    grad_weight_hh: Array
    grad_bias_ih: Array
    grad_bias_hh: Array

    def __init__(self, input_size: int, hidden_size: int) -> None:
        for name, size in (("input_size", input_size), ("hidden_size", hidden_size)):
            if size < 1:
                raise ValueError(f"{name} is {size}, expected 1 or more")
        self.input_size, self.hidden_size = input_size, hidden_size
        rng = from_global_stream()
        for ends, width in (("ih", input_size), ("hh", hidden_size)):
            bound = math.sqrt(6 / (width + hidden_size))
            setattr(self, f"weight_{ends}", glorot((hidden_size, width), rng))
            setattr(self, f"bias_{ends}", rng.uniform(-bound, bound, hidden_size))

    def __setattr__(self, name: str, value: Any) -> None:
        """Takes weights and gradients of the right shape, as floats; a gradient has its weight's shape."""
        weight = name.removeprefix("grad_")
        if weight in NAMES:
            value = as_numbers(name, value)
            width = self.input_size if weight == "weight_ih" else self.hidden_size
            if weight.startswith("weight_"):
                check_shape(name, value, self.hidden_size, width)
            elif value.shape != (1, self.hidden_size):
                check_shape(name, value, self.hidden_size)
        super().__setattr__(name, value)
        if name in NAMES and getattr(getattr(self, f"grad_{name}", None), "shape", None) != value.shape:
            super().__setattr__(f"grad_{name}", np.zeros_like(value))

    def zero_grad(self) -> None:
        """Sets all gradients to zero."""
        for name in NAMES:
            setattr(self, f"grad_{name}", np.zeros_like(getattr(self, name)))

    def forward(self, x_t: ArrayLike, h_prev: ArrayLike) -> Array:
        """Returns the next state h_t (N, H) of x_t (N, F) and h_prev (N, H)."""
        x_t, h_prev = self._checked(x_t=x_t, h_prev=h_prev)
        (h_t,), _ = self.array_cell().forward(x_t, (h_prev,))
        return h_t

    def backward(
        self, grad: ArrayLike, h_t: ArrayLike, x_t: ArrayLike, h_prev: ArrayLike
    ) -> tuple[Array, Array]:
        """Returns the gradients of x_t (N, F) and h_prev (N, H), and adds those of the weights to `grad_…`.

        grad: the loss's gradient at h_t (N, H), which x_t and h_prev have given.
        """
        x_t, h_prev, grad, h_t = self._checked(x_t=x_t, h_prev=h_prev, grad=grad, h_t=h_t)
        cell = self.array_cell()
        step = Step(x_t, x={}, h={}, old={"h": h_prev}, new={"h": h_t}, kept={}, mixed=[])
        gradients = {name: np.zeros_like(array) for name, array in cell.parameters.items()}
        d_x, (d_h_prev,) = cell.backward((grad,), step, gradients)
        self.add(gradients)
        return d_x, d_h_prev

    def array_cell(self) -> ArrayCell:
        """Returns the engine's cell over these weights."""
        return ArrayCell(rnn.RNN(), self.parameters())

    def parameters(self) -> dict[str, Array]:
        """Returns the weights by name."""
        return {name: getattr(self, name) for name in NAMES}

    def add(self, gradients: Gradients) -> None:
        """Adds gradients by name to those of the weights."""
        for name in NAMES:
            old = getattr(self, f"grad_{name}")
            setattr(self, f"grad_{name}", old + gradients[name].reshape(old.shape))

    def _checked(self, **arrays: ArrayLike) -> list[Array]:
        checked = [as_numbers(name, array) for name, array in arrays.items()]
        for name, array in zip(arrays, checked, strict=True):
            width = self.input_size if name == "x_t" else self.hidden_size
            check_shape(name, array, "batch" if name == "x_t" else len(checked[0]), width)
        return checked
