"""Gradients over all rows of a batch: of weights, d xᵀ summed over the rows, and of the input, d W.

Both matrices are long and narrow, of which a library's product leaves a part of the processor idle: of 6,400
rows by 80 and by 43 columns, it did 67 billion operations a second where this did 100.
"""

from collections.abc import Callable
from typing import Any

from rnnlab.kernels.jit import compiled, compiled_on_disk
from rnnlab.kernels.packing import panel_columns
from rnnlab.kernels.products import HALF_BYTES, VECTORS, ZERO, set_blocks
from rnnlab.kernels.tiles import VECTOR_BYTES, make_tile

UNITS = 8
"""Columns of the gradient that arrives come in whole multiples of this, as units are padded."""
BLOCK = 128
"""Rows that are summed at a time: few enough to stay in the processor's nearest memory."""


def _make_strip(vectors: int, vector_bytes: int = VECTOR_BYTES) -> Callable[..., None]:
    """Returns what adds to so many vectors of some rows of a result, tile after tile."""
    rows = UNITS if vectors == 1 or VECTOR_BYTES == 64 else UNITS // 2  # whose sums fill the registers
    tile = make_tile(rows, vectors, vector_bytes, transposed=True)

    def strip(
        d_NR: Any,
        n: int,
        begin: int,
        end: int,
        values: Any,
        at: int,
        stride: int,
        result: Any,
        c: int,
        number: int,
    ) -> None:
        for r in range(begin, end, rows):
            tile(d_NR, n, r, values, at, stride, result, c, number)

    return compiled(strip, name=f"transposed_strip_of_{vectors}_by_{vector_bytes}")


_one_vector, _two_vectors = _make_strip(1), _make_strip(2)
_whole_panel = _two_vectors if VECTORS == 2 else _make_strip(VECTORS)
_half_vector = _one_vector if VECTOR_BYTES == HALF_BYTES else _make_strip(1, HALF_BYTES)


@compiled_on_disk
def sum_of_outer(d_NR: Any, begin: int, end: int, value_NC: Any, first: int, result_RC: Any) -> None:
    """Writes d[:, begin:end]ᵀ value[:, first:] into rows begin to end of the result, as wide as it is.

    begin and end are multiples of UNITS; the result is a multiple of HALF_BYTES wide.
    """
    vector = VECTOR_BYTES // result_RC.itemsize
    columns, stride, values = result_RC.shape[1], value_NC.shape[1], value_NC.reshape(-1)
    for r in range(begin, end):
        for c in range(columns):
            result_RC[r, c] = 0
    for n in range(0, len(d_NR), BLOCK):
        number, row = min(BLOCK, len(d_NR) - n), n * stride + first
        c = ZERO
        while c < columns:
            wide = panel_columns(columns - c, VECTORS * vector, vector)
            if wide == VECTORS * vector:
                _whole_panel(d_NR, n, begin, end, values, row + c, stride, result_RC, c, number)
            elif wide == 2 * vector:
                _two_vectors(d_NR, n, begin, end, values, row + c, stride, result_RC, c, number)
            else:
                whole = wide // vector * vector
                if whole:
                    _one_vector(d_NR, n, begin, end, values, row + c, stride, result_RC, c, number)
                if whole < wide:
                    _half_vector(
                        d_NR, n, begin, end, values, row + c + whole, stride, result_RC, c + whole, number
                    )
            c += wide


@compiled_on_disk
def back_to_input(d_NRP: Any, blocks: int, panels: Any, d_x_NE: Any, hidden: int, padded: int) -> None:
    """Writes d W (N, E), the rows padded; a block of W for each gate (see `products.add_blocks`)."""
    for n in range(0, len(d_NRP), BLOCK):
        set_blocks(d_NRP[n : n + BLOCK], blocks, panels, d_x_NE[n : n + BLOCK], hidden, padded)
