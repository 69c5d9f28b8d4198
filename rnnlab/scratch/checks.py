"""Bad input is a ValueError that names the array, what was expected and what was found."""

import numpy as np
from numpy.typing import ArrayLike

from rnnlab.cells.activations import Array


def check_shape(name: str, array: Array, *expected: int | str) -> None:
    """Raises ValueError unless `array` has the shape `expected`, where a word stands for any size above 0."""
    fits = array.ndim == len(expected) and all(
        size > 0 if isinstance(wanted, str) else size == wanted
        for size, wanted in zip(array.shape, expected, strict=True)
    )
    if not fits:
        wanted = "(" + ", ".join(map(str, expected)) + ("," if len(expected) == 1 else "") + ")"
        empty = " (it is empty)" if array.size == 0 else ""
        raise ValueError(f"{name} has shape {array.shape}{empty}, expected {wanted}")


def as_floats(name: str, values: ArrayLike) -> Array:
    """Returns `values` as an array of floats, integers as float64; ValueError for what is no number."""
    try:
        array = np.asarray(values)
    except ValueError:  # what NumPy says of rows of different lengths
        raise ValueError(f"{name} is ragged, expected an array of numbers") from None
    if array.dtype.kind in "iub":
        return array.astype(np.float64)
    if array.dtype.kind != "f":
        raise ValueError(f"{name} holds {array.dtype}, expected numbers")
    return array


def as_numbers(name: str, values: ArrayLike) -> Array:
    """Returns `as_floats(name, values)`; ValueError for NaN, too."""
    array = as_floats(name, values)
    check_no_nan(name, array)
    return array


def check_no_nan(name: str, array: Array) -> None:
    """Raises ValueError with the place of the first NaN in `array`."""
    if np.isnan(array).any():
        place = tuple(int(i) for i in np.argwhere(np.isnan(array))[0])
        raise ValueError(f"{name} holds NaN, first at index {place}")


def check_range(name: str, array: Array, low: int, high: int) -> None:
    """Raises ValueError unless `array` holds integers from `low` to `high`, both included."""
    if array.dtype.kind not in "iu":
        raise ValueError(f"{name} holds {array.dtype}, expected integers from {low} to {high}")
    outside = (array < low) | (array > high)
    if outside.any():
        place = tuple(int(i) for i in np.argwhere(outside)[0])
        raise ValueError(f"{name} holds {array[place]} at index {place}, expected {low} to {high}")


def as_lengths(lengths: ArrayLike | None, batch: int, time: int) -> Array:
    """Returns lengths (batch,) in 1..time, all of them `time` if None; ValueError for others."""
    if lengths is None:
        return np.full(batch, time)
    array = np.asarray(lengths)
    check_shape("lengths", array, batch)
    check_range("lengths", array, 1, time)
    return array


def real_steps(lengths_B: Array, time: int) -> Array:
    """Returns (B, T), true where a sequence has a real step and false in its padding."""
    return np.arange(time) < lengths_B[:, None]
