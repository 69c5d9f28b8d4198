"""What the finished runs of a sweep have in common, as figures where they fit."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from rnnlab.reports.curve_figure import draw_baselines
from rnnlab.reports.records import Records, metric_unit, read_records, step_column
from rnnlab.reports.style import COLOURS, QUIET, log_y, styled
from rnnlab.reports.sweep_table import journal_table, varied_names
from rnnlab.reports.through_time_figure import DISTANCE, draw_predictions
from rnnlab.runs import files
from rnnlab.runs.journal import Journal

MOST_PANELS = 4
MOST_LOOKS = 6
UNTRAINED = COLOURS["purple"].light


def read_sweep(journal: Journal) -> list[Records]:
    """Returns the finished runs of a sweep, in the order in which they were planned; those whose folders have
    been removed since are passed over.
    """
    done = (journal.folder / job.name for job in journal.jobs.values() if job.state == "done")
    return [read_records(folder) for folder in done if folder.is_dir()]


def sweep_figures(journal: Journal, runs: Sequence[Records]) -> dict[str, Figure]:
    """Returns the figures, by name, that suit what varies between finished runs of a sweep."""
    if len(runs) < 2:
        return {}
    varied = varied_names([journal.jobs[run.name] for run in runs])
    table, figures = journal_table(journal), {}
    table = table[table["run"].isin([run.name for run in runs])]
    others = [name for name in varied if name != "seed"]
    monitor = str(runs[0].summary.get("monitor"))
    if (
        "seed" in varied
        and len(others) == 1
        and table[others[0]].map(lambda v: isinstance(v, int | float)).all()
    ):
        figures["repetitions"] = draw_repetitions(table, others[0], monitor, runs[0].summary)
    looks = [run.table(files.probe_log("through_time")) for run in runs]
    if len(varied) == 1 and len(runs) <= MOST_PANELS and all(look is not None for look in looks):
        titles = [f"{varied[0]} = {value}" for value in table[varied[0]]]
        tables = [look for look in looks if look is not None]
        figures["through_time"] = draw_side_by_side(runs, tables, titles)
    return figures


@styled
def draw_repetitions(table: pd.DataFrame, setting: str, monitor: str, summary: dict) -> Figure:
    """Returns a metric at its best against a numeric setting: a dot a seed, their median and quartiles."""
    figure = Figure(figsize=(6.5, 4.2), layout="constrained")
    axes = figure.subplots()
    metric = monitor.partition("_")[2]
    quartiles = table.groupby(setting)[monitor].quantile([0.25, 0.5, 0.75]).unstack()
    reach = [quartiles[0.5] - quartiles[0.25], quartiles[0.75] - quartiles[0.5]]
    axes.plot(table[setting], table[monitor], ".", color=QUIET, alpha=0.6, label="one seed", zorder=1)
    axes.errorbar(
        quartiles.index,
        quartiles[0.5],
        yerr=reach,
        fmt="-ok",
        mfc="white",
        capsize=4,
        label="median, quartiles",
    )
    draw_baselines(axes, summary.get("baselines", {}).get(metric, {}))
    if (table[setting] > 0).all():
        axes.set_xscale("log")
        axes.set_xticks(list(quartiles.index), [f"{value:g}" for value in quartiles.index])
        axes.xaxis.set_minor_locator(NullLocator())
    axes.set(
        xlabel=setting, ylabel=f"best validation {metric_unit(metric, str(summary.get('unit', 'texts')))}"
    )
    axes.legend()
    return figure


@styled
def draw_side_by_side(
    runs: Sequence[Records], looks: Sequence[pd.DataFrame], titles: Sequence[str]
) -> Figure:
    """Returns a column of panels a run: gradients through time while it trains, and what it learned.

    Above, the norm of the gradient by state of the lowest layer, median over texts, against the distance
    from the end, at the start and along the training, with what the weights predict at both ends (see
    `rnnlab.probes.through_time`); below, the metric that chose the best round.
    """
    figure = Figure(figsize=(5.4 * len(runs), 6.6), layout="constrained")
    panels = figure.subplots(2, len(runs), squeeze=False, height_ratios=(2, 1))
    for column, (run, look, title) in enumerate(zip(runs, looks, titles, strict=True)):
        _draw_looks(panels[0, column], look)
        panels[0, column].set(title=title, xlabel=DISTANCE)
        if column:
            panels[1, column].sharey(panels[1, 0])
        _draw_curve(panels[1, column], run)
    panels[0, 0].set_ylabel("gradient norm ‖∂L/∂h_t‖")
    handles = {
        label: line
        for axes in panels.flat
        for line, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(
        handles.values(), handles.keys(), loc="outside right upper", frameon=False, fontsize="small"
    )
    return figure


def _draw_looks(axes: Axes, look: pd.DataFrame) -> None:
    when = step_column(look)
    first = look.drop_duplicates(["layer", "direction", "path"]).iloc[0]
    path = look[(look[["layer", "direction", "path"]] == first[["layer", "direction", "path"]]).all(axis=1)]
    moments = path[when].unique()
    shown = moments[np.unique(np.linspace(0, len(moments) - 1, MOST_LOOKS).round().astype(int))]
    for number, moment in enumerate(shown):
        rows = path[(path[when] == moment) & (path["gradient_median"] > 0)]
        shade = str(0.75 * (1 - number / max(1, len(shown) - 1))) if number else UNTRAINED
        label = "untrained" if number == 0 else f"{when} {moment}"
        axes.plot(
            rows["distance"], rows["gradient_median"], color=shade, lw=2 if number == 0 else 1, label=label
        )
        if number in (0, len(shown) - 1) and len(rows):
            draw_predictions(axes, rows, "gradient", colour=shade, of=f", {label}")
    log_y(axes)


def _draw_curve(axes: Axes, run: Records) -> None:
    monitor = str(run.summary.get("monitor"))
    when, metric = run.metrics.columns[0], monitor.partition("_")[2]
    axes.plot(run.metrics[when], run.metrics[monitor], "-k", label=monitor.replace("_", " "))
    draw_baselines(axes, run.summary.get("baselines", {}).get(metric, {}))
    axes.set(xlabel=when, ylabel=metric_unit(metric, str(run.summary.get("unit", "texts"))))
