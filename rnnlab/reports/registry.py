"""Which section a record gets, and how it is drawn: one entry a record.

A record is a CSV file of a run folder: NAME.csv, about the trained net, or probes/NAME.csv, what the probe
NAME saw while it trained. One without an entry here is shown as a plain table.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from rnnlab.reports.blocks import Picture
from rnnlab.reports.curve_figure import draw_curves
from rnnlab.reports.gradient_figure import draw_gradients, draw_gradients_over_training
from rnnlab.reports.health_figure import MEASURES, draw_health
from rnnlab.reports.position_figure import draw_positions
from rnnlab.reports.records import RunFacts, last_look, metric_names, step_column
from rnnlab.reports.similarity_figure import draw_similarity
from rnnlab.reports.task_figures import draw_lengths, draw_scatter, draw_series, series_columns
from rnnlab.reports.through_time_figure import draw_over_training, draw_through_time

Draw = Callable[[pd.DataFrame, RunFacts], list[Picture]]


def no_pictures(table: pd.DataFrame, run: RunFacts) -> list[Picture]:
    """Returns none: the table says it all."""
    return []


@dataclass(frozen=True)
class RecordView:
    """How a record is shown.

    Attributes:
        section: the heading; records with the same one share a section.
        title: of the record's table.
        columns: those that `draw` needs; a table that lacks one is shown as any other.
        draw: makes the figures.
        reading: one line on how to read them.
        last: whether of a record written while training only the last rows are shown as a table.
        folded: whether the section opens only when asked.
    """

    section: str
    title: str
    columns: tuple[str, ...] = ()
    draw: Draw = no_pictures
    reading: str = ""
    last: bool = True
    folded: bool = False


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


def _curves(table: pd.DataFrame, run: RunFacts) -> list[Picture]:
    return curves({run.name: table}, run)


def _similarity(table: pd.DataFrame, run: RunFacts) -> list[Picture]:
    if step_column(table) not in table or table["similarity"].isna().all():
        return []
    return [Picture("similarity", "Similarity of the word vectors", draw_similarity(table))]


def _scatter(table: pd.DataFrame, run: RunFacts) -> list[Picture]:
    return [Picture("scatter", "True against predicted", draw_scatter(table))]


def _lengths(table: pd.DataFrame, run: RunFacts) -> list[Picture]:
    return [Picture("lengths", "Accuracy by length", draw_lengths(table))]


def _health(table: pd.DataFrame, run: RunFacts) -> list[Picture]:
    if step_column(table) not in table:
        return []
    return [Picture("health", "Gradient norms and update ratios", draw_health(table))]


def _series(table: pd.DataFrame, run: RunFacts) -> list[Picture]:
    if not series_columns(table):
        return []
    return [Picture("series", "The last rows held out, true and predicted", draw_series(table))]


def _gradients(table: pd.DataFrame, run: RunFacts) -> list[Picture]:
    if step_column(table) in table:
        title = "Gradient at the inserted tokens while the net trained"
        return [Picture("gradients_epochs", title, draw_gradients_over_training(table))]
    named = table if "model" in table else table.assign(model=run.name)
    return [Picture("gradients", "Gradient at the inserted tokens by position", draw_gradients(named))]


def _positions(table: pd.DataFrame, run: RunFacts) -> list[Picture]:
    when, insert = step_column(table), run.settings.get("insert")
    if not {"token", "logit_shift"} & set(table):
        return []
    name, title = "positions", "Output by the position of the token"
    if when in table:
        name, title = "positions_last", f"{title}, {when} {table[when].max()}"
    return [Picture(name, title, draw_positions(last_look(table), insert=insert))]


def _through_time(table: pd.DataFrame, run: RunFacts) -> list[Picture]:
    when, title = step_column(table), "Gradients through time"
    if when not in table:
        return [Picture("through_time", title, draw_through_time(table))]
    looks = {at: table[table[when] == at] for at in (table[when].min(), table[when].max())}
    both = pd.concat(looks.values())
    pictures = [
        Picture(f"through_time_{name}", f"{title}, {when} {at}", draw_through_time(rows, like=both))
        for name, (at, rows) in zip(("first", "last"), looks.items(), strict=False)
    ]
    if len(looks) > 1:
        pictures.append(Picture("through_time_epochs", f"{title}, by {when}", draw_over_training(table)))
    return pictures


TASK = "What the net does"
GRADIENTS = "Gradients by position"
PAIRS = "Minimal pairs"
NORMS = ("gradient_q1", "gradient_median", "gradient_q3", "jacobian_q1", "jacobian_median", "jacobian_q3")

VIEWS: dict[str, RecordView] = {
    "metrics": RecordView(
        "Learning curves",
        "values",
        columns=("seconds",),
        draw=_curves,
        reading="The first row is the untrained net. Training figures are running averages while the net "
        "trained since the row before.",
        last=False,
    ),
    "similarity": RecordView(
        "Word vectors",
        "cosine of the word vectors",
        columns=("word1", "word2", "similarity"),
        draw=_similarity,
        reading="1: the vectors point the same way; -1: opposite ways. Without a value: a vector of zeros.",
    ),
    "scatter": RecordView(
        TASK,
        "true against predicted",
        columns=("true", "predicted"),
        draw=_scatter,
    ),
    "lengths": RecordView(
        TASK,
        "accuracy by length, also beyond those trained on",
        columns=("examples", "length", "acc", "low", "high", "trained"),
        draw=_lengths,
    ),
    "baselines": RecordView(TASK, "beside simple rules"),
    "tags": RecordView(TASK, "accuracy by tag"),
    "classes": RecordView(
        TASK,
        "precision, recall and F1 of each label, over validation texts (training texts, where there are "
        "none); 0 / 0 counts as 0; macro average: over the labels that occur, in texts or predictions; "
        "weighted average: by texts",
    ),
    "confusion": RecordView(TASK, "confusion: a row per true label or tag, a column per predicted one"),
    "series": RecordView(TASK, "the rows held out, true and predicted", columns=("row",), draw=_series),
    "gradients": RecordView(
        GRADIENTS,
        "gradient of the loss at the inserted tokens' vectors",
        columns=("position", "cosine", "ratio_to_end"),
        draw=_gradients,
        reading="How much learning is told about a token at the start, in the middle and at the end of the "
        "texts; ratio to end: the norm beside that at the end; cosine: with the other tokens' gradient.",
    ),
    "positions": RecordView(
        "The token moved through the texts",
        "means over the texts by the token's relative position; the row without one: no token",
        columns=("position", "accuracy"),
        draw=_positions,
        reading="Where a token counts, the accuracy with it is above that without, and the logit shifts. Of "
        "more than two labels the shift is that of the token's own label, ln p / (1 − p).",
    ),
    "through_time": RecordView(
        "Gradients through time",
        "medians and quartiles over texts",
        columns=("layer", "direction", "path", "distance", "predicted", "predicted_radius", *NORMS),
        draw=_through_time,
        reading="Distance counts steps back from the last one that this direction reads. Lines are medians "
        "over validation examples, the band their quartiles. A straight fall on the logarithmic axis is "
        "exponential.",
    ),
    "pairs_summary": RecordView(
        PAIRS,
        "by suite",
        reading="Two texts that differ in one thing, and whether the net puts them in the right order; "
        "share: of the pairs that are not ties, with its 95 % interval.",
    ),
    "pairs": RecordView(PAIRS, "pair by pair"),
    "health": RecordView(
        "Health of the training",
        "every parameter",
        columns=("parameter", *MEASURES),
        draw=_health,
        reading="Update / weight: how large a step is beside the weights that it changes; about a thousandth "
        "is usual.",
        folded=True,
    ),
    "predictions": RecordView("Predictions", "the most confident ones, right and wrong"),
}
"""By the record's name, in the order of the page."""


def view_of(name: str, *tables: pd.DataFrame) -> RecordView | None:
    """Returns how a record of that name is shown, None if nothing is known or a table lacks its columns."""
    view = VIEWS.get(name)
    return view if view and all(set(view.columns) <= set(table) for table in tables) else None


def draw_record(name: str, table: pd.DataFrame, run: RunFacts) -> list[Picture]:
    """Returns the figures of a record, as the report has them."""
    view = view_of(name, table)
    return view.draw(table, run) if view else []
