"""Memory for large arrays, used again: fresh memory costs a fault of the processor every few thousand
bytes.
"""

import math
import sys
from bisect import insort
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

SMALL = 1 << 12
"""Bytes below which an array is simply made."""


class Buffers:
    """Gives out arrays whose contents may be anything, on a block of memory once no array on it is left.

    For one thread.
    """

    def __init__(self) -> None:
        self._blocks: list[NDArray[np.uint8]] = []

    def empty(self, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Returns an array of that shape, contiguous, with whatever is there."""
        dtype = np.dtype(dtype)
        size = math.prod(shape) * dtype.itemsize
        if size <= SMALL:
            return np.empty(shape, dtype)
        largest_free = None
        for block in self._blocks:  # the smallest first
            if sys.getrefcount(block) == UNUSED:
                if len(block) >= size:
                    return np.ndarray(shape, dtype, block)
                largest_free = block
        if largest_free is not None:  # all are too small: the largest makes place
            self._blocks = [block for block in self._blocks if block is not largest_free]
        block = np.empty(size + size // 8, np.uint8)
        insort(self._blocks, block, key=len)
        return np.ndarray(shape, dtype, block)

    def zeros(self, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Returns an array of zeros."""
        array = self.empty(shape, dtype)
        array.fill(0)
        return array

    def copy(self, array: NDArray[Any]) -> NDArray[Any]:
        """Returns a copy of an array."""
        copied = self.empty(array.shape, array.dtype)
        copied[...] = array
        return copied


UNUSED = next(sys.getrefcount(block) for block in [np.empty(0)])
"""References to a block in a list that no array lies on, counted as above: every such array holds one."""
