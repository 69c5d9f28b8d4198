"""Gradients for the inserted tokens against the place where they stand."""

import pandas as pd
from matplotlib.figure import Figure

PANELS_A_ROW = 4


def draw_gradients(table: pd.DataFrame) -> Figure:
    """Returns a figure of rows `model`, `position`, `newneg_norm`, `newpos_norm`, a panel a model.

    The axis of norms is logarithmic and the same in every panel; a norm of zero has no mark.
    """
    models = list(dict.fromkeys(table["model"]))
    columns = min(len(models), PANELS_A_ROW)
    rows = -(-len(models) // columns)
    figure = Figure(figsize=(1.2 + 2.8 * columns, 1 + 2.8 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False)
    for axes in panels.flat[len(models) :]:
        axes.remove()
    for axes, model in zip(panels.flat, models, strict=False):
        of_model = table[table["model"] == model]
        # Told apart in greyscale, too, by line and marker.
        for column, style, label in (
            ("newneg_norm", "k-o", "<newneg>"),
            ("newpos_norm", "k--s", "<newpos>"),
        ):
            norms = of_model[column].where(of_model[column] > 0)
            axes.plot(of_model["position"], norms, style, label=label, markerfacecolor="white")
        axes.set_title(model.replace("$", r"\$"), fontsize="medium")
        axes.grid(axis="y", color="0.9")
        axes.margins(x=0.15)
    if (table[["newneg_norm", "newpos_norm"]] > 0).any(axis=None):
        panels[0, 0].set_yscale("log")
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
    figure.supxlabel("place of the inserted token", fontsize="medium")
    for axes in panels[:, 0]:
        axes.set_ylabel("gradient norm\n(nats a unit of the embedding)")
    return figure
