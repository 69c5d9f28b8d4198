"""The vanilla recurrent net: one step forward and, beside it, one step back.

B batch, E input, H hidden. `d_y` is the derivative of the loss with respect to `y` and has y's shape.
Numbers in brackets are equations of docs/from-scratch.md.
"""

from typing import Any, NamedTuple

from numpy.typing import ArrayLike

from rnnlab.scratch.activations import Activation, Array, find_activation
from rnnlab.scratch.cell import Cell, Gradients, State
from rnnlab.scratch.layer import Layer


class RNNStep(NamedTuple):
    """What the way back needs of one step forward."""

    x_BE: Array
    h_prev_BH: Array
    h_BH: Array


class RNNCell(Cell):
    """h = f(x W_ih' + b_ih + h_prev W_hh' + b_hh), with f one of tanh, relu, sigmoid, identity."""

    gates = ("hidden",)

    def __init__(
        self,
        weight_ih: ArrayLike,
        weight_hh: ArrayLike,
        bias_ih: ArrayLike,
        bias_hh: ArrayLike,
        *,
        nonlinearity: str | Activation = "tanh",
    ) -> None:
        super().__init__(weight_ih, weight_hh, bias_ih, bias_hh)
        self.f = find_activation(nonlinearity) if isinstance(nonlinearity, str) else nonlinearity

    def forward(self, x_BE: Array, state: State) -> tuple[State, RNNStep]:
        """Returns the next state (h,) and the step for `backward`."""
        self.check_step(x_BE, state)
        (h_prev_BH,) = state
        a_BH = x_BE @ self.weight_ih.T + self.bias_ih + h_prev_BH @ self.weight_hh.T + self.bias_hh  # (1)
        h_BH = self.f.function(a_BH)  # (2)
        return (h_BH,), RNNStep(x_BE, h_prev_BH, h_BH)

    def backward(self, d_state: State, step: RNNStep, gradients: Gradients) -> tuple[Array, State]:
        """Returns d_x and (d_h_prev,) and adds this step's share to `gradients`."""
        (d_h_BH,) = d_state
        d_a_BH = d_h_BH * self.f.derivative(step.h_BH)  # (3), back through (2)
        gradients["weight_ih"] += d_a_BH.T @ step.x_BE  # (4), back through (1), as are the rest
        gradients["weight_hh"] += d_a_BH.T @ step.h_prev_BH  # (5)
        gradients["bias_ih"] += d_a_BH.sum(axis=0)  # (6)
        gradients["bias_hh"] += d_a_BH.sum(axis=0)  # (6)
        d_x_BE = d_a_BH @ self.weight_ih  # (7)
        d_h_prev_BH = d_a_BH @ self.weight_hh  # (8)
        return d_x_BE, (d_h_prev_BH,)


class RNN(Layer):
    """Vanilla cells over time, stacked and in one or both directions, with torch.nn.RNN's results."""

    cell_type = RNNCell

    def __init__(
        self, parameters: dict[str, Array], *, nonlinearity: str = "tanh", batch_first: bool = False
    ) -> None:
        self.options: dict[str, Any] = {"nonlinearity": nonlinearity}
        super().__init__(parameters, batch_first=batch_first)
