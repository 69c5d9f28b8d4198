"""How everything here is compiled."""

from collections.abc import Callable
from inspect import unwrap  # what a type checker has put around a function cannot be compiled
from typing import Any

from numba import njit

FASTMATH = {"contract", "nsz"}
"""Products and sums are contracted; else numbers stay what they are, infinities and NaN included."""


def compiled(function: Callable[..., Any], *, name: str | None = None) -> Callable[..., Any]:
    """Returns the function, compiled when it is first called, without checks for division by zero.

    name: of its own, for one of several that are made by one piece of source. Compiled code is linked by
    name, also with what other processes have left on disk: two of one name would be taken for each other.
    """
    own = unwrap(function)
    if name is not None:
        own.__name__ = own.__qualname__ = name
    return njit(fastmath=FASTMATH, error_model="numpy", nogil=True)(own)


def compiled_on_disk(function: Callable[..., Any]) -> Callable[..., Any]:
    """Returns the function, compiled at its first call and kept beside its file for the next process."""
    return njit(fastmath=FASTMATH, error_model="numpy", nogil=True, cache=True)(unwrap(function))
