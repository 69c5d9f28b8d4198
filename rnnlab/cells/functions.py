"""The functions that a cell's `step` is written with, for whatever kind of number it is given.

NumPy's arrays are at home here; torch's tensors (`rnnlab.models.layer`) and symbols (`rnnlab.cells.trace`)
register their own forms, so that one `step` is read by all of them.
"""

from functools import singledispatch
from typing import Any

import numpy as np


@singledispatch
def tanh(a: Any) -> Any:
    """Returns the hyperbolic tangent, in (-1, 1)."""
    return np.tanh(a)


@singledispatch
def sigmoid(a: Any) -> Any:
    """Returns 1 / (1 + exp(-a)), in (0, 1), from exp(-|a|), which cannot overflow."""
    e = np.exp(-np.abs(a))
    return np.where(np.greater_equal(a, 0), 1, e) / (1 + e)


@singledispatch
def relu(a: Any) -> Any:
    """Returns max(a, 0), whose derivative at 0 is 0."""
    return np.maximum(a, 0)


@singledispatch
def exp(a: Any) -> Any:
    """Returns e to the power of a."""
    return np.exp(a)


@singledispatch
def log(a: Any) -> Any:
    """Returns the natural logarithm of a > 0."""
    return np.log(a)


@singledispatch
def sqrt(a: Any) -> Any:
    """Returns the square root of a > 0."""
    return np.sqrt(a)


@singledispatch
def cos(a: Any) -> Any:
    """Returns the cosine of a, in radians."""
    return np.cos(a)


@singledispatch
def sin(a: Any) -> Any:
    """Returns the sine of a, in radians."""
    return np.sin(a)


@singledispatch
def log_sigmoid(a: Any) -> Any:
    """Returns ln sigmoid(a), finite where the sigmoid itself has become 0."""
    return -np.logaddexp(0, -a)


@singledispatch
def maximum(a: Any, b: Any) -> Any:
    """Returns the larger of two; where they are equal, the gradient goes to `a`."""
    return np.maximum(a, b)


OF_ONE: dict[str, Any] = {
    "tanh": tanh,
    "sigmoid": sigmoid,
    "relu": relu,
    "exp": exp,
    "log": log,
    "sqrt": sqrt,
    "cos": cos,
    "sin": sin,
    "log_sigmoid": log_sigmoid,
}
"""The functions of one number by name."""
