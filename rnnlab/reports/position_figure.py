"""Accuracy and shift of the output against the position of the inserted token."""

import pandas as pd
from matplotlib.figure import Figure

from rnnlab.reports.style import QUIET, RULE, arrange, line_style, panels, styled

SHIFTS = {
    "logit_shift": "<newpos> less <newneg>",
    "newpos_shift": "<newpos> less no token",
    "newneg_shift": "<newneg> less no token",
}
INSERTED_AT = {"start": 0.0, "middle": 0.5, "end": 1.0}


@styled
def draw_positions(table: pd.DataFrame, *, insert: str | None) -> Figure:
    """Returns a figure of the rows of `rnnlab.probes.positions`.

    insert: where the token stood in training (`insert=`), marked by a line; `none` and None are not.
    """
    without_token = table[table["position"].isna()]["accuracy"].iloc[0]
    rows = table.dropna(subset=["position"])
    figure, axes = panels(2)
    accuracy, shift = axes
    style = line_style(0, len(rows))
    accuracy.plot(rows["position"], rows["accuracy"], label="with the token of the text's class", **style)
    accuracy.axhline(without_token, color=QUIET, linestyle="--", label="without a token")
    accuracy.set_ylim(-0.03, 1.03)
    accuracy.set_title("accuracy (share of texts)")
    for number, (column, name) in enumerate(SHIFTS.items()):
        shift.plot(rows["position"], rows[column], label=name, **line_style(number, len(rows)))
    shift.axhline(0, color=QUIET, linewidth=0.8)
    shift.set_title("mean shift of the logit (nats)")
    shift.set_xlabel("relative position (0: before the first word, 1: after the last)")
    if insert in INSERTED_AT:
        for panel in axes:
            panel.axvline(
                INSERTED_AT[insert], color=RULE, linewidth=6, zorder=0, label="position in training"
            )
    return arrange(figure, axes, same_lines=True)
