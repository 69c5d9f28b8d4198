"""SGD, Adam and AdamW in one pass over memory, where NumPy takes up to ten.

Numbers in brackets are equations of docs/from-scratch.md; see `rnnlab.scratch.optimizers`.
"""

import math
from typing import Any

import numpy as np

from rnnlab.cells.activations import Array
from rnnlab.kernels.jit import compiled, compiled_on_disk
from rnnlab.scratch.heads import RowGradient
from rnnlab.scratch.optimizers import OPTIMIZERS, SGD, Adam, AdamW


@compiled
def _update(parameter: Any, mean: Any, square: Any, k: int, d: Any, numbers: Any) -> None:
    """Takes one number a step on by its gradient d; numbers: see `_numbers`."""
    p = parameter[k] * numbers[1]  # (69)
    d = d + numbers[0] * p  # (46)
    m = mean[k] + numbers[2] * (d - mean[k])  # (49)
    s = square[k] + numbers[3] * (d * d - square[k])  # (50)
    mean[k], square[k] = m, s
    parameter[k] = p - numbers[4] * m / (np.sqrt(s) * numbers[5] + numbers[6])  # (51)


@compiled_on_disk
def _adam(parameter: Any, gradient: Any, mean: Any, square: Any, numbers: Any) -> None:
    for k in range(len(parameter)):
        _update(parameter, mean, square, k, gradient[k], numbers)


@compiled_on_disk
def _adam_by_rows(
    parameter: Any, rows: Any, values: Any, mean: Any, square: Any, slots: Any, numbers: Any
) -> None:
    """Moments fade in all rows; slots: for every row −1, as it is left; all but rows and values are flat."""
    zero, width = parameter.dtype.type(0), values.shape[1]
    for k in range(len(rows)):
        slots[rows[k]] = k
    for row in range(len(slots)):
        slot, begin = slots[row], row * width
        if slot < 0:
            for e in range(width):
                _update(parameter, mean, square, begin + e, zero, numbers)
        else:
            for e in range(width):
                _update(parameter, mean, square, begin + e, values[slot, e], numbers)
    for k in range(len(rows)):
        slots[rows[k]] = -1


@compiled_on_disk
def _subtract(parameter: Any, gradient: Any, scale: Any) -> None:
    flat, of_flat = parameter.reshape(-1), gradient.reshape(-1)
    for k in range(len(flat)):
        flat[k] -= scale * of_flat[k]  # (48)


class CompiledSGD(SGD):
    """`SGD` whose updates without momentum and decay are compiled."""

    def update(self, name: str, given: Array | RowGradient) -> None:
        """Changes one parameter by its gradient, in place."""
        parameter = self.parameters[name]
        decayed = self.momentum or self.weight_decay
        if isinstance(given, RowGradient) or decayed or not _whole(parameter) or not _whole(given):
            super().update(name, given)
        else:
            _subtract(parameter, given, given.dtype.type(self.lr))


def _whole(array: Array) -> bool:
    """Returns whether the array's memory is in one piece."""
    return bool(array.flags.c_contiguous)


class _Compiled(Adam):
    """An `Adam` whose updates are compiled."""

    _settings: tuple[Any, ...] = ()
    _found: Array

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        groups = self.parameters, self.means, self.squares
        self._flat = {
            name: [arrays[name].reshape(-1) for arrays in groups]
            for name, parameter in self.parameters.items()
            if _whole(parameter)  # of other memory that would be a copy
        }

    def update(self, name: str, given: Array | RowGradient) -> None:
        """Changes one parameter by its gradient, in place."""
        if name not in self._flat:
            super().update(name, given)
            return
        p, m, s = self._flat[name]
        numbers = self._numbers(int(self.steps[name]), p.dtype)
        if isinstance(given, RowGradient):
            slots = np.full(len(self.parameters[name]), -1)
            _adam_by_rows(p, given.rows, given.values, m, s, slots, numbers)
        else:
            _adam(p, given.reshape(-1), m, s, numbers)

    def _numbers(self, steps: int, dtype: Any) -> Array:
        """Returns, in the parameter's precision, the decay that is added to a gradient, what a parameter is
        multiplied by, how much of a moment is new, the size of the step, and the root's scale and eps.
        """
        settings = (steps, self.lr, self.betas, self.eps, self.weight_decay, dtype)
        if settings != self._settings:  # they are the same for all parameters of a step
            beta_1, beta_2 = self.betas
            decay = 0.0 if self.decoupled_weight_decay else self.weight_decay
            shrink = 1 - self.lr * self.weight_decay if self.decoupled_weight_decay else 1.0
            step_size = self.lr / (1 - beta_1**steps)
            root_scale = 1 / math.sqrt(1 - beta_2**steps)
            numbers = (decay, shrink, 1 - beta_1, 1 - beta_2, step_size, root_scale, self.eps)
            self._settings, self._found = settings, np.array(numbers, dtype)
        return self._found


class CompiledAdam(_Compiled, Adam):
    """`Adam`, compiled."""


class CompiledAdamW(_Compiled, AdamW):
    """`AdamW`, compiled."""


COMPILED_OPTIMIZERS: dict[str, Any] = {
    **OPTIMIZERS,
    "sgd": CompiledSGD,
    "adam": CompiledAdam,
    "adamw": CompiledAdamW,
}
