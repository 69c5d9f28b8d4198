"""Gradients through time: against the distance from the end, and over epochs."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnnlab.reports.records import place_of

NORMS = {  # s: the state, of the kind that the path names
    "gradient": r"gradient norm $\|\partial L/\partial s_t\|$ (nats a unit of $s$)",
    "jacobian": r"spectral norm of $\partial s_T/\partial s_t$ (no unit)",
}
STYLES = {"hidden": ("-", "o"), "cell": ("--", "s"), "cell_only": (":", "^")}
NAMES = {"hidden": "hidden states", "cell": "cell states", "cell_only": "forget gates alone"}
PREDICTIONS: dict[str, Any] = {"predicted": "-.", "predicted_radius": (0, (1, 3))}
MARKS = 12


def draw_through_time(table: pd.DataFrame) -> Figure:
    """Returns a figure of the rows of `rnnlab.probes.through_time`, of one look.

    A row of panels for each layer and direction: norms of gradients and of Jacobians on logarithmic axes,
    medians over texts with a band of quartiles. Norms of zero are left out.
    """
    readings = list(table.groupby(["layer", "direction"], sort=False))
    figure = Figure(figsize=(11, 0.6 + 4.2 * len(readings)), layout="constrained")
    panels = figure.subplots(len(readings), 2, squeeze=False, sharex=True)
    for row, ((layer, direction), of_reading) in zip(panels, readings, strict=True):
        for axes, (norm, label) in zip(row, NORMS.items(), strict=True):
            for path, rows in of_reading.groupby("path", sort=False):
                _draw_path(axes, rows, norm, str(path))
            _draw_predictions(axes, of_reading, norm)
            if axes.get_lines():
                axes.set_yscale("log")
            # Above the panel, where it hides no line.
            title = f"layer {layer}, {direction}"
            place = {"loc": "lower left", "bbox_to_anchor": (0, 1), "alignment": "left"}
            axes.legend(
                *axes.get_legend_handles_labels(), title=title, fontsize="small", frameon=False, **place
            )
            axes.set_ylabel(label)
            axes.grid(color="0.9")
    for axes in panels[-1]:
        axes.set_xlabel("distance from the end of reading (steps)")
    return figure


def draw_over_epochs(table: pd.DataFrame) -> Figure:
    """Returns heatmaps of epoch or step × distance, from rows of several looks, told apart by that column.

    A row of panels for each layer, direction and path; brightness is the decimal logarithm of the median
    norm; norms of zero, and distances that no text reaches, stay white.
    """
    when = place_of(table)
    ways = list(table.groupby(["layer", "direction", "path"], sort=False))
    figure = Figure(figsize=(11, 1 + 3 * len(ways)), layout="constrained")
    panels = figure.subplots(len(ways), 2, squeeze=False)
    for row, ((layer, direction, path), rows) in zip(panels, ways, strict=True):
        for axes, (norm, label) in zip(row, NORMS.items(), strict=True):
            # Distances at which a large state's Jacobian was not measured would leave stripes.
            measured = rows.dropna(subset=[f"{norm}_median"])
            grid = measured.pivot(index="distance", columns=when, values=f"{norm}_median")
            logs = np.log10(grid.where(grid > 0))
            mesh = axes.pcolormesh(grid.columns, grid.index, logs, cmap="cividis", shading="nearest")
            figure.colorbar(mesh, ax=axes, label=f"log₁₀ of {label}".replace(" (", "\n("))
            axes.set(title=f"layer {layer}, {direction}, {NAMES[str(path)]}", ylabel="distance (steps)")
            axes.xaxis.get_major_locator().set_params(integer=True)
    for axes in panels[-1]:
        axes.set_xlabel(when)
        if len(grid.columns) <= 12:
            axes.set_xticks(grid.columns)
    return figure


def _draw_path(axes: Axes, rows: pd.DataFrame, norm: str, path: str) -> None:
    rows = rows[rows[f"{norm}_median"] > 0]
    if rows.empty:
        return
    line, marker = STYLES[path]
    steps, low, high, r2 = (rows[f"{norm}_half_life{part}"].iloc[0] for part in ("", "_low", "_high", "_r2"))
    label = f"{NAMES[path]}: halved in {steps:.3g} steps ({low:.3g} to {high:.3g}), $R^2$ {r2:.2f}"
    every = max(1, len(rows) // MARKS)
    axes.plot(
        rows["distance"],
        rows[f"{norm}_median"],
        color="k",
        linestyle=line,
        marker=marker,
        markerfacecolor="white",
        markevery=every,
        label=label,
    )
    axes.fill_between(rows["distance"], rows[f"{norm}_q1"], rows[f"{norm}_q3"], color="0.6", alpha=0.4, lw=0)


def _draw_predictions(axes: Axes, rows: pd.DataFrame, norm: str) -> None:
    """Draws each prediction once, a gradient's from the measured norm at distance 0."""
    of_matrix = rows["predicted_radius"].notna().any()
    labels = {
        "predicted": r"predicted: $\sigma_{max}(W_{hh})$ × mean slope"
        if of_matrix
        else "predicted: mean gate",
        "predicted_radius": r"predicted: $\rho(W_{hh})$ × mean slope",
    }
    if norm == "jacobian" and "bound" in rows and len(bound := rows.dropna(subset=["bound"])):
        label = r"bound: $\prod \sigma_{max}(W_{hh})$ · largest slope"
        axes.plot(bound["distance"], bound["bound"], color="0.4", linewidth=2, alpha=0.5, label=label)
    for name, style in PREDICTIONS.items():
        predicted = rows[rows[name] > 0].drop_duplicates(["distance", name])
        if predicted.empty:
            continue
        start = predicted[f"{norm}_median"].iloc[0]
        line = start * predicted[name]
        axes.plot(predicted["distance"], line, color="0.4", linestyle=style, label=labels[name])
