"""The net of the memory exercise."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from rnnlab.cells import rnn
from rnnlab.cells.activations import Array
from rnnlab.scratch.cell import ArrayCell, Gradients, State, Step
from rnnlab.scratch.checks import as_numbers, check_shape
from rnnlab.scratch.heads import linear, linear_backward
from rnnlab.scratch.initialisers import from_global_stream, identity_matrix, lecun

NAMES = ("W", "R", "bs", "V", "by")


class RNN:
    """W (F, H), R (H, H), bs (H, 1), V (H, O), by (O, 1), drawn from NumPy's global stream; tanh."""

    W: Array
    R: Array
    bs: Array
    V: Array
    by: Array

    def __init__(self, input_size: int, hidden_size: int, output_size: int) -> None:
        sizes = {"input_size": input_size, "hidden_size": hidden_size, "output_size": output_size}
        for name, size in sizes.items():
            if size < 1:
                raise ValueError(f"{name} is {size}, expected 1 or more")
        self.input_size, self.hidden_size, self.output_size = input_size, hidden_size, output_size
        self.steps: list[Step] = []
        self.gradients: dict[str, Array] = {}
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws W and V anew, uniform in ±sqrt(3 / fan-in); R becomes the identity, the biases zero."""
        rng, H = from_global_stream(), self.hidden_size
        self.W = lecun((H, self.input_size), rng).T
        self.R = identity_matrix((H, H), rng)
        self.bs = np.zeros((H, 1))
        self.V = lecun((self.output_size, H), rng).T
        self.by = np.zeros((self.output_size, 1))

    def forward(self, x: ArrayLike) -> Array:
        """Returns the outputs (N, O) after the last step of x (T, N, F)."""
        x = as_numbers("x", x)
        check_shape("x", x, "time", "batch", self.input_size)
        self.set_weights({name: getattr(self, name) for name in NAMES})  # they may have been set one by one
        cell, self.steps = self._cell(), []
        state: State = (np.zeros((x.shape[1], self.hidden_size), x.dtype),)
        for x_t in x:
            state, step = cell.forward(x_t, state)
            self.steps.append(step)
        return linear(state[0], self.V.T, self.by)

    def backward(self, d_loss: ArrayLike) -> dict[str, Array]:
        """Returns the gradients of the last forward pass, kept for `update`.

        d_loss: the loss's gradient at the outputs (N, O). Returned: d_V (H, O) and d_by (O, 1); and per step,
        entry t that of the weights' use at step t, d_W (T, F, H), d_R (T, H, H) and d_bs (T, H, 1).
        """
        if not self.steps:
            raise ValueError("backward goes back through the last forward, and there was none")
        d_y, a = as_numbers("d_loss", d_loss), self.steps[-1].new["h"]
        check_shape("d_loss", d_y, len(a), self.output_size)
        d_a, d_V, d_by = linear_backward(d_y, a, self.V.T)
        cell, of_steps = self._cell(), list[Gradients]()
        for step in reversed(self.steps):
            of_step = {name: np.zeros_like(array) for name, array in cell.parameters.items()}
            _, (d_a,) = cell.backward((d_a,), step, of_step)
            of_steps.insert(0, of_step)
        self.gradients = {
            "d_V": d_V.T,
            "d_W": np.stack([of["weight_ih"].T for of in of_steps]),
            "d_R": np.stack([of["weight_hh"].T for of in of_steps]),
            "d_bs": np.stack([of["bias_ih"][:, None] for of in of_steps]),
            "d_by": d_by[:, None],
        }
        return self.gradients

    def update(self, lr: float) -> None:
        """Descends by `lr` times the gradients of the last `backward`, summed over steps."""
        if not self.gradients:
            raise ValueError("update follows the gradients of the last backward, and there was none")
        for name in NAMES:
            gradient, weight = self.gradients[f"d_{name}"], getattr(self, name)
            of_all = gradient.sum(axis=0) if gradient.ndim > weight.ndim else gradient
            setattr(self, name, weight - lr * of_all)

    def get_weights(self) -> dict[str, Array]:
        """Returns copies of W, R, bs, V and by, by name."""
        return {name: getattr(self, name).copy() for name in NAMES}

    def set_weights(self, weights: Mapping[str, ArrayLike]) -> None:
        """Sets the weights that are given by name."""
        F, H, O = self.input_size, self.hidden_size, self.output_size  # noqa: E741
        shapes = {"W": (F, H), "R": (H, H), "bs": (H, 1), "V": (H, O), "by": (O, 1)}
        if unknown := sorted(set(weights) - set(NAMES)):
            raise ValueError(f"weights has {unknown[0]!r}, expected {', '.join(NAMES)}")
        arrays = {name: as_numbers(name, array) for name, array in weights.items()}
        for name, array in arrays.items():
            check_shape(name, array, *shapes[name])
        for name, array in arrays.items():
            setattr(self, name, array)

    def _cell(self) -> ArrayCell:
        parameters = {"weight_ih": self.W.T, "weight_hh": self.R.T, "bias_ih": self.bs[:, 0]}
        return ArrayCell(rnn.RNN(bias="single"), parameters)
