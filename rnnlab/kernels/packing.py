"""Texts of a batch laid one after the other, step by step, the longest first; and matrices in panels."""

from typing import Any

import numpy as np

from rnnlab.kernels.jit import compiled, compiled_on_disk


@compiled_on_disk
def all_within(values_N: Any, low: int, high: int) -> bool:
    """Returns whether all values are from `low` to `high`, both included."""
    for value in values_N:  # noqa: SIM110 (compiled)
        if value < low or value > high:
            return False
    return True


@compiled_on_disk
def pack(lengths_B: Any) -> Any:
    """Returns how the N steps of texts of these lengths lie one after the other.

    Returns:
        order of the texts, the longest first, equal ones as they came; batch_T, how many are read at a step;
        text_N and step_N of every row; before_N, the row of the state before it among all states, which are
        the initial ones and then those after every row; last_B, the row of each text's last state there.
    """
    batch = len(lengths_B)
    order = np.argsort(-lengths_B, kind="mergesort")
    longest = lengths_B[order[0]]
    number = lengths_B.sum()
    batch_T = np.empty(longest, np.int64)
    text_N, step_N, before_N = (
        np.empty(number, np.int64),
        np.empty(number, np.int64),
        np.empty(number, np.int64),
    )
    last_B = np.empty(batch, np.int64)
    row, before, n = 0, 0, batch
    for t in range(longest):
        while lengths_B[order[n - 1]] <= t:
            n -= 1
        batch_T[t] = n
        for b in range(n):
            text_N[row + b], step_N[row + b], before_N[row + b] = order[b], t, before + b
            last_B[order[b]] = batch + row + b
        before = batch + row
        row += n
    return order, batch_T, text_N, step_N, before_N, last_B


@compiled_on_disk
def look_up(ids_BT: Any, weight_VE: Any, text_N: Any, step_N: Any, words_N: Any, x_NE: Any) -> bool:
    """Writes the id of every row and its vector; returns whether all words have one."""
    size, width = weight_VE.shape
    for n in range(len(text_N)):
        word = ids_BT[text_N[n], step_N[n]]
        if word < 0 or word >= size:
            return False
        words_N[n] = word
        for e in range(width):
            x_NE[n, e] = weight_VE[word, e]
    return True


@compiled_on_disk
def take_rows(values_ME: Any, rows_N: Any, result_NE: Any) -> None:
    """Writes values[rows], as many columns as the result has."""
    for n in range(len(rows_N)):
        value, row = values_ME[rows_N[n]], result_NE[n]
        for e in range(len(row)):
            row[e] = value[e]


@compiled_on_disk
def join_rows(x_NE: Any, states_MP: Any, rows_N: Any, result_NC: Any) -> None:
    """Writes x, a one, and states[rows] side by side, as many columns of these as the result has left."""
    width = x_NE.shape[1]
    hidden = result_NC.shape[1] - width - 1
    for n in range(len(rows_N)):
        before = rows_N[n]
        for e in range(width):
            result_NC[n, e] = x_NE[n, e]
        result_NC[n, width] = 1
        for k in range(hidden):
            result_NC[n, width + 1 + k] = states_MP[before, k]


@compiled
def _set_column(panels: Any, column: int, columns: int, values: Any, panel: int) -> None:
    """Writes one of so many columns of a matrix that lies in panels."""
    j = column // panel * panel
    at, stride = j * len(values) + column - j, min(panel, columns - j)
    for k in range(len(values)):
        panels[at + k * stride] = values[k]


@compiled_on_disk
def fill_panels(weight: Any, forward: Any, backward: Any, padded: int, panel: int) -> None:
    """Writes the panels of a weight (blocks * hidden, hidden), units padded, for both ways.

    forward: of its transpose, (hidden, blocks * padded); backward: of each block, (hidden, padded); both as
    `rnnlab.kernels.products` reads them, `panel` columns wide. The padding, zeros, is left as it is.
    """
    hidden = weight.shape[1]
    blocks = len(weight) // hidden
    columns = blocks * padded
    for block in range(blocks):
        for unit in range(hidden):
            row = weight[block * hidden + unit]
            _set_column(forward, block * padded + unit, columns, row, panel)
            for j in range(0, hidden, panel):
                wide = min(panel, padded - j)
                at = block * hidden * padded + j * hidden + unit * wide
                for c in range(min(wide, hidden - j)):
                    backward[at + c] = row[j + c]


@compiled_on_disk
def fill_columns(weight_RE: Any, panels: Any, panel: int) -> None:
    """Writes the panels of the transpose of a weight, for the way forward (see `fill_panels`)."""
    for row in range(len(weight_RE)):
        _set_column(panels, row, len(weight_RE), weight_RE[row], panel)
