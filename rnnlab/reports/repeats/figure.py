"""Groups of repeats as a figure: every seed, means with their intervals, and learning curves with a band."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnnlab.core.intervals import bootstrap_mean, bootstrap_means
from rnnlab.reports.records import metric_unit, step_column
from rnnlab.reports.repeats.groups import Group
from rnnlab.reports.repeats.metric import Metric, value_of
from rnnlab.reports.style import arrange, label, line_style, panels, styled, whole_numbers

MOST_GROUPS, MOST_CURVES = 20, 8  # that can be told apart
ROW = 0.32  # inches of a group
JITTER = 0.22  # rows, over which seeds are spread


@styled
def draw_comparison(groups: Sequence[Group], metric: Metric) -> Figure:
    """Returns a figure of two panels: the metric of every seed, and how it came about.

    Above, a row a group, best first: a dot a seed, their mean and its 95 % interval (bootstrap). Below, the
    mean over seeds and a band, the same interval of every epoch, of the best groups.
    """
    figure, (dots, curves) = panels(2)
    shown = groups[:MOST_GROUPS]
    _draw_dots(dots, shown, metric)
    _draw_curves(curves, groups[:MOST_CURVES], metric)
    unit = str(next(iter(groups[0].runs.values())).records.summary.get("unit", "texts"))
    more = f", the best {len(shown)} of {len(groups)}" if len(shown) < len(groups) else ""
    dots.set_title(f"{metric.name}{more}: seeds, mean and 95 % interval")
    split, _, measured = metric.column.rpartition("_")
    curves.set_title(f"{split} {metric_unit(measured, unit)}: mean and 95 % interval".lstrip())
    return arrange(figure, [dots, curves], height=max(2.2, ROW * len(shown)))


def _draw_dots(axes: Axes, groups: Sequence[Group], metric: Metric) -> None:
    for row, group in enumerate(groups):
        values = np.array([value_of(run, metric) for run in group.runs.values()])
        style = line_style(row, 1)
        spread = np.linspace(-JITTER, JITTER, len(values)) if len(values) > 1 else np.zeros(1)
        axes.plot(values, row + spread, ".", color=style["color"], alpha=0.6)
        low, high = bootstrap_mean(values)
        mean = float(values.mean())
        reach = [[mean - low], [high - mean]] if len(values) > 1 else None
        axes.errorbar(
            [mean],
            [row],
            xerr=reach,
            color=style["color"],
            marker=style["marker"],
            capsize=4,
            markerfacecolor="none",
        )
    axes.set_ylim(len(groups) - 0.5, -0.5)
    axes.set_yticks(range(len(groups)), [str(number) for number in range(1, len(groups) + 1)])
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", visible=True)


def _draw_curves(axes: Axes, groups: Sequence[Group], metric: Metric) -> None:
    when = ""
    for number, group in enumerate(groups):
        tables = [run.records.metrics for run in group.runs.values() if metric.column in run.records.metrics]
        if not tables:
            continue
        when = step_column(tables[0])
        # Where some seeds stopped earlier, a mean over the rest would be of others than before.
        table = pd.concat(
            [rows.set_index(when)[metric.column] for rows in tables], axis=1, join="inner"
        ).dropna()
        style = line_style(number, len(table))
        name = label(f"{number + 1} {group.label}")
        axes.plot(table.index, table.mean(axis=1), label=name, **style)
        if len(tables) > 1 and len(table):
            low, high = bootstrap_means(table.to_numpy(dtype=float).T)
            axes.fill_between(table.index, low, high, color=style["color"], alpha=0.18, linewidth=0)
    axes.set_xlabel(when)
    whole_numbers(axes)
