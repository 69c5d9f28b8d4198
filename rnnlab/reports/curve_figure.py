"""Learning curves: each metric against the epoch or step."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnnlab.reports.records import metric_names, metric_unit, step_column
from rnnlab.reports.style import (
    LINES,
    QUIET,
    TRAIN,
    VALID,
    arrange,
    label,
    line_style,
    panels,
    styled,
    whole_numbers,
)

Baselines = Mapping[str, Mapping[str, float]]
SPLITS = {"train": TRAIN, "valid": VALID}  # in this order solid and dashed, too


@styled
def draw_curves(
    runs: Mapping[str, Sequence[pd.DataFrame]],
    *,
    baselines: Baselines | None = None,
    unit: str = "texts",
    numbers: Mapping[str, int] | None = None,
) -> Figure:
    """Returns a figure with a panel per metric, training and validation in each.

    Args:
        runs: by name, the rows of metrics.csv of a run, or of its repetitions with other seeds: then the mean
            is drawn, and their range as a band. Colours tell splits apart, or runs where there are several.
        baselines: what simple rules reach, by metric and name, drawn as level lines.
        unit: what metrics are averages over, for the axis.
        numbers: of each run's colour, where it has the same one in other figures, even alone.
    """
    first = next(iter(runs.values()))[0]
    names = metric_names(first)
    figure, axes = panels(len(names))
    for panel, metric in zip(axes, names, strict=True):
        for number, (run, repetitions) in enumerate(runs.items()):
            for index, (split, colour) in enumerate(SPLITS.items()):
                alone = len(runs) == 1 and numbers is None
                style = line_style(
                    index if alone else (numbers or {}).get(run, number),
                    len(repetitions[0]),
                    colour=colour if alone else None,
                    line=LINES[index],
                )
                _draw_split(
                    panel, repetitions, f"{split}_{metric}", style, split if alone else f"{run}: {split}"
                )
        draw_baselines(panel, (baselines or {}).get(metric, {}))
        panel.set_title(metric_unit(metric, unit))
        if metric.endswith("acc"):
            panel.set_ylim(0, 1.02)
        whole_numbers(panel)
    steps = dict.fromkeys(step_column(rows) for repetitions in runs.values() for rows in repetitions)
    axes[-1].set_xlabel(" or ".join(steps))
    return arrange(figure, axes, same_lines=True)


def draw_baselines(axes: Axes, rules: Mapping[str, float]) -> None:
    """Draws what simple rules reach as level lines."""
    for line, (rule, value) in zip((":", "-."), rules.items(), strict=False):
        axes.axhline(value, color=QUIET, linestyle=line, label=label(rule))


def _draw_split(axes: Axes, repetitions: Sequence[pd.DataFrame], column: str, style: dict, name: str) -> None:
    """Draws a column of metrics.csv, of several repetitions their mean and range."""
    found = [rows.set_index(step_column(rows))[column] for rows in repetitions if column in rows]
    table = pd.concat(found, axis=1).astype(float) if found else pd.DataFrame()
    if not table.notna().any(axis=None):
        return
    if len(found) > 1:
        band = table.min(axis=1), table.max(axis=1)
        axes.fill_between(table.index, *band, color=style["color"], alpha=0.18, linewidth=0)
    axes.plot(table.index, table.mean(axis=1), label=label(name), **style)
