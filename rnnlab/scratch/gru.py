"""The gated recurrent unit: one step forward and, beside it, one step back.

B batch, E input, H hidden, G = 3H gates, in torch's order: reset, update, new.
`d_y` is the derivative of the loss with respect to `y` and has y's shape.
Numbers in brackets are equations of docs/from-scratch.md.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from rnnlab.scratch.activations import Array, sigmoid, sigmoid_derivative, tanh_derivative
from rnnlab.scratch.cell import Cell, Gradients, State
from rnnlab.scratch.layer import Layer


class GRUStep(NamedTuple):
    """What the way back needs of one step forward."""

    x_BE: Array
    h_prev_BH: Array
    r_BH: Array
    z_BH: Array
    n_BH: Array
    u_BH: Array


class GRUCell(Cell):
    """A state that is overwritten as far as an update gate says (Cho et al. 2014).

    With `reset_after` (torch's form) the reset gate scales the product W_hn h + b_hn, (28); without it
    (the paper's form and ONNX's default) it scales h before the product, (28').
    """

    gates = ("reset", "update", "new")

    def __init__(
        self,
        weight_ih: ArrayLike,
        weight_hh: ArrayLike,
        bias_ih: ArrayLike,
        bias_hh: ArrayLike,
        *,
        reset_after: bool = True,
    ) -> None:
        super().__init__(weight_ih, weight_hh, bias_ih, bias_hh)
        self.reset_after = reset_after

    def forward(self, x_BE: Array, state: State) -> tuple[State, GRUStep]:
        """Returns the next state (h,) and the step for `backward`."""
        self.check_step(x_BE, state)
        (h_prev_BH,) = state
        H = self.hidden_size
        x_r, x_z, x_n = np.split(x_BE @ self.weight_ih.T + self.bias_ih, 3, axis=1)  # (25)
        h_r, h_z = np.split(h_prev_BH @ self.weight_hh[: 2 * H].T + self.bias_hh[: 2 * H], 2, axis=1)  # (25)
        r_BH = sigmoid(x_r + h_r)  # (26)
        z_BH = sigmoid(x_z + h_z)  # (27)
        read_BH = h_prev_BH if self.reset_after else r_BH * h_prev_BH
        u_BH = read_BH @ self.weight_hh[2 * H :].T + self.bias_hh[2 * H :]  # (28)
        n_BH = np.tanh(x_n + (r_BH * u_BH if self.reset_after else u_BH))  # (29)
        h_BH = (1 - z_BH) * n_BH + z_BH * h_prev_BH  # (30)
        return (h_BH,), GRUStep(x_BE, h_prev_BH, r_BH, z_BH, n_BH, u_BH)

    def backward(self, d_state: State, step: GRUStep, gradients: Gradients) -> tuple[Array, State]:
        """Returns d_x and (d_h_prev,) and adds this step's share to `gradients`."""
        (d_h_BH,) = d_state
        x_BE, h_prev_BH, r_BH, z_BH, n_BH, u_BH = step
        H = self.hidden_size
        w_rz, w_n = self.weight_hh[: 2 * H], self.weight_hh[2 * H :]
        d_z = d_h_BH * (h_prev_BH - n_BH)  # (31), back through (30)
        d_a_n = d_h_BH * (1 - z_BH) * tanh_derivative(n_BH)  # (32), back through (30) and (29)
        if self.reset_after:
            d_u, d_r = d_a_n * r_BH, d_a_n * u_BH  # (33), back through (29)
            read_BH, d_read_to_h = h_prev_BH, d_u @ w_n  # (34), back through (28)
        else:
            d_u, d_read = d_a_n, d_a_n @ w_n
            read_BH, d_read_to_h, d_r = r_BH * h_prev_BH, d_read * r_BH, d_read * h_prev_BH  # (33'), (34')
        d_a_r = d_r * sigmoid_derivative(r_BH)  # (35), back through (26)
        d_a_z = d_z * sigmoid_derivative(z_BH)  # (36), back through (27)
        d_a_rz = np.concatenate([d_a_r, d_a_z], axis=1)
        d_a_BG = np.concatenate([d_a_rz, d_a_n], axis=1)  # on the input's side of (25)
        gradients["weight_ih"] += d_a_BG.T @ x_BE  # (4)
        gradients["weight_hh"] += np.concatenate([d_a_rz.T @ h_prev_BH, d_u.T @ read_BH])  # (5)
        gradients["bias_ih"] += d_a_BG.sum(axis=0)  # (6)
        gradients["bias_hh"] += np.concatenate([d_a_rz, d_u], axis=1).sum(axis=0)  # (6)
        d_x_BE = d_a_BG @ self.weight_ih  # (7)
        d_h_prev_BH = d_h_BH * z_BH + d_a_rz @ w_rz + d_read_to_h  # (37), the three ways h_prev was used
        return d_x_BE, (d_h_prev_BH,)


class GRU(Layer):
    """GRU cells over time, stacked and in one or both directions, with torch.nn.GRU's results."""

    cell_type = GRUCell

    def __init__(
        self, parameters: dict[str, Array], *, reset_after: bool = True, batch_first: bool = False
    ) -> None:
        self.options: dict[str, Any] = {"reset_after": reset_after}
        super().__init__(parameters, batch_first=batch_first)
