"""Long short-term memory: one step forward and, beside it, one step back.

B batch, E input, H hidden, G = 4H gates, in torch's order: input, forget, cell, output.
`d_y` is the derivative of the loss with respect to `y` and has y's shape.
Numbers in brackets are equations of docs/from-scratch.md.
"""

from typing import NamedTuple

import numpy as np

from rnnlab.scratch.activations import Array, sigmoid, sigmoid_derivative, tanh_derivative
from rnnlab.scratch.cell import Cell, Gradients, State
from rnnlab.scratch.layer import Layer


class LSTMStep(NamedTuple):
    """What the way back needs of one step forward: its input and every value it computed."""

    x_BE: Array
    h_prev_BH: Array
    c_prev_BH: Array
    i_BH: Array
    f_BH: Array
    g_BH: Array
    o_BH: Array
    c_BH: Array
    tanh_c_BH: Array


class LSTMCell(Cell):
    """A cell c, kept, written to and read through sigmoid gates (Hochreiter & Schmidhuber 1997)."""

    gates = ("input", "forget", "cell", "output")
    state_names = ("h", "c")

    def forward(self, x_BE: Array, state: State) -> tuple[State, LSTMStep]:
        """Returns the next state (h, c) and the step for `backward`."""
        self.check_step(x_BE, state)
        h_prev_BH, c_prev_BH = state
        a_BG = x_BE @ self.weight_ih.T + self.bias_ih + h_prev_BH @ self.weight_hh.T + self.bias_hh  # (11)
        a_i, a_f, a_g, a_o = np.split(a_BG, 4, axis=1)
        i_BH = sigmoid(a_i)  # (12) how much of the candidate to write
        f_BH = sigmoid(a_f)  # (13) how much of the old cell to keep
        g_BH = np.tanh(a_g)  # (14) the candidate
        o_BH = sigmoid(a_o)  # (15) how much of the cell to show
        c_BH = f_BH * c_prev_BH + i_BH * g_BH  # (16)
        tanh_c_BH = np.tanh(c_BH)
        h_BH = o_BH * tanh_c_BH  # (17)
        step = LSTMStep(x_BE, h_prev_BH, c_prev_BH, i_BH, f_BH, g_BH, o_BH, c_BH, tanh_c_BH)
        return (h_BH, c_BH), step

    def backward(self, d_state: State, step: LSTMStep, gradients: Gradients) -> tuple[Array, State]:
        """Returns d_x and (d_h_prev, d_c_prev) and adds this step's share to `gradients`."""
        d_h_BH, d_c_BH = d_state
        d_o = d_h_BH * step.tanh_c_BH  # (18), back through (17)
        d_c_BH = d_c_BH + d_h_BH * step.o_BH * tanh_derivative(step.tanh_c_BH)  # (19), back through (17)
        d_i = d_c_BH * step.g_BH  # (20), back through (16), as are the next three
        d_f = d_c_BH * step.c_prev_BH  # (21)
        d_g = d_c_BH * step.i_BH  # (22)
        d_c_prev_BH = d_c_BH * step.f_BH  # (23)
        d_a_BG = np.concatenate(  # (24), back through (12) to (15)
            [
                d_i * sigmoid_derivative(step.i_BH),
                d_f * sigmoid_derivative(step.f_BH),
                d_g * tanh_derivative(step.g_BH),
                d_o * sigmoid_derivative(step.o_BH),
            ],
            axis=1,
        )
        gradients["weight_ih"] += d_a_BG.T @ step.x_BE  # (4), back through (11), as are the rest
        gradients["weight_hh"] += d_a_BG.T @ step.h_prev_BH  # (5)
        gradients["bias_ih"] += d_a_BG.sum(axis=0)  # (6)
        gradients["bias_hh"] += d_a_BG.sum(axis=0)  # (6)
        d_x_BE = d_a_BG @ self.weight_ih  # (7)
        d_h_prev_BH = d_a_BG @ self.weight_hh  # (8)
        return d_x_BE, (d_h_prev_BH, d_c_prev_BH)


class LSTM(Layer):
    """LSTM cells over time, stacked and in one or both directions, with torch.nn.LSTM's results."""

    cell_type = LSTMCell
