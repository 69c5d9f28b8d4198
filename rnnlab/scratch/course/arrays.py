"""What goes into the exercise's functions, as float64 arrays, or a ValueError that names it."""

from collections.abc import Sequence, Sized
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from rnnlab.cells.activations import Array
from rnnlab.scratch.checks import check_no_nan, check_range, check_shape

Vectors = Sequence[ArrayLike]
Items = TypeVar("Items", bound=Sized)


def as_vector(name: str, values: ArrayLike) -> Array:
    """Returns a non-empty float64 vector without NaN; ValueError otherwise."""
    array = np.asarray(values, dtype=np.float64)
    check_shape(name, array, "size")
    check_no_nan(name, array)
    return array


def as_matrix(name: str, values: ArrayLike) -> Array:
    """Returns a non-empty float64 matrix without NaN; ValueError otherwise."""
    array = np.asarray(values, dtype=np.float64)
    check_shape(name, array, "rows", "columns")
    check_no_nan(name, array)
    return array


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
        raise ValueError(f"label is {actual!r}, expected 0 or 1")
    return float(actual)


def as_class_index(actual: ArrayLike, classes: int) -> int:
    """Returns the class from 0 of a number from 1 to `classes`, or of a one-hot vector."""
    array = np.asarray(actual)
    if array.ndim == 0:
        check_range("class", array, 1, classes)
        return int(array) - 1
    check_shape("one-hot class", array, classes)
    if sorted(array) != [0] * (classes - 1) + [1]:
        raise ValueError(f"class is {array.tolist()}, expected a one-hot vector of {classes}")
    return int(array.argmax())


def not_empty(name: str, items: Items) -> Items:
    """Returns `items`; ValueError if there are none."""
    if len(items) == 0:
        raise ValueError(f"{name} is empty, expected at least one")
    return items


def same_length(expected: int, **lists: Sequence[Any]) -> None:
    """Raises ValueError for a list that does not hold `expected` steps."""
    for name, items in lists.items():
        if len(items) != expected:
            raise ValueError(f"{name} has {len(items)} steps, expected {expected}")
