"""What a task's own tables look like: predictions, accuracy by length, a series."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rnnlab.reports.style import (
    GREEN,
    INK,
    QUIET,
    RULE,
    arrange,
    label,
    line_style,
    panels,
    styled,
    whole_numbers,
)

SHOWN_ROWS = 200


@styled
def draw_scatter(table: pd.DataFrame) -> Figure:
    """Returns predictions against what was to be predicted, with the line where both are equal."""
    figure, (axes,) = panels(1)
    ends = [table["true"].min(), table["true"].max()]
    axes.plot(ends, ends, color=QUIET, linewidth=1, label="perfect")
    axes.plot(table["true"], table["predicted"], ".", color=INK, markersize=3.5, label="example")
    axes.set_title("predicted")
    axes.set_xlabel("true")
    axes.xaxis.set_major_locator(MaxNLocator(6))
    return arrange(figure, [axes], height=3.6)


@styled
def draw_lengths(table: pd.DataFrame) -> Figure:
    """Returns accuracy against length with 95 % intervals; lengths not trained on lie in the grey."""
    figure, (axes,) = panels(1)
    lengths, trained = table["length"], table.loc[table["trained"], "length"]
    name: str | None = "not trained on"
    for side in (lengths > trained.max(), lengths < trained.min()):
        if side.any():
            ends = lengths[side].min() - 0.5, lengths[side].max() + 0.5
            axes.axvspan(*ends, color=RULE, alpha=0.6, linewidth=0, label=name, zorder=0)
            name = None
    axes.axhline(0.5, color=QUIET, linestyle="-.", label="guessing")
    for number, (kind, rows) in enumerate(table.groupby("examples", sort=False)):
        reach = [rows["acc"] - rows["low"], rows["high"] - rows["acc"]]
        style = line_style(number, 0)
        axes.errorbar(rows["length"], rows["acc"], reach, label=label(kind), capsize=2, **style)
    axes.set_title("accuracy (share of sequences, 95 % interval)")
    axes.set(xlabel="length of the pattern", ylim=(min(0.4, table["low"].min()), 1.02))
    whole_numbers(axes)
    return arrange(figure, [axes], height=2.8)


@styled
def draw_series(table: pd.DataFrame) -> Figure:
    """Returns the last held-out rows of every column, true and predicted, a panel per column."""
    rows = table.tail(SHOWN_ROWS)
    columns = series_columns(table)
    figure, axes = panels(len(columns))
    for panel, column in zip(axes, columns, strict=True):
        panel.plot(rows["row"], rows[f"{column} true"], color=INK, label="true")
        panel.plot(rows["row"], rows[f"{column} predicted"], "--", color=GREEN, label="predicted")
        panel.set_title(f"{label(column)} (standard deviations)")
        whole_numbers(panel)
    axes[-1].set_xlabel("row")
    return arrange(figure, axes)


@styled
def draw_forecast(table: pd.DataFrame) -> Figure:
    """Returns a series that a net goes on with, beside the truth and what it says from true rows."""
    names = [str(name).removesuffix(" forecast") for name in table if str(name).endswith(" forecast")]
    figure, axes = panels(len(names))
    for panel, name in zip(axes, names, strict=True):
        panel.plot(table["row"], table[f"{name} true"], color=INK, label="true")
        panel.plot(table["row"], table[f"{name} forecast"], "--", color=GREEN, label="its own outputs read")
        panel.plot(table["row"], table[f"{name} one step"], ":", color=QUIET, label="true rows read")
        panel.set_title(f"{label(name)} (standard deviations)")
        whole_numbers(panel)
    axes[-1].set_xlabel("row")
    return arrange(figure, axes, same_lines=True)


def series_columns(table: pd.DataFrame) -> list[str]:
    """Returns the names of the columns that are there twice, true and predicted."""
    names = [str(name).removesuffix(" true") for name in table if str(name).endswith(" true")]
    return [name for name in names if f"{name} predicted" in table]
