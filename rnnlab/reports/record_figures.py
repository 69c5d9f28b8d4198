"""The figures of each record of a run folder, as pictures of a page."""

from collections.abc import Mapping

import pandas as pd

from rnnlab.reports.blocks import Picture
from rnnlab.reports.calibration_figure import draw_calibration
from rnnlab.reports.curve_figure import draw_curves
from rnnlab.reports.gradient_figure import (
    draw_gradients,
    draw_gradients_at_ends,
    draw_gradients_over_training,
)
from rnnlab.reports.health_figure import draw_health
from rnnlab.reports.position_figure import draw_positions
from rnnlab.reports.records import RunFacts, known_cosines, last_look, metric_names, step_column
from rnnlab.reports.similarity_figure import draw_similarity
from rnnlab.reports.task_figures import draw_forecast, draw_lengths, draw_scatter, draw_series, series_columns
from rnnlab.reports.through_time_figure import draw_at_ends, draw_over_training, draw_through_time

BOTH_ENDS = 2
"""The looks of a plain run: at the untrained net and at the trained one."""


def no_pictures(table: pd.DataFrame, run: RunFacts) -> list[Picture]:
    """Returns none: the table says it all."""
    return []


def curves(tables: Mapping[str, pd.DataFrame], run: RunFacts) -> list[Picture]:
    """Returns the learning curves of metrics.csv by run; baselines are those of `run`."""
    if not metric_names(next(iter(tables.values()))):
        return []
    figure = draw_curves(
        {name: [table] for name, table in tables.items()},
        baselines=run.summary.get("baselines", {}),
        unit=str(run.summary.get("unit", "texts")),
    )
    return [Picture("curves", "Learning curves", figure)]


def curves_pictures(table: pd.DataFrame, run: RunFacts) -> list[Picture]:
    """Returns the figures of metrics.csv."""
    return curves({run.name: table}, run)


def similarity_pictures(table: pd.DataFrame, run: RunFacts) -> list[Picture]:
    """Returns the figures of similarity.csv, none where all vectors are zero."""
    known = known_cosines(table)
    if step_column(table) not in table or known["similarity"].isna().all():
        return []
    return [Picture("similarity", "Similarity of the word vectors", draw_similarity(known))]


def scatter_pictures(table: pd.DataFrame, run: RunFacts) -> list[Picture]:
    """Returns the figures of scatter.csv."""
    return [Picture("scatter", "True against predicted", draw_scatter(table))]


def lengths_pictures(table: pd.DataFrame, run: RunFacts) -> list[Picture]:
    """Returns the figures of lengths.csv."""
    return [Picture("lengths", "Accuracy by length", draw_lengths(table))]


def calibration_pictures(table: pd.DataFrame, run: RunFacts) -> list[Picture]:
    """Returns the figures of calibration.csv."""
    title = f"Confidence against accuracy, on {table['on'].iloc[0]}"
    reading = (
        "Above the line the net is right more often than it is confident, below it too confident. Points are "
        "means of bins of confidence."
    )
    terms = ("95 % interval", "F1", "ROC-AUC", "Brier score", "expected calibration error", "McNemar's test")
    return [Picture("calibration", title, draw_calibration(table), reading, terms)]


def health_pictures(table: pd.DataFrame, run: RunFacts) -> list[Picture]:
    """Returns the figures of health, of a training that was looked at in between."""
    if step_column(table) not in table or looks_of(table) <= BOTH_ENDS:
        return []
    return [Picture("health", "Gradient norms and update ratios", draw_health(table))]


def series_pictures(table: pd.DataFrame, run: RunFacts) -> list[Picture]:
    """Returns the figures of series.csv."""
    if not series_columns(table):
        return []
    return [Picture("series", "The last rows held out, true and predicted", draw_series(table))]


def forecast_pictures(table: pd.DataFrame, run: RunFacts) -> list[Picture]:
    """Returns the figure of forecast.csv."""
    return [Picture("forecast", "The series that the net goes on with", draw_forecast(table))]


def gradients_pictures(table: pd.DataFrame, run: RunFacts) -> list[Picture]:
    """Returns the figures of gradients, by position and, of a training, over it."""
    if step_column(table) in table:
        title = "Gradient at the inserted tokens, before training and after it"
        pictures = [Picture("gradients_ends", title, draw_gradients_at_ends(table))]
        if looks_of(table) > BOTH_ENDS:
            title = "Gradient at the inserted tokens while the net trained"
            pictures.append(Picture("gradients_epochs", title, draw_gradients_over_training(table)))
        return pictures
    named = table if "model" in table else table.assign(model=run.name)
    return [Picture("gradients", "Gradient at the inserted tokens by position", draw_gradients(named))]


def positions_pictures(table: pd.DataFrame, run: RunFacts) -> list[Picture]:
    """Returns the figures of positions, of a training its last look."""
    when, insert = step_column(table), run.settings.get("insert")
    if not {"token", "logit_shift"} & set(table):
        return []
    name, title = "positions", "Output by the position of the token"
    if when in table:
        name, title = "positions_last", f"{title}, {when} {table[when].max()}"
    return [Picture(name, title, draw_positions(last_look(table), insert=insert))]


def through_time_pictures(table: pd.DataFrame, run: RunFacts) -> list[Picture]:
    """Returns the figures of through_time, of a training at both ends and over it."""
    when, title = step_column(table), "Gradients through time"
    if when not in table:
        return [Picture("through_time", title, draw_through_time(table))]
    if looks_of(table) <= BOTH_ENDS:
        return [Picture("through_time_ends", f"{title}, before training and after it", draw_at_ends(table))]
    looks = {at: table[table[when] == at] for at in (table[when].min(), table[when].max())}
    both = pd.concat(looks.values())
    pictures = [
        Picture(f"through_time_{name}", f"{title}, {when} {at}", draw_through_time(rows, like=both))
        for name, (at, rows) in zip(("first", "last"), looks.items(), strict=False)
    ]
    pictures.append(Picture("through_time_epochs", f"{title}, by {when}", draw_over_training(table)))
    return pictures


def looks_of(table: pd.DataFrame) -> int:
    """Returns how often a net was looked at while it trained."""
    return int(table[step_column(table)].nunique())
