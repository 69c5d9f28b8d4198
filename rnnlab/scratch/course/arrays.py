"""What goes into the exercise's functions, as float64 arrays, or a ValueError that names it."""

from collections.abc import Sequence, Sized
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from rnnlab.cells.activations import Array
from rnnlab.scratch.checks import as_numbers, check_range, check_shape

Number = float | Array
"""A number, or an array where there are several units."""
Vectors = Sequence[ArrayLike] | Array
Samples = Sequence[Sequence[Any]]
"""Pairs of values_list and what is expected of it."""
Items = TypeVar("Items", bound=Sized)


def as_vector(name: str, values: ArrayLike) -> Array:
    """Returns a non-empty float64 vector without NaN; ValueError otherwise."""
    array = as_numbers(name, values).astype(np.float64)
    check_shape(name, array, "size")
    return array


def as_matrix(name: str, values: ArrayLike) -> Array:
    """Returns a non-empty float64 matrix without NaN; ValueError otherwise."""
    array = as_numbers(name, values).astype(np.float64)
    check_shape(name, array, "rows", "columns")
    return array


def as_units(name: str, weights: ArrayLike) -> Array:
    """Returns the weights of units, a row each, as float64; those of a single unit stay a vector."""
    array = as_numbers(name, weights)
    return as_vector(name, array) if array.ndim == 1 else as_matrix(name, array)


def as_output_weights(output_weights: ArrayLike, hidden: Array) -> Array:
    """Returns output weights v (1 + H,) or V (O, 1 + H) that fit a hidden state (H,)."""
    V = as_units("output_weights", output_weights)
    check_shape("output_weights", V, *V.shape[:-1], len(hidden) + 1)
    return V


def as_square(recurrent_weights: ArrayLike) -> Array:
    """Returns recurrent weights (H, H) as float64."""
    U = as_matrix("recurrent_weights", recurrent_weights)
    check_shape("recurrent_weights", U, len(U), len(U))
    return U


def as_state(prev_hidden: ArrayLike | None, size: int) -> Array:
    """Returns a state (size,), zeros for None."""
    state = np.zeros(size) if prev_hidden is None else as_vector("prev_hidden", prev_hidden)
    check_shape("prev_hidden", state, size)
    return state


def as_label(actual: Any) -> float:
    """Returns a label 0 or 1 as a float; ValueError for another."""
    if np.shape(actual) != () or actual not in (0, 1):
        raise ValueError(f"actual is {actual!r}, expected the label 0 or 1")
    return float(actual)


def as_class_index(actual: ArrayLike, classes: int) -> int:
    """Returns the class from 0 of a number from 1 to `classes`, or of a one-hot vector."""
    array = np.asarray(actual)
    if array.ndim == 0:
        check_range("actual", array, 1, classes)
        return int(array) - 1
    check_shape("actual", array, classes)
    if sorted(array) != [0] * (classes - 1) + [1]:
        raise ValueError(f"actual is {array.tolist()}, expected a one-hot vector of {classes}")
    return int(array.argmax())


def not_empty(name: str, items: Items) -> Items:
    """Returns `items`; ValueError if there are none."""
    if len(items) == 0:
        raise ValueError(f"{name} is empty, expected at least one")
    return items


def same_length(expected: int, **lists: Sequence[Any] | Array) -> None:
    """Raises ValueError for a list that does not hold `expected` steps."""
    for name, items in lists.items():
        if len(items) != expected:
            raise ValueError(f"{name} has {len(items)} steps, expected {expected}")
