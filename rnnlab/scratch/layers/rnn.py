"""Cells stacked over time."""

import numpy as np
from numpy.typing import ArrayLike

from rnnlab.cells.activations import Array
from rnnlab.scratch import textbook
from rnnlab.scratch.checks import as_numbers, check_shape
from rnnlab.scratch.layer import Forward
from rnnlab.scratch.layers.cell import NAMES, RNNCell


class RNN:
    """Layers of `RNNCell`, each fed with the states of the one below.

    layers: the cells, from the bottom up; hiddens: after `forward` all states (T + 1, layers, N, H), the
    initial ones first.
    """

    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 2) -> None:
        if num_layers < 1:
            raise ValueError(f"num_layers is {num_layers}, expected 1 or more")
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.layers = [RNNCell(hidden_size if k else input_size, hidden_size) for k in range(num_layers)]
        self.hiddens: Array | None = None
        self._forward: tuple[textbook.RNN, Forward] | None = None

    def forward(self, x: ArrayLike, h_0: ArrayLike | None = None) -> tuple[Array, Array]:
        """Returns the top layer's states (N, T, H) and every layer's last (layers, N, H) of x (N, T, F).

        h_0: the initial states (layers, N, H), zeros if left out.
        """
        x = as_numbers("x", x)
        check_shape("x", x, "batch", "time", self.input_size)
        if h_0 is not None:
            h_0 = as_numbers("h_0", h_0)
            check_shape("h_0", h_0, self.num_layers, len(x), self.hidden_size)
        parameters = {
            f"{name}_l{k}": array
            for k, cell in enumerate(self.layers)
            for name, array in cell.parameters().items()
        }
        layer = textbook.RNN(parameters, batch_first=True)
        forward = layer.forward(x, h_0=h_0)
        self._forward = layer, forward
        of_layers = [
            [run.steps[0].old["h"], *(step.new["h"] for step in run.steps)] for run in forward.cache.runs
        ]
        self.hiddens = np.stack([np.stack(states) for states in of_layers], axis=1)
        return forward.output, forward.h_n

    def backward(self, grad: ArrayLike) -> tuple[Array, Array]:
        """Returns the gradients of x (N, T, F) and h_0 (layers, N, H), and adds those of the weights to the
        cells' `grad_…`.

        grad: the loss's gradient at the top layer's last state (N, H).
        """
        if self._forward is None:
            raise ValueError("backward goes back through the last forward, and there was none")
        layer, forward = self._forward
        grad = as_numbers("grad", grad)
        check_shape("grad", grad, *forward.h_n[-1].shape)
        d_h_n = np.zeros(forward.h_n.shape, grad.dtype)
        d_h_n[-1] = grad
        back = layer.backward(forward.cache, d_h_n=d_h_n)
        for k, cell in enumerate(self.layers):
            cell.add({name: back.parameters[f"{name}_l{k}"] for name in NAMES})
        return back.x, back.h_0
