"""Accuracy and shift of the output against the place of the inserted token."""

import pandas as pd
from matplotlib.figure import Figure


def draw_positions(table: pd.DataFrame, *, trained_at: float | None) -> Figure:
    """Returns a figure of the rows of `rnnlab.probes.positions`.

    trained_at: the relative position that the token had in training, marked by a line; None: it had none.
    """
    bare = table[table["position"].isna()]["accuracy"].item()
    rows = table.dropna(subset=["position"])
    figure = Figure(figsize=(7, 6.5), layout="constrained")
    accuracy, shift = figure.subplots(2, 1, sharex=True)
    accuracy.plot(rows["position"], rows["accuracy"], "k-o", label="with the token of the text's class")
    accuracy.axhline(bare, color="0.4", linestyle="--", label="without a token")
    accuracy.set(ylabel="accuracy (share of texts)", ylim=(-0.03, 1.03))
    for column, style, label in (
        ("logit_shift", "k-o", "<newpos> less <newneg>"),
        ("newpos_shift", "k:^", "<newpos> less no token"),
        ("newneg_shift", "k--v", "<newneg> less no token"),
    ):
        shift.plot(rows["position"], rows[column], style, label=label, markerfacecolor="white")
    shift.axhline(0, color="0.7", linewidth=0.8)
    shift.set(
        xlabel="relative position of the token (0: before the first word, 1: after the last)",
        ylabel="mean shift of the logit (nats)",
    )
    for axes in (accuracy, shift):
        if trained_at is not None:
            axes.axvline(trained_at, color="0.8", linewidth=6, zorder=0, label="place in training")
        axes.legend()
    return figure
