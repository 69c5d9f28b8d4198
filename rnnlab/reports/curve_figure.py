"""Learning curves as a picture."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rnnlab.reports.records import metric_names, metric_unit, place_of

Baselines = Mapping[str, Mapping[str, float]]


def draw_curves(metrics: pd.DataFrame, baselines: Baselines, unit: str) -> Figure:
    """Returns a figure of metrics.csv: a panel a metric, training and validation against the epoch or step.

    baselines: what simple rules reach, by metric and name, drawn as level lines; unit: what metrics are
    averages over.
    """
    names, when = metric_names(metrics), place_of(metrics)
    figure = Figure(figsize=(5 * len(names), 3.6), layout="constrained")
    marks = {"train": "-o", "valid": "--s"} if len(metrics) <= 30 else {"train": "-", "valid": "--"}
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        for split, style in marks.items():
            column = metrics.get(f"{split}_{name}")
            if column is not None and column.notna().any():
                axes.plot(metrics[when], column, style, label=split, markersize=4)
        for style, (rule, value) in zip((":", "-."), baselines.get(name, {}).items(), strict=False):
            axes.axhline(value, color="0.4", linestyle=style, label=rule)
        axes.set(xlabel=when, ylabel=metric_unit(name, unit))
        if name.endswith("acc"):
            axes.set_ylim(0, 1.02)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend()
    return figure
