"""Gradients through time: against the distance from the end, and over a training."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from rnnlab.reports.records import step_column
from rnnlab.reports.style import (
    COLOURS,
    GREEN,
    INK,
    QUIET,
    arrange,
    line_style,
    log_y,
    panels,
    positive,
    styled,
    whole_numbers,
)

NORMS = {  # s: the state, of the kind that the path names
    "gradient": "gradient norm ‖∂L/∂s_t‖ (nats per unit of s)",
    "jacobian": "spectral norm of ∂s_T/∂s_t (no unit)",
}
NAMES = {"hidden": "hidden states", "cell": "cell states", "cell_only": "forget gates alone"}
PREDICTIONS: dict[str, tuple[Any, str, str]] = {  # line, and name for a net with and without a matrix
    "bound": ("-", "bound: ∏ σ_max(W_hh) · largest slope", "bound"),
    "predicted": ("-.", "predicted: σ_max(W_hh) × mean slope", "predicted: mean gate"),
    "predicted_radius": ((0, (1, 3)), "predicted: ρ(W_hh) × mean slope", "predicted: ρ"),
}
MUSTARD = COLOURS["mustard"].light
DISTANCE = "distance from the end of reading (steps)"


@styled
def draw_through_time(table: pd.DataFrame, *, like: pd.DataFrame | None = None) -> Figure:
    """Returns a figure of the rows of `rnnlab.probes.through_time`, of one look.

    For each layer and direction two panels: norms of gradients and of Jacobians on logarithmic axes, medians
    over texts with a band of quartiles. Norms of zero are left out.

    Args:
        table: the rows.
        like: rows whose norms the axes hold, too, so that figures can be compared.
    """
    readings = list(table.groupby(["layer", "direction"], sort=False))
    figure, axes = panels(2 * len(readings))
    each = iter(axes)
    for (layer, direction), of_reading in readings:
        for norm, name in NORMS.items():
            panel = next(each)
            for number, (path, rows) in enumerate(of_reading.groupby("path", sort=False)):
                _draw_path(panel, rows, norm, str(path), number)
            draw_predictions(panel, of_reading, norm)
            log_y(panel)
            if like is not None:
                _reach(panel, like[f"{norm}_median"])
            panel.set_title(f"layer {layer}, {direction}: {name}")
    axes[-1].set_xlabel(DISTANCE)
    return arrange(figure, axes)


@styled
def draw_at_ends(table: pd.DataFrame) -> Figure:
    """Returns a figure of the first and the last look of a training: gradient norms by distance.

    For each layer and direction a panel with a line per state and look, medians over texts with a band of
    quartiles; norms of zero are left out.
    """
    when = step_column(table)
    looks = list(dict.fromkeys((table[when].min(), table[when].max())))
    readings = list(table.groupby(["layer", "direction"], sort=False))
    figure, axes = panels(len(readings))
    for panel, ((layer, direction), of_reading) in zip(axes, readings, strict=True):
        paths = [path for path in of_reading["path"].unique() if not str(path).endswith("_only")]
        for number, at in enumerate(looks):
            for place, path in enumerate(paths):
                rows = of_reading[(of_reading["path"] == path) & (of_reading[when] == at)]
                rows = rows[rows["gradient_median"] > 0]
                name = f"{NAMES.get(str(path), path)}, {'untrained' if at == 0 else f'{when} {at}'}"
                colour = (QUIET, INK, GREEN, MUSTARD)[2 * (place % 2) + number]
                style = line_style(place, len(rows), colour=colour, line=("--", "-")[number])
                panel.plot(rows["distance"], rows["gradient_median"], label=name, **style)
                low, high = rows["gradient_q1"], rows["gradient_q3"]
                panel.fill_between(rows["distance"], low, high, color=colour, alpha=0.15, linewidth=0)
        log_y(panel)
        panel.set_title(f"layer {layer}, {direction}: {NORMS['gradient']}")
    axes[-1].set_xlabel(DISTANCE)
    return arrange(figure, axes)


@styled
def draw_over_training(table: pd.DataFrame) -> Figure:
    """Returns heatmaps of epoch or step × distance, from rows of several looks, told apart by that column.

    For each norm a panel for each layer, direction and path that has it, all in the same colours: the decimal
    logarithm of the median norm. Norms of zero, and distances that no text reaches, stay empty.
    """
    when = step_column(table)
    # Distances at which a large state's Jacobian was not measured would leave stripes.
    ways = {
        norm: list(
            table.dropna(subset=[f"{norm}_median"]).groupby(["layer", "direction", "path"], sort=False)
        )
        for norm in NORMS
    }
    figure, axes = panels(sum(map(len, ways.values())))
    each = iter(axes)
    for norm, name in NORMS.items():
        logs = np.log10(positive(table[f"{norm}_median"]))
        scale = Normalize(logs.min(), logs.max())
        for number, ((layer, direction, path), rows) in enumerate(ways[norm]):
            panel = next(each)
            grid = rows.assign(log=logs).pivot(index="distance", columns=when, values="log")
            _draw_heatmap(panel, grid, scale, bar=number == 0)
            panel.set_title(f"layer {layer}, {direction}, {NAMES.get(str(path), path)}: log₁₀ of\n{name}")
    axes[-1].set_xlabel(when)
    return arrange(figure, axes, height=1.3, right=0.75)


def draw_predictions(axes: Axes, rows: pd.DataFrame, norm: str, *, colour: str = QUIET, of: str = "") -> None:
    """Draws what the weights predict for a norm, each prediction once, from the norm at distance 0 on.

    of: what the lines belong to, for the legend.
    """
    if norm == "gradient" and "pooling" in rows:
        return  # a share of the loss that each state has of its own follows from no weight
    of_matrix = bool(rows["predicted_radius"].notna().any())
    for name, (line, with_matrix, without) in PREDICTIONS.items():
        predicted = rows[rows[name] > 0] if name in rows else rows.iloc[:0]
        predicted = predicted.drop_duplicates(["distance", name])
        if predicted.empty:
            continue
        values = predicted[f"{norm}_median"].iloc[0] * predicted[name]
        style: dict[str, Any] = {"linewidth": 3, "alpha": 0.35} if name == "bound" else {"linestyle": line}
        what = (with_matrix if of_matrix else without) + of
        axes.plot(predicted["distance"], values, color=colour, label=what, **style)


def _draw_path(axes: Axes, rows: pd.DataFrame, norm: str, path: str, number: int) -> None:
    rows = rows[rows[f"{norm}_median"] > 0]
    if rows.empty:
        return
    steps, low, high, r2 = (rows[f"{norm}_half_life{part}"].iloc[0] for part in ("", "_low", "_high", "_r2"))
    name = f"{NAMES.get(path, path)}: ½ in {steps:.3g} steps ({low:.3g} to {high:.3g}), R² {r2:.2f}"
    style = line_style(number, len(rows), colour=INK)
    axes.fill_between(
        rows["distance"], rows[f"{norm}_q1"], rows[f"{norm}_q3"], color=QUIET, alpha=0.25, linewidth=0
    )
    axes.plot(rows["distance"], rows[f"{norm}_median"], label=name, **style)


def _reach(axes: Axes, norms: pd.Series) -> None:
    """Widens the y axis so that it holds all positive `norms`."""
    shown = norms[norms > 0]
    if len(shown) and axes.get_yscale() == "log":
        low, high = axes.get_ylim()
        axes.set_ylim(min(low, shown.min() / 2), max(high, shown.max() * 2))


def _draw_heatmap(axes: Axes, values: pd.DataFrame, scale: Normalize, *, bar: bool) -> None:
    """Draws values by row and column, as a picture within an SVG; `bar`: with what the colours mean."""
    mesh = axes.pcolormesh(
        values.columns, values.index, values, cmap="cividis", norm=scale, shading="nearest", rasterized=True
    )
    if bar:
        colours = axes.figure.colorbar(mesh, cax=axes.inset_axes((1.02, 0, 0.025, 1)))
        colours.solids.set_rasterized(True)  # type: ignore[union-attr]
        colours.outline.set_visible(False)
    axes.set_ylabel("distance")
    axes.grid(visible=False)
    whole_numbers(axes)
