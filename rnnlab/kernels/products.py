"""Products of the few rows of a step with a matrix: a library's call takes longer than its work.

The matrix lies in panels, each as wide as a tile of the result (`rnnlab.kernels.tiles`): the columns from j
on stand from place j * width on, row after row, so that what a tile reads lies together.
"""

from collections.abc import Callable
from typing import Any

from rnnlab.kernels.jit import compiled
from rnnlab.kernels.tiles import VECTOR_BYTES, make_tile

PANEL_BYTES = 2 * VECTOR_BYTES
HALF_BYTES = 32
"""Rows are padded to whole multiples of this; the longest vectors are twice as long."""
SUMS = 16 if VECTOR_BYTES == 64 else 8
"""Vectors of a tile: half of the registers, and enough that none is added to before its last sum is there."""


def _make_strip(vectors: int, vector_bytes: int = VECTOR_BYTES) -> Callable[..., None]:
    """Returns what adds to so many vectors of all rows of a result, tile after tile."""
    most = SUMS // vectors
    tile_all, tile_4, tile_2, tile_1 = (make_tile(rows, vectors, vector_bytes) for rows in (most, 4, 2, 1))

    def strip(
        value: Any, first: int, panels: Any, start: int, stride: int, result: Any, j: int, width: int
    ) -> None:
        rows = len(result)
        b = 0
        while b + most <= rows:
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


_whole_panel, _one_vector = _make_strip(2), _make_strip(1)
_half_vector = _one_vector if VECTOR_BYTES == HALF_BYTES else _make_strip(1, HALF_BYTES)


@compiled
def _add_product(
    value: Any, first: int, panels: Any, start: int, result: Any, columns: int, width: int
) -> None:
    """Adds value[:, first:first + width] @ matrix to the first columns; its panels stand from `start` on."""
    vector, panel = VECTOR_BYTES // result.itemsize, PANEL_BYTES // result.itemsize
    j = 0
    while j + panel <= columns:
        _whole_panel(value, first, panels, start + j * width, panel, result, j, width)
        j += panel
    rest, at = columns - j, start + j * width
    if rest >= vector:
        _one_vector(value, first, panels, at, rest, result, j, width)
        j, at = j + vector, at + vector
    if j < columns:
        _half_vector(value, first, panels, at, rest, result, j, width)


@compiled
def add_product(value: Any, panels: Any, result: Any, columns: int, width: int) -> None:
    """Adds value[:, :width] @ matrix to the first columns of the result."""
    _add_product(value, 0, panels, 0, result, columns, width)


@compiled
def product(value: Any, panels: Any, bias: Any, result: Any, width: int) -> None:
    """Writes value[:, :width] @ matrix + bias into the result."""
    for b in range(len(result)):
        row = result[b]
        for j in range(len(row)):
            row[j] = bias[j]
    _add_product(value, 0, panels, 0, result, result.shape[1], width)


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
