"""A padded batch, and what a net that is not told of it makes of the zeros."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnnlab.reports.style import (
    INK,
    QUIET,
    RULE,
    TRAIN,
    VALID,
    arrange,
    label,
    line_style,
    panels,
    styled,
    whole_numbers,
)

MOST_TEXTS = 64  # of a batch that are drawn
NAMED_WORDS = 3


@styled
def draw_batch(lengths: Sequence[int]) -> Figure:
    """Returns a batch as the net gets it: a row per text, its words first, then zeros up to the longest."""
    shown = np.array(lengths[:MOST_TEXTS])
    figure, (axes,) = panels(1)
    rows = np.arange(1, len(shown) + 1)
    axes.barh(rows, shown, color=TRAIN, label="words (ids of 1 and more)")
    axes.barh(
        rows,
        shown.max() - shown,
        left=shown,
        color=RULE,
        hatch="///",
        edgecolor=QUIET,
        linewidth=0,
        label="zeros (padding)",
    )
    axes.set(xlim=(0, shown.max()), ylim=(len(shown) + 0.6, 0.4), ylabel="text", xlabel="step")
    axes.grid(visible=False)
    axes.set_yticks(rows if len(rows) <= 16 else rows[:: len(rows) // 8])
    axes.set_title("a batch of training texts")
    return arrange(figure, [axes], height=0.5 + 0.2 * min(len(shown), 16))


@styled
def draw_states(table: pd.DataFrame, texts: Sequence[int]) -> Figure:
    """Returns the first units of the state at every step of `texts`, with packing and without.

    table: rows of padding.csv (see `rnnlab.probes.padding`), of one layer read forwards. Where zeros are
    read the ground is grey: those states are wrong. Marks show the last state, with packing and without.
    """
    figure, axes = panels(len(texts))
    for panel, text in zip(axes, texts, strict=True):
        _draw_text(panel, table[table["text"] == text])
    axes[-1].set_xlabel("step")
    return arrange(figure, axes, height=1.9, same_lines=True)


def _draw_text(axes: Axes, rows: pd.DataFrame) -> None:
    states = np.array([[float(unit) for unit in state.split()] for state in rows["state_padded"]])
    steps, words = rows["step"].to_numpy(), int((~rows["is_padding"]).sum())
    last_packed, last_padded = (
        int(np.flatnonzero(rows[name].to_numpy())[0]) for name in ("last_packed", "last_padded")
    )
    for number, unit in enumerate(states.T):
        axes.plot(steps, unit, label=f"unit {number + 1}", **line_style(number, len(steps)) | {"marker": ""})
    for last, marker, colour, name in (
        (last_packed, "o", INK, "last state with packing"),
        (last_padded, "X", VALID, "last state without"),
    ):
        places = np.full(states.shape[1], steps[last])
        axes.plot(places, states[last], marker, color=colour, markersize=8, label=name)
    if words < len(steps):
        axes.axvspan(words + 0.5, len(steps) + 0.5, color=RULE, zorder=0)
    axes.set(ylim=(-1.1, 1.1), xlim=(0, len(steps) + 1))
    first = " ".join(map(str, rows["word"].head(min(words, NAMED_WORDS))))
    axes.set_title(f"{label(first)} …: {words} words, {len(steps) - words} zeros")
    whole_numbers(axes)
