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
LINE = 64
"""Bytes that come into the processor's nearest memory together."""


class Buffers:
    """Gives out arrays whose contents may be anything, on a block of memory once no array on it is left.

    Large ones begin at a whole multiple of `LINE`, so that fewer vectors straddle two. For one thread.
    """

    def __init__(self) -> None:
        self._blocks: list[tuple[NDArray[np.uint8], int]] = []  # and where in it an array may begin

    def empty(self, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Returns an array of that shape, contiguous, with whatever is there."""
        dtype = np.dtype(dtype)
        size = math.prod(shape) * dtype.itemsize
        if size <= SMALL:
            return np.empty(shape, dtype)
        largest_free = None
        for block, first in self._blocks:  # the smallest first
            if sys.getrefcount(block) == UNUSED:
                if len(block) >= first + size:
                    return np.ndarray(shape, dtype, block, first)
                largest_free = block
        if largest_free is not None:  # all are too small: the largest makes place
            self._blocks = [place for place in self._blocks if place[0] is not largest_free]
        block = np.empty(size + size // 8 + LINE, np.uint8)
        first = -block.ctypes.data % LINE
        insort(self._blocks, (block, first), key=lambda place: len(place[0]))
        return np.ndarray(shape, dtype, block, first)

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


UNUSED = next(sys.getrefcount(block) for block, _ in [(np.empty(0), 0)])
"""References to a block in a list that no array lies on, counted as above: every such array holds one."""
