"""Accuracy and shift of the output against the position of the inserted token."""

import pandas as pd
from matplotlib.figure import Figure

from rnnlab.data.labels import INSERTED_AT
from rnnlab.reports.style import QUIET, RULE, arrange, label, line_style, panels, styled

MOST_TOKENS = 8  # drawn
OWN = "own"


@styled
def draw_positions(table: pd.DataFrame, *, insert: str | None) -> Figure:
    """Returns a figure of the rows of `rnnlab.probes.positions`.

    insert: where the token stood in training (`insert=`), marked by a line; `none` and None are not.
    """
    without_token = table[table["position"].isna()]["accuracy"].iloc[0]
    every_row = table.dropna(subset=["position"])
    rows = every_row[every_row["token"] == OWN] if "token" in every_row else every_row
    figure, axes = panels(2)
    accuracy, shift = axes
    style = line_style(0, len(rows))
    accuracy.plot(rows["position"], rows["accuracy"], label="with the token of the text's class", **style)
    accuracy.axhline(without_token, color=QUIET, linestyle="--", label="without a token")
    accuracy.set_ylim(-0.03, 1.03)
    accuracy.set_title("accuracy (share of texts)")
    for number, (name, shifts) in enumerate(_shifts(every_row)):
        shift.plot(rows["position"], shifts, label=label(name), **line_style(number, len(rows)))
    shift.axhline(0, color=QUIET, linewidth=0.8)
    of = "own label's ln p / (1 − p)" if "token" in every_row else "logit"
    shift.set_title(f"mean shift of the {of} (nats)")
    shift.set_xlabel("relative position (0: before the first word, 1: after the last)")
    if insert in INSERTED_AT:
        for panel in axes:
            panel.axvline(
                INSERTED_AT[insert], color=RULE, linewidth=6, zorder=0, label="position in training"
            )
    return arrange(figure, axes, same_lines=True)


def _shifts(table: pd.DataFrame) -> list[tuple[str, pd.Series]]:
    """Returns what a line is called, and its values by position.

    Of two tokens a table has a column each, of more a row each, of which the first are drawn.
    """
    if "token" in table:
        of_tokens = [(str(token), rows["shift"]) for token, rows in table.groupby("token", sort=False)]
        return [(token, shift) for token, shift in of_tokens if token != OWN][:MOST_TOKENS]
    columns = [str(name) for name in table if str(name).startswith("new")]
    first, second = (f"<{name.removesuffix('_shift')}>" for name in columns)
    return [
        (f"{second} less {first}", table["logit_shift"]),
        (f"{second} less no token", table[columns[1]]),
        (f"{first} less no token", table[columns[0]]),
    ]
