"""The memory horizon as a picture: success rate against sequence length, a line per model."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from rnnlab.reports.style import LINES, MARKERS, QUIET, SERIES, TRAIN, VALID, styled

COLOURS = (TRAIN, VALID, *SERIES)
DODGE = 1.05  # models side by side, so that their error bars can be told apart


@styled
def draw_horizon(rates: pd.DataFrame, criterion: str) -> Figure:
    """Returns a figure of `rnnlab.workflows.horizon.success_rates.success_rates`.

    The bars are 95 % Wilson intervals; lengths at which nothing was tried have a small cross and no bar.
    criterion: what counts as success, for the axis.
    """
    figure = Figure(figsize=(7.5, 4.6), layout="constrained")
    axes = figure.subplots()
    models = list(rates.groupby("model", sort=False))
    for number, (model, rows) in enumerate(models):
        line, marker = LINES[number % len(LINES)], MARKERS[number % len(MARKERS)]
        at = rows["length"] * DODGE ** (number - (len(models) - 1) / 2)
        colour = COLOURS[number % len(COLOURS)]
        axes.plot(at, rows["rate"], linestyle=line, color=colour)
        tried = rows["tried"] > 0
        of_tried = rows[tried]
        reach = [of_tried["rate"] - of_tried["low"], of_tried["high"] - of_tried["rate"]]
        axes.errorbar(
            at[tried],
            of_tried["rate"],
            yerr=[side.clip(lower=0) for side in reach],
            fmt=marker,
            color=colour,
            markerfacecolor="white",
            capsize=3,
            linewidth=1,
        )
        axes.plot([], [], linestyle=line, marker=marker, color=colour, mfc="white", label=str(model))
        axes.plot(at[~tried], rows.loc[~tried, "rate"], "x", color=colour, markersize=4)
    axes.axhline(0.5, color=QUIET, linewidth=0.8)
    axes.set_xscale("log")
    lengths = sorted(rates["length"].unique())
    axes.set_xticks(lengths, [str(length) for length in lengths])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set(xlabel="sequence length (steps)", ylabel=f"share of seeds with {criterion}", ylim=(-0.03, 1.03))
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    return figure
