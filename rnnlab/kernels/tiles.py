"""The innermost part of a product: a tile of the result that stays in the processor's registers."""

from collections.abc import Callable
from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

VECTOR_BYTES = 64 if binding.get_host_cpu_features().get("avx512f") else 32
"""What one register holds; where registers are shorter, the compiler takes several."""
CONTRACT = ("contract",)
_WORD, _BYTE = ir.IntType(64), ir.IntType(8)


def make_tile(
    rows: int, vectors: int, vector_bytes: int = VECTOR_BYTES, *, transposed: bool = False
) -> Callable[..., None]:
    """Returns a function for compiled code that adds to a tile of `rows` rows by so many vectors.

    tile(value, first, b, panels, start, stride, result, j, width): result[b + r, j + c] += Σ value[b + r,
    first + k] · panels[start + k · stride + c] over k < width; transposed: value[first + k, b + r], and the
    sum is there before it is added, so that one of many parts loses no more digits than each has. All arrays
    are of one precision, their last axis contiguous.
    """

    @intrinsic
    def tile(
        context: Any,
        value: Any,
        first: Any,
        b: Any,
        panels: Any,
        start: Any,
        stride: Any,
        result: Any,
        j: Any,
        width: Any,
    ) -> Any:
        size = value.dtype.bitwidth // 8
        number = ir.FloatType() if size == 4 else ir.DoubleType()
        vector = ir.VectorType(number, vector_bytes // size)

        def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
            value, first, b, panels, start, stride, result, j, width = arguments
            of_value, _, _, of_panels, _, _, of_result, _, _ = signature.args

            def row_bytes(of: Any, array: Any) -> Any:
                return cgutils.unpack_tuple(builder, context.make_array(of)(context, builder, array).strides)[
                    0
                ]

            def address(of: Any, array: Any, row: Any, column: Any) -> Any:
                made = context.make_array(of)(context, builder, array)
                at = builder.mul(column, _WORD(size))
                if row is not None:
                    at = builder.add(at, builder.mul(row, row_bytes(of, array)))
                return builder.gep(builder.bitcast(made.data, _BYTE.as_pointer()), [at])

            def pointer(at: Any, offset: Any, kind: ir.Type) -> Any:
                return builder.bitcast(builder.gep(at, [offset]), kind.as_pointer())

            of_rows = [builder.add(b, _WORD(r)) for r in range(rows)]
            values = [
                address(of_value, value, *((first, row) if transposed else (row, first))) for row in of_rows
            ]
            step = row_bytes(of_value, value) if transposed else _WORD(size)
            results = [address(of_result, result, row, j) for row in of_rows]
            matrix = address(of_panels, panels, None, start)
            stride_bytes = builder.mul(stride, _WORD(size))
            places = [(r, v) for r in range(rows) for v in range(vectors)]
            at = {(r, v): pointer(results[r], _WORD(v * vector_bytes), vector) for r, v in places}
            sums = {place: cgutils.alloca_once(builder, vector) for place in places}
            for place in places:
                builder.store(
                    vector(None) if transposed else builder.load(at[place], align=size), sums[place]
                )
            with cgutils.for_range(builder, width) as loop:
                row_at = builder.gep(matrix, [builder.mul(loop.index, stride_bytes)])
                row = [
                    builder.load(pointer(row_at, _WORD(v * vector_bytes), vector), align=size)
                    for v in range(vectors)
                ]
                offset = builder.mul(loop.index, step)
                for r in range(rows):
                    one = builder.load(pointer(values[r], offset, number), align=size)
                    each = _spread(builder, one, vector)
                    for v in range(vectors):
                        product = builder.fmul(each, row[v], flags=CONTRACT)
                        total = builder.fadd(builder.load(sums[r, v]), product, flags=CONTRACT)
                        builder.store(total, sums[r, v])
            for place in places:
                total = builder.load(sums[place])
                if transposed:
                    total = builder.fadd(builder.load(at[place], align=size), total)
                builder.store(total, at[place], align=size)
            return context.get_dummy_value()

        whole = types.int64
        return types.void(value, whole, whole, panels, whole, whole, result, whole, whole), generate

    return tile


def _spread(builder: ir.IRBuilder, number: Any, vector: ir.VectorType) -> Any:
    """Returns a vector of that number at every place."""
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), number, ir.IntType(32)(0))
    places = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), [0] * vector.count)
    return builder.shuffle_vector(first, first, places)
