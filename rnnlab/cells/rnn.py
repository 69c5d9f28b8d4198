"""The vanilla recurrent net: one step forward and, beside it, one step back.

`d_y` is the derivative of the loss with respect to `y` and has y's shape, (batch, hidden).
Numbers in brackets are equations of docs/from-scratch.md; (1) and (4) to (8), the products with matrices, are
those of every cell and stand in `scratch/cell.py`.
"""

from typing import Any, Literal

from rnnlab.cells.activations import find_activation
from rnnlab.cells.base import Bias, Cell, Kept, Numbers, StepBack


class RNN(Cell):
    """h = f(W_ih x + b_ih + W_hh h_prev + b_hh), f one of tanh, relu, sigmoid, identity (Elman 1990).

    bias: with `single` there is no b_hh.
    """

    gates = ("hidden",)

    def __init__(
        self,
        *,
        nonlinearity: Literal["tanh", "relu", "sigmoid", "identity"] = "tanh",
        bias: Bias = "double",
    ) -> None:
        self.nonlinearity = nonlinearity
        self.activation = find_activation(nonlinearity)
        if bias == "single":
            self.recurrent_bias = False

    def step(self, x: Numbers, h: Numbers, state: Numbers, own: Numbers, mix: Any) -> tuple[tuple[Any], Kept]:
        """Returns the next state (h,)."""
        return (self.activation.function(x.hidden + h.hidden),), {}  # (2)

    def step_back(self, d: Numbers, kept: Numbers, old: Numbers, new: Numbers, mix_back: Any) -> StepBack:
        """Returns the gradients of both products."""
        d_a = d.h * self.activation.derivative(new.h)  # (3), back through (2)
        return StepBack(x={"hidden": d_a}, h={"hidden": d_a})

    @property
    def torch_layer(self) -> tuple[str, dict[str, Any]] | None:  # type: ignore[override]
        """torch's own, for the two functions that it knows, with two biases."""
        known = self.nonlinearity in ("tanh", "relu") and self.recurrent_bias
        return ("RNN", {"nonlinearity": self.nonlinearity}) if known else None

    @property
    def saturating(self) -> str | None:  # type: ignore[override]
        """The states, where they are tanh units."""
        return "h" if self.nonlinearity == "tanh" else None

    retained_by_matrix = True

    def retention(self, kept: Numbers, state: Numbers) -> Kept:
        """Returns the slope of the activation, which W_hh multiplies further."""
        return {"h": self.activation.derivative(state.h)}
