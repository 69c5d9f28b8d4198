"""Word vectors by rows: the mean of a text's, their gradients gathered and applied, in compiled loops.

B texts, T words, N words of all texts, E numbers of a vector, V words that have one.
"""

from typing import Any

import numpy as np

from rnnlab.cells.activations import Array
from rnnlab.kernels.jit import compiled_on_disk
from rnnlab.scratch.heads import RowGradient


@compiled_on_disk
def mean_of_words(ids_BT: Any, lengths_B: Any, weight_VE: Any, result_BE: Any) -> bool:
    """Writes the mean of each text's vectors; returns whether all words have one and all lengths fit."""
    size, width = weight_VE.shape
    for b in range(len(lengths_B)):
        length = lengths_B[b]
        if length < 1 or length > ids_BT.shape[1]:
            return False
        for e in range(width):
            result_BE[b, e] = 0
        for t in range(length):
            word = ids_BT[b, t]
            if word < 0 or word >= size:
                return False
            for e in range(width):
                result_BE[b, e] += weight_VE[word, e]
        for e in range(width):
            result_BE[b, e] /= length
    return True


# All loops over words stand in one function: calls count who holds each array that they are given, which
# takes longer than adding a vector.
@compiled_on_disk
def _gather(ids_N: Any, rows_N: Any, values: Any, slots_V: Any) -> Any:
    number, width = len(ids_N), values.shape[1]
    found, sums = np.empty(number, np.int64), np.empty((number, width), values.dtype)
    count = 0
    for n in range(number):
        word, row = ids_N[n], rows_N[n]
        slot = slots_V[word]
        if slot < 0:
            slots_V[word], found[count] = count, word
            for e in range(width):
                sums[count, e] = values[row, e]
            count += 1
        else:
            for e in range(width):
                sums[slot, e] += values[row, e]
    for k in range(count):
        slots_V[found[k]] = -1
    return found[:count], sums[:count]


@compiled_on_disk
def rows_of_bag(ids_BT: Any, lengths_B: Any, d_BE: Any, slots_V: Any) -> Any:
    """Returns each id that occurs, in the order in which it first does, and the gradient of its vector.

    d_BE: the gradient of each text's mean; slots_V: for every possible id −1, as it is left.
    """
    number = lengths_B.sum()
    ids_N, rows_N, shares = np.empty(number, np.int64), np.empty(number, np.int64), np.empty_like(d_BE)
    n = 0
    for b in range(len(lengths_B)):
        for e in range(d_BE.shape[1]):
            shares[b, e] = d_BE[b, e] / lengths_B[b]
        for t in range(lengths_B[b]):
            ids_N[n], rows_N[n] = ids_BT[b, t], b
            n += 1
    return _gather(ids_N, rows_N, shares, slots_V)


@compiled_on_disk
def gather_rows(ids_N: Any, values_NE: Any, slots_V: Any) -> Any:
    """Returns each id that occurs, in the order in which it first does, and the sum of its values.

    slots_V: for every possible id −1, as it is left.
    """
    return _gather(ids_N, np.arange(len(ids_N)), values_NE, slots_V)


@compiled_on_disk
def _subtract_rows(parameter_VE: Any, rows_N: Any, values_NE: Any, scale: Any) -> None:
    for k in range(len(rows_N)):
        row = rows_N[k]
        for e in range(values_NE.shape[1]):
            parameter_VE[row, e] -= scale * values_NE[k, e]


class CompiledRowGradient(RowGradient):
    """A `RowGradient` that is applied by a compiled loop."""

    def subtract_from(self, parameter: Array, scale: float) -> None:
        """Takes scale times the gradient from the parameter, in place; other rows stay as they are."""
        _subtract_rows(parameter, self.rows, self.values, self.values.dtype.type(scale))
