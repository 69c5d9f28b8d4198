"""Gradients for the inserted tokens: against the position where they stand, and over a training."""

import pandas as pd
from matplotlib.figure import Figure

from rnnlab.reports.records import step_column
from rnnlab.reports.style import (
    WIDTH,
    arrange,
    label,
    line_style,
    log_y,
    panels,
    positive,
    styled,
    whole_numbers,
)

PANELS_A_ROW = 4
TOKENS = {"newneg_norm": "<newneg>", "newpos_norm": "<newpos>"}


@styled
def draw_gradients(table: pd.DataFrame) -> Figure:
    """Returns a figure of rows `model`, `position`, `newneg_norm`, `newpos_norm`, a panel per model.

    The axis of norms is logarithmic and the same in every panel; a norm of zero has no mark.
    """
    models = list(dict.fromkeys(table["model"]))
    columns = min(len(models), PANELS_A_ROW)
    rows = -(-len(models) // columns)
    size = max(WIDTH, 1.2 + 2.8 * columns), 1 + 2.9 * rows
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(rows, columns, sharey=True, squeeze=False)
    for axes in grid.flat[len(models) :]:
        axes.remove()
    for axes, model in zip(grid.flat, models, strict=False):
        of_model = table[table["model"] == model]
        for number, (column, token) in enumerate(TOKENS.items()):
            style = line_style(number, len(of_model))
            axes.plot(of_model["position"], positive(of_model[column]), label=token, **style)
        axes.set_title(label(model))
        axes.margins(x=0.15)
    log_y(grid[0, 0])
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
    figure.supxlabel("position of the inserted token", fontsize="medium")
    for axes in grid[:, 0]:
        axes.set_ylabel("gradient norm\n(nats per unit of the embedding)", fontsize="small")
    return figure


@styled
def draw_gradients_over_training(table: pd.DataFrame) -> Figure:
    """Returns a figure of rows `epoch` or `step`, `position`, `newneg_norm`, `newpos_norm`; a panel each."""
    figure, axes = panels(len(TOKENS))
    when = step_column(table)
    for panel, (column, token) in zip(axes, TOKENS.items(), strict=True):
        for number, (position, rows) in enumerate(table.groupby("position", sort=False)):
            style = line_style(number, len(rows))
            panel.plot(rows[when], positive(rows[column]), label=label(position), **style)
        log_y(panel)
        panel.set_title(f"gradient norm at {token} (nats per unit of the embedding)")
        whole_numbers(panel)
    axes[-1].set_xlabel(when)
    return arrange(figure, axes, same_lines=True)
