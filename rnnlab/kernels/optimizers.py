"""SGD, Adam, AdamW and clipping in one pass over memory or two, where NumPy takes up to ten.

Numbers in brackets are equations of docs/from-scratch.md; see `rnnlab.scratch.optimizers`.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from rnnlab.cells.activations import Array
from rnnlab.kernels.jit import compiled, compiled_on_disk
from rnnlab.scratch.heads import RowGradient
from rnnlab.scratch.optimizers import OPTIMIZERS, SGD, Adam, AdamW, clip_by_norm

LANES = 16
"""Sums that a processor adds to at the same time."""


@compiled
def _numbers(steps: Any, settings: Any, like: Any) -> Any:
    """Returns, in the parameter's precision, the decay that is added to a gradient, what a parameter is
    multiplied by, how much of a moment is new, the size of the step, and the root's scale and eps.

    steps: counted on by one; settings: see `_Compiled.settings`.
    """
    lr, beta_1, beta_2, eps, weight_decay, decoupled = settings
    steps[()] += 1
    count = int(steps[()])
    numbers = np.empty(7, like.dtype)
    numbers[0] = 0 if decoupled else weight_decay
    numbers[1] = 1 - lr * weight_decay if decoupled else 1
    numbers[2], numbers[3] = 1 - beta_1, 1 - beta_2
    numbers[4] = lr / (1 - beta_1**count)
    numbers[5], numbers[6] = 1 / math.sqrt(1 - beta_2**count), eps
    return numbers


@compiled
def _update(parameter: Any, mean: Any, square: Any, k: int, d: Any, numbers: Any) -> None:
    """Takes one number a step on by its gradient d."""
    p = parameter[k] * numbers[1]  # (69)
    d = d + numbers[0] * p  # (46)
    m = mean[k] + numbers[2] * (d - mean[k])  # (49)
    s = square[k] + numbers[3] * (d * d - square[k])  # (50)
    mean[k], square[k] = m, s
    parameter[k] = p - numbers[4] * m / (np.sqrt(s) * numbers[5] + numbers[6])  # (51)


@compiled_on_disk
def _adam(gradients: Any, parameters: Any, means: Any, squares: Any, steps: Any, settings: Any) -> None:
    for i in range(len(parameters)):
        parameter, gradient, mean, square = parameters[i], gradients[i], means[i], squares[i]
        numbers = _numbers(steps[i], settings, parameter)
        for k in range(len(parameter)):
            _update(parameter, mean, square, k, gradient[k], numbers)


@compiled_on_disk
def _adam_by_rows(
    rows: Any, values: Any, parameter: Any, mean: Any, square: Any, steps: Any, settings: Any
) -> None:
    """Moments fade in all rows; all but rows and values are flat."""
    zero, width = parameter.dtype.type(0), values.shape[1]
    numbers = _numbers(steps, settings, parameter)
    slots = np.full(len(parameter) // width, -1)
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


@compiled_on_disk
def _subtract(parameters: Any, gradients: Any, scale: Any) -> None:
    for i in range(len(parameters)):
        parameter, gradient = parameters[i], gradients[i]
        for k in range(len(parameter)):
            parameter[k] -= scale * gradient[k]  # (48)


@compiled_on_disk
def _norm(arrays: Any) -> float:
    """Returns the Euclidean norm of all numbers, in double precision; of flat arrays."""
    sums = np.zeros(LANES)
    for i in range(len(arrays)):
        array = arrays[i]
        whole = len(array) // LANES * LANES
        for k in range(0, whole, LANES):
            for lane in range(LANES):
                value = np.float64(array[k + lane])
                sums[lane] += value * value
        for k in range(whole, len(array)):
            value = np.float64(array[k])
            sums[0] += value * value
    return math.sqrt(sums.sum())


@compiled_on_disk
def _scale(arrays: Any, factor: Any) -> None:
    for i in range(len(arrays)):
        array = arrays[i]
        for k in range(len(array)):
            array[k] *= factor


def compiled_clip_by_norm(gradients: Mapping[str, Array | RowGradient], max_norm: float) -> float:
    """Does what `scratch.optimizers.clip_by_norm` does, the norm in double precision.

    There squares of all numbers of single precision are finite.
    """
    arrays = [g.values if isinstance(g, RowGradient) else g for g in gradients.values()]
    alike = len({array.dtype for array in arrays}) == 1
    if not alike or not all(map(_whole, arrays)):
        return clip_by_norm(gradients, max_norm)
    flat = tuple(array.reshape(-1) for array in arrays)
    norm = float(_norm(flat))
    factor = max_norm / (norm + 1e-6)
    if factor < 1:
        _scale(flat, arrays[0].dtype.type(factor))
    return norm


class CompiledSGD(SGD):
    """`SGD` whose updates without momentum and decay are compiled, those of all parameters together."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._flat = {name: p.reshape(-1) for name, p in self.parameters.items() if _whole(p)}

    def step(self, gradients: Mapping[str, Array | RowGradient]) -> None:
        """Changes every parameter that has a gradient, in place."""
        plain: dict[Any, list[tuple[Array, Array]]] = {}
        decayed = self.momentum or self.weight_decay
        for name, given in gradients.items():
            if decayed or name not in self._flat or isinstance(given, RowGradient):
                self.update(name, given)
            else:
                plain.setdefault(given.dtype, []).append((self._flat[name], given.reshape(-1)))
        for dtype, arrays in plain.items():
            _subtract(*zip(*arrays, strict=True), dtype.type(self.lr))


def _whole(array: Array) -> bool:
    """Returns whether the array's memory is in one piece: of other memory a flat view would be a copy."""
    return bool(array.flags.c_contiguous)


class _Compiled(Adam):
    """An `Adam` whose updates are compiled, those of all parameters together."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        groups = self.parameters, self.means, self.squares
        self._flat = {
            name: (*(arrays[name].reshape(-1) for arrays in groups), self.steps[name])
            for name, parameter in self.parameters.items()
            if _whole(parameter)
        }
        self._together: dict[tuple[str, ...], list[tuple[Array, ...]]] = {}

    @property
    def settings(self) -> tuple[float, float, float, float, float, bool]:
        """Learning rate, both betas, eps, weight decay, and whether that is beside the gradient."""
        return self.lr, *self.betas, self.eps, self.weight_decay, self.decoupled_weight_decay

    def step(self, gradients: Mapping[str, Array | RowGradient]) -> None:
        """Changes every parameter that has a gradient, in place."""
        names, flat = [], []
        for name, given in gradients.items():
            if name not in self._flat:
                super().step({name: given})
            elif isinstance(given, RowGradient):
                _adam_by_rows(given.rows, given.values, *self._flat[name], self.settings)
            else:
                names.append(name)
                flat.append(given.reshape(-1))
        if names:
            _adam(tuple(flat), *self._arrays(tuple(names)), self.settings)

    def _arrays(self, names: tuple[str, ...]) -> list[tuple[Array, ...]]:
        """Returns of these parameters the flat arrays, the moments and the counts, a tuple of each."""
        if names not in self._together:
            self._together[names] = list(zip(*(self._flat[name] for name in names), strict=True))
        return self._together[names]


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
