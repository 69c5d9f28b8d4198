"""Gradients for the inserted tokens: against the position where they stand, and over a training."""

import pandas as pd
from matplotlib.figure import Figure

from rnnlab.reports.records import step_column
from rnnlab.reports.style import (
    INK,
    QUIET,
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
MOST_TOKENS = 8  # drawn
LONG_TOKEN = 14  # characters


@styled
def draw_gradients(table: pd.DataFrame) -> Figure:
    """Returns a figure of rows of `rnnlab.probes.gradients` with a column `model`, a panel per model.

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
        for number, (token, norms) in enumerate(norms_by_token(of_model)):
            style = line_style(number, len(norms))
            axes.plot(norms["position"], positive(norms["norm"]), label=label(token), **style)
        axes.set_title(label(model))
        axes.margins(x=0.15)
    log_y(grid[0, 0])
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside upper right", ncols=4)
    figure.supxlabel("position of the inserted token", fontsize="medium")
    for axes in grid[:, 0]:
        axes.set_ylabel("gradient norm\n(nats per unit of the embedding)", fontsize="small")
    return figure


@styled
def draw_gradients_at_ends(table: pd.DataFrame) -> Figure:
    """Returns a figure of the first and the last look of a training, by position, a panel per token."""
    when, tokens = step_column(table), norms_by_token(table)
    figure, axes = panels(len(tokens))
    for panel, (token, norms) in zip(axes, tokens, strict=True):
        for number, at in enumerate(dict.fromkeys((norms[when].min(), norms[when].max()))):
            rows = norms[norms[when] == at]
            name = "untrained" if at == 0 else f"{when} {at}"
            style = line_style(number, len(rows), colour=(QUIET, INK)[number], line=("--", "-")[number])
            panel.plot(rows["position"], positive(rows["norm"]), label=name, **style)
        log_y(panel)
        panel.margins(x=0.1)
        panel.set_title(f"gradient norm at {label(token)} (nats per unit)")
    axes[-1].set_xlabel("position of the inserted token")
    return arrange(figure, axes, height=1.9, same_lines=True)


@styled
def draw_gradients_over_training(table: pd.DataFrame) -> Figure:
    """Returns a figure of rows with a column `epoch` or `step`, too, a panel per token.

    One that gets no gradient has none, unless none gets one.
    """
    every_token = norms_by_token(table)
    tokens = [(token, norms) for token, norms in every_token if norms["norm"].gt(0).any()] or every_token
    figure, axes = panels(len(tokens))
    when = step_column(table)
    for panel, (token, norms) in zip(axes, tokens, strict=True):
        for number, (position, rows) in enumerate(norms.groupby("position", sort=False)):
            style = line_style(number, len(rows))
            panel.plot(rows[when], positive(rows["norm"]), label=label(position), **style)
        log_y(panel)
        between = "\n" if len(token) > LONG_TOKEN else " "
        panel.set_title(f"gradient norm at {label(token)}{between}(nats per unit of the embedding)")
        whole_numbers(panel)
    axes[-1].set_xlabel(when)
    return arrange(figure, axes, same_lines=True)


def norms_by_token(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Returns each token with its rows, the norm in a column `norm`; of many tokens the first ones.

    Of two tokens a table has a column each, as in `newneg_norm`, of more a row each.
    """
    if "token" in table:
        of_tokens = [(str(token), rows) for token, rows in table.groupby("token", sort=False)]
    else:
        columns = [str(name) for name in table if str(name).endswith("_norm")]
        of_tokens = [
            (f"<{name.removesuffix('_norm')}>", table.rename(columns={name: "norm"})) for name in columns
        ]
    return of_tokens[:MOST_TOKENS]
