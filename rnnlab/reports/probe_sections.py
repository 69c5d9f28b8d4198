"""The sections of a report that show what probes recorded."""

from typing import Any

import pandas as pd

from rnnlab.reports.blocks import Chart, Grid, Heatmap, Paragraph, Section, Series
from rnnlab.reports.records import Records, place_of, titled

HEATMAP_ROWS = 40
PREDICTIONS = {
    "bound": "bound of the Jacobian",
    "predicted": "σ_max or gate, predicted",
    "predicted_radius": "spectral radius, predicted",
}
POSITIONS = ["start", "middle", "end"]


def position_section(runs: list[Records]) -> Section | None:
    """Returns gradients of the inserted tokens by position: tables, and curves where training logged them."""
    blocks: list[Any] = []
    for run in runs:
        now, logged = run.table("gradients.csv"), run.table("probes/gradients.csv")
        if now is not None:
            blocks.append(
                Grid.of(now, titled(runs, run, "gradient of the loss at the inserted tokens' vectors"))
            )
        if logged is not None:
            when = place_of(logged)
            last = logged[logged[when] == logged[when].max()]
            blocks.append(Grid.of(last, titled(runs, run, "the same, while it trained")))
            series = [
                Series(place, rows[when].tolist(), rows["newpos_norm"].astype(float).tolist())
                for place in POSITIONS
                if len(rows := logged[logged["position"] == place])
            ]
            blocks.append(
                Chart(
                    titled(runs, run, "gradient at <newpos> by its position"),
                    when,
                    "norm",
                    series,
                    log_y=True,
                )
            )
    return Section("Gradients by position", blocks) if blocks else None


def through_time_section(runs: list[Records]) -> Section | None:
    """Returns gradient and Jacobian norms against distance from the end, and heatmaps over epochs."""
    blocks: list[Any] = []
    for run in runs:
        table = run.table("probes/through_time.csv")
        if table is None:
            continue
        for (layer, direction, path), rows in table.groupby(["layer", "direction", "path"], sort=False):
            name = titled(runs, run, f"layer {layer}, {direction}, {path} path")
            blocks.append(_against_distance(rows, name))
            if rows[place_of(rows)].nunique() > 1:
                blocks.append(_heatmap(rows, name))
    note = (
        "Distance counts steps back from the last one that this direction reads. Lines are medians "
        "over validation examples, the band their quartiles. A straight fall on the logarithmic axis is "
        "exponential."
    )
    return Section("Gradients through time", [Paragraph(note), *blocks]) if blocks else None


def _against_distance(rows: pd.DataFrame, name: str) -> Chart:
    series, when = [], place_of(rows)
    for place in dict.fromkeys([rows[when].min(), rows[when].max()]):
        at = rows[rows[when] == place].sort_values("distance")
        distance = at["distance"].tolist()
        quartiles = (_floats(at["gradient_q1"]), _floats(at["gradient_q3"]))
        series.append(
            Series(f"loss gradient, {when} {place}", distance, _floats(at["gradient_median"]), quartiles)
        )
        series.append(Series(f"Jacobian, {when} {place}", distance, _floats(at["jacobian_median"])))
        for column, what in PREDICTIONS.items():
            if column in at and at[column].notna().any():
                series.append(Series(f"{what}, {when} {place}", distance, _floats(at[column])))
    return Chart(name, "distance from the end (steps)", "norm", series, log_y=True)


def _heatmap(rows: pd.DataFrame, name: str) -> Heatmap:
    when = place_of(rows)
    grid = rows.pivot(index=when, columns="distance", values="gradient_median")
    step = -(-len(grid) // HEATMAP_ROWS)
    grid = grid.iloc[::step]
    return Heatmap(
        f"{name}: median loss gradient (darker is larger, logarithmic)",
        "distance from the end (steps)",
        when,
        [float(column) for column in grid.columns],
        [float(epoch) for epoch in grid.index],
        grid.to_numpy(dtype=float).tolist(),
    )


def health_section(runs: list[Records]) -> Section | None:
    """Returns each parameter's gradient norm and update-to-weight ratio by epoch, folded."""
    blocks: list[Any] = []
    for run in runs:
        table = run.table("probes/health.csv")
        if table is None:
            continue
        when = place_of(table)
        for column, unit in (("gradient_norm", "norm"), ("update_ratio", "update / weight")):
            if column not in table or table[column].isna().all():
                continue
            series = [
                Series(str(parameter), rows[when].tolist(), _floats(rows[column]))
                for parameter, rows in table.groupby("parameter", sort=False)
                if rows[column].notna().any()
            ]
            title = titled(runs, run, f"{column.replace('_', ' ')} of every parameter")
            blocks.append(Chart(title, when, unit, series, log_y=True))
        last = table[table[when] == table[when].max()]
        blocks.append(Grid.of(last, titled(runs, run, f"after the last {when}")))
    return Section("Health of the training", blocks, folded=True) if blocks else None


def pairs_section(runs: list[Records]) -> Section | None:
    """Returns the shares of minimal pairs in the right order."""
    blocks = [
        Grid.of(table, titled(runs, run, "minimal pairs"))
        for run in runs
        if (table := run.table("pairs_summary.csv")) is not None
    ]
    return Section("Minimal pairs", list(blocks)) if blocks else None


def _floats(column: pd.Series) -> list[float]:
    return column.astype(float).tolist()
