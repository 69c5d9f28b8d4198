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


@compiled
def longest_first(lengths_B: Any) -> Any:
    """Returns the numbers of the texts, the longest first, equal ones as they came."""
    longest = 0
    for length in lengths_B:
        longest = max(longest, length)
    at = np.zeros(longest + 1, np.int64)  # of each length, where its first text comes
    for length in lengths_B:
        at[length] += 1
    before = 0
    for length in range(len(at) - 1, -1, -1):
        number = at[length]
        at[length] = before
        before += number
    order = np.empty(len(lengths_B), np.int64)
    for b in range(len(lengths_B)):
        order[at[lengths_B[b]]] = b
        at[lengths_B[b]] += 1
    return order


@compiled_on_disk
def pack(lengths_B: Any) -> Any:
    """Returns how the N steps of texts of these lengths lie one after the other.

    Returns:
        order of the texts, the longest first, equal ones as they came; batch_T, how many are read at a step;
        text_N and step_N of every row; before_N, the row of the state before it among all states, which are
        the initial ones and then those after every row; last_B, the row of each text's last state there.
    """
    batch = len(lengths_B)
    order = longest_first(lengths_B)
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
def take_steps(x_BTE: Any, text_N: Any, step_N: Any, x_NE: Any) -> bool:
    """Writes the input of every row; returns whether no number of any text is NaN, its padding included."""
    clean = True
    for b in range(x_BTE.shape[0]):
        for t in range(x_BTE.shape[1]):
            for e in range(x_BTE.shape[2]):
                clean &= x_BTE[b, t, e] == x_BTE[b, t, e]
    for n in range(len(text_N)):
        for e in range(x_BTE.shape[2]):
            x_NE[n, e] = x_BTE[text_N[n], step_N[n], e]
    return clean


@compiled_on_disk
def take_rows(values_ME: Any, rows_N: Any, result_NE: Any) -> None:
    """Writes values[rows], as many columns as the result has."""
    for n in range(len(rows_N)):
        value, row = values_ME[rows_N[n]], result_NE[n]
        for e in range(len(row)):
            row[e] = value[e]


@compiled_on_disk
def put_sorted(values_BH: Any, order: Any, result_BP: Any) -> None:
    """Writes values[order], and zeros into the columns that are left."""
    hidden = values_BH.shape[1]
    for b in range(len(order)):
        value, row = values_BH[order[b]], result_BP[b]
        for k in range(hidden):
            row[k] = value[k]
        for k in range(hidden, len(row)):
            row[k] = 0


@compiled_on_disk
def join_rows(x_NE: Any, states_MP: Any, rows_N: Any, hidden: int, result_NC: Any) -> None:
    """Writes x, a one, and so many units of states[rows] side by side."""
    width = x_NE.shape[1]
    for n in range(len(rows_N)):
        before = rows_N[n]
        for e in range(width):
            result_NC[n, e] = x_NE[n, e]
        result_NC[n, width] = 1
        for k in range(hidden):
            result_NC[n, width + 1 + k] = states_MP[before, k]


@compiled_on_disk
def cut_out(
    wide_MC: Any, padded: int, hidden: int, at: int, one: int, before: bool, weight: Any, bias: Any
) -> None:
    """Writes the gradients of a weight and its bias (or of none, an empty one) from row `at` of these on.

    wide_MC: both side by side, units padded; one: the bias's column, the weight's stand before it or after.
    """
    first = one - weight.shape[1] if before else one + 1
    for r in range(len(wide_MC) // padded * hidden):
        row = r // hidden * padded + r % hidden
        for k in range(weight.shape[1]):
            weight[at + r, k] = wide_MC[row, first + k]
        if len(bias):
            bias[at + r] = wide_MC[row, one]


@compiled
def panel_columns(left: int, panel: int, vector: int) -> int:
    """Returns how many of the columns that are left stand in the next panel.

    As many as a panel holds; but of four vectors, where it holds three, two: a last one alone would be slow.
    """
    return panel - vector if panel > 2 * vector and left == panel + vector else min(left, panel)


@compiled
def _fill_forward(weight_RK: Any, panels: Any, hidden: int, padded: int, panel: int, vector: int) -> None:
    """Writes the panels of the transpose of a weight (blocks * hidden, K), units padded.

    They lie as `rnnlab.kernels.products` reads them, `panel` columns wide at most, a multiple of what a
    vector holds. The padding, zeros, is left as it is.
    """
    columns, width = len(weight_RK) // hidden * padded, weight_RK.shape[1]
    j = 0
    while j < columns:
        wide = panel_columns(columns - j, panel, vector)
        for c in range(wide):
            block, unit = (j + c) // padded, (j + c) % padded
            if unit < hidden:
                row = weight_RK[block * hidden + unit]
                for k in range(width):
                    panels[j * width + k * wide + c] = row[k]
        j += wide


@compiled
def _fill_backward(
    weight_RK: Any, panels: Any, block: int, hidden: int, columns: int, panel: int, vector: int
) -> None:
    """Writes the panels of the first `hidden` rows of each block of rows of a weight, its columns padded."""
    width = weight_RK.shape[1]
    for g in range(len(weight_RK) // block):
        start, j = g * hidden * columns, 0
        while j < columns:
            wide = panel_columns(columns - j, panel, vector)
            for k in range(hidden):
                row, at = weight_RK[g * block + k], start + j * hidden + k * wide
                for c in range(min(wide, width - j)):
                    panels[at + c] = row[j + c]
            j += wide


@compiled_on_disk
def fill_back_to_input(
    ih_GPE: Any, panels: Any, padded: int, hidden: int, columns: int, panel: int, vector: int
) -> None:
    """Writes the panels of each gate's weight of the input, its units padded, for the way back."""
    _fill_backward(ih_GPE, panels, padded, hidden, columns, panel, vector)


@compiled_on_disk
def fill_input(
    weight_RE: Any,
    bias_R: Any,
    copy: Any,
    panels: Any,
    bias: Any,
    hidden: int,
    padded: int,
    panel: int,
    vector: int,
) -> None:
    """Writes a weight of the input with its units padded, its panels (if there is room), and its bias.

    bias_R: empty for none, which is zeros.
    """
    for r in range(len(weight_RE)):
        row = r // hidden * padded + r % hidden
        bias[row] = bias_R[r] if len(bias_R) else 0
        for e in range(weight_RE.shape[1]):
            copy[row, e] = weight_RE[r, e]
    if len(panels):
        _fill_forward(weight_RE, panels, hidden, padded, panel, vector)


@compiled_on_disk
def fill_products(
    weight_RH: Any,
    bias_R: Any,
    adds: bool,
    bias: Any,
    forward: Any,
    backward: Any,
    padded: int,
    panel: int,
    vector: int,
) -> None:
    """Writes the panels of some products of a state for both ways, and their bias or adds it."""
    hidden = weight_RH.shape[1]
    _fill_forward(weight_RH, forward, hidden, padded, panel, vector)
    _fill_backward(weight_RH, backward, hidden, hidden, padded, panel, vector)
    for r in range(len(bias_R)):
        row = r // hidden * padded + r % hidden
        bias[row] = bias[row] + bias_R[r] if adds else bias_R[r]
