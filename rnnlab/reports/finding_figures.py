"""What a task found of its trained net, as pictures."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rnnlab.reports.records import read_table


def finding_figures(folder: Path) -> dict[str, Figure]:
    """Returns figures by name of those tables in a run's folder that can be drawn."""
    figures = {}
    for name, draw in DRAWN.items():
        if (folder / name).is_file() and (table := read_table(folder / name)) is not None:
            figures[name.removesuffix(".csv")] = draw(table)
    return figures


def draw_scatter(table: pd.DataFrame) -> Figure:
    """Returns predictions against what was to be predicted, with the line where both are equal."""
    figure = Figure(figsize=(4.2, 4), layout="constrained")
    axes = figure.subplots()
    ends = [table["true"].min(), table["true"].max()]
    axes.plot(ends, ends, color="0.6")
    axes.scatter(table["true"], table["predicted"], s=6, color="k")
    axes.set(xlabel="true", ylabel="predicted", aspect="equal")
    return figure


def draw_lengths(table: pd.DataFrame) -> Figure:
    """Returns accuracy against length with 95 % intervals; lengths not trained on lie in the grey."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    lengths, trained = table["length"], table.loc[table["trained"], "length"]
    for label, side in (("not trained on", lengths > trained.max()), ("", lengths < trained.min())):
        if side.any():
            ends = lengths[side].min() - 0.5, lengths[side].max() + 0.5
            axes.axvspan(*ends, color="0.93", label=label, zorder=0)
    axes.axhline(0.5, color="0.5", linestyle="-.", label="guessing")
    for style, (kind, rows) in zip(("-o", "--s", ":^"), table.groupby("examples", sort=False), strict=False):
        reach = [rows["acc"] - rows["low"], rows["high"] - rows["acc"]]
        axes.errorbar(rows["length"], rows["acc"], reach, fmt=style, label=str(kind), markersize=4, capsize=2)
    axes.set(xlabel="length of the pattern", ylabel="accuracy (share of sequences, 95 % interval)")
    axes.set_ylim(min(0.4, table["low"].min()), 1.02)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend()
    return figure


DRAWN: dict[str, Callable[[pd.DataFrame], Figure]] = {
    "scatter.csv": draw_scatter,
    "lengths.csv": draw_lengths,
}
