"""The sections of a report that show what a task found of its trained net."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from rnnlab.reports.blocks import Chart, Grid, Section, Series
from rnnlab.reports.records import Records, titled

SHOWN_ROWS = 200


def finding_sections(runs: list[Records]) -> Section | None:
    """Returns the tasks' own tables, drawn as they are best read, or None if there are none."""
    blocks: list[Any] = []
    for run in runs:
        for name, (title, draw) in FINDINGS.items():
            if (table := run.table(name)) is not None:
                blocks.append(draw(table, titled(runs, run, title)))
    return Section("What the net does", blocks) if blocks else None


def _scatter(table: pd.DataFrame, title: str) -> Chart:
    points = Series("test examples", table["true"].tolist(), table["predicted"].tolist(), line=False)
    ends = [float(table["true"].min()), float(table["true"].max())]
    return Chart(title, "true", "predicted", [points, Series("perfect", ends, ends)], whole_x=False)


def _lengths(table: pd.DataFrame, title: str) -> Chart:
    series = [
        Series(
            str(kind),
            rows["length"].tolist(),
            rows["acc"].tolist(),
            (rows["low"].tolist(), rows["high"].tolist()),
        )
        for kind, rows in table.groupby("examples", sort=False)
    ]
    trained = table.loc[table["trained"], "length"]
    across = f"length of the pattern ({trained.min()} to {trained.max()} trained on)"
    return Chart(title, across, "accuracy, 95 % interval", series, y_range=(0.0, 1.0))


def _series(table: pd.DataFrame, title: str) -> Chart:
    shown = table.tail(SHOWN_ROWS)
    rows = shown["row"].tolist()
    lines = [Series(str(name), rows, shown[name].tolist()) for name in shown.columns[1:]]
    return Chart(title, "row", "standard deviations", lines)


FINDINGS: dict[str, tuple[str, Callable[[pd.DataFrame, str], Any]]] = {
    "scatter.csv": ("true against predicted", _scatter),
    "lengths.csv": ("accuracy by length, also beyond those trained on", _lengths),
    "baselines.csv": ("beside simple rules", Grid.of),
    "tags.csv": ("accuracy by tag", Grid.of),
    "confusion.csv": ("confusion, in tokens: a row a true tag, a column a predicted one", Grid.of),
    "series.csv": ("the last rows held out, true and predicted", _series),
}
"""By file: what it shows, and what draws it."""
