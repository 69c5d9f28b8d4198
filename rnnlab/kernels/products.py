"""Products of the few rows of a step with a matrix: a library's call takes longer than its work.

The matrix lies in panels, each as wide as a tile of the result (`rnnlab.kernels.tiles`): the columns from j
on stand from place j * width on, row after row, so that what a tile reads lies together. How wide each is
says `rnnlab.kernels.packing.panel_columns`.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from rnnlab.kernels.jit import compiled
from rnnlab.kernels.packing import panel_columns
from rnnlab.kernels.tiles import VECTOR_BYTES, make_tile

VECTORS = 2 if VECTOR_BYTES == 64 else 3
"""Vectors of a panel: a row of each value is read for that many products."""
PANEL_BYTES = VECTORS * VECTOR_BYTES
HALF_BYTES = 32
"""Rows are padded to whole multiples of this; the longest vectors are twice as long."""
ZERO: Any = np.int64(0)
"""Of a plain 0 the compiler would make another function than of other whole numbers, and another second."""
ROWS = {1: 16, 2: 8} if VECTOR_BYTES == 64 else {1: 8, 2: 6, 3: 4}
"""Rows of a tile by its vectors: as many sums as leave registers for what is multiplied, and enough that none
is added to before its last sum is there.
"""


def _make_strip(vectors: int, vector_bytes: int = VECTOR_BYTES) -> Callable[..., None]:
    """Returns what adds to so many vectors of all rows of a result, tile after tile."""
    most = ROWS[vectors]
    fours = 8 if most == 6 else -1  # rows left that are better two tiles of four than of six and of two
    tile_all, tile_4, tile_2, tile_1 = (make_tile(rows, vectors, vector_bytes) for rows in (most, 4, 2, 1))

    def strip(
        value: Any, first: int, panels: Any, start: int, stride: int, result: Any, j: int, width: int
    ) -> None:
        rows = len(result)
        b = 0
        while b + most <= rows and rows - b != fours:
            tile_all(value, first, b, panels, start, stride, result, j, width)
            b += most
        while b + 4 <= rows:
            tile_4(value, first, b, panels, start, stride, result, j, width)
            b += 4
        if b + 2 <= rows:
            tile_2(value, first, b, panels, start, stride, result, j, width)
            b += 2
        if b < rows:
            tile_1(value, first, b, panels, start, stride, result, j, width)

    return compiled(strip, name=f"strip_of_{vectors}_by_{vector_bytes}")


_one_vector, _two_vectors = _make_strip(1), _make_strip(2)
_whole_panel = _two_vectors if VECTORS == 2 else _make_strip(VECTORS)
_half_vector = _one_vector if VECTOR_BYTES == HALF_BYTES else _make_strip(1, HALF_BYTES)


@compiled
def _add_product(
    value: Any, first: int, panels: Any, start: int, result: Any, columns: int, width: int
) -> None:
    """Adds value[:, first:first + width] @ matrix to the first columns; its panels stand from `start` on."""
    vector = VECTOR_BYTES // result.itemsize
    panel = VECTORS * vector
    j = ZERO
    while j < columns:
        wide, at = panel_columns(columns - j, panel, vector), start + j * width
        if wide == panel:
            _whole_panel(value, first, panels, at, wide, result, j, width)
        elif wide == 2 * vector:
            _two_vectors(value, first, panels, at, wide, result, j, width)
        else:
            whole = wide // vector * vector
            if whole:
                _one_vector(value, first, panels, at, wide, result, j, width)
            if whole < wide:
                _half_vector(value, first, panels, at + whole, wide, result, j + whole, width)
        j += wide


@compiled
def add_product(value: Any, panels: Any, result: Any, columns: int, width: int) -> None:
    """Adds value[:, :width] @ matrix to the first columns of the result."""
    _add_product(value, ZERO, panels, ZERO, result, columns, width)


@compiled
def product(value: Any, panels: Any, bias: Any, result: Any, width: int) -> None:
    """Writes value[:, :width] @ matrix + bias into the result."""
    for b in range(len(result)):
        row = result[b]
        for j in range(len(row)):
            row[j] = bias[j]
    _add_product(value, ZERO, panels, ZERO, result, result.shape[1], width)


@compiled
def add_blocks(value: Any, blocks: int, panels: Any, result: Any, hidden: int, padded: int) -> None:
    """Adds, over the first blocks of `padded` columns of the value, the product of their first `hidden` ones.

    The panels of the blocks stand one block after the other: what is in the padding of the value, NaN even,
    has no part in it.
    """
    columns = result.shape[1]
    for block in range(blocks):
        _add_product(value, block * padded, panels, block * hidden * columns, result, columns, hidden)


@compiled
def set_blocks(value: Any, blocks: int, panels: Any, result: Any, hidden: int, padded: int) -> None:
    """Writes what `add_blocks` adds."""
    for b in range(len(result)):
        row = result[b]
        for j in range(len(row)):
            row[j] = 0.0
    add_blocks(value, blocks, panels, result, hidden, padded)
