"""Which section a record gets, and how it is drawn: one entry a record.

A record is a CSV file of a run folder: NAME.csv, about the trained net, or probes/NAME.csv, what the probe
NAME saw while it trained. One without an entry here is shown as a plain table.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from rnnlab.reports.blocks import Picture
from rnnlab.reports.health_figure import MEASURES
from rnnlab.reports.record_figures import (
    calibration_pictures,
    curves_pictures,
    forecast_pictures,
    gradients_pictures,
    health_pictures,
    lengths_pictures,
    no_pictures,
    positions_pictures,
    scatter_pictures,
    series_pictures,
    similarity_pictures,
    through_time_pictures,
)
from rnnlab.reports.records import RunFacts
from rnnlab.reports.what_happened import CURVES, GRADIENTS, THROUGH_TIME, TOKEN

Draw = Callable[[pd.DataFrame, RunFacts], list[Picture]]


@dataclass(frozen=True)
class RecordView:
    """How a record is shown.

    Attributes:
        section: the heading; records with the same one share a section.
        title: of the record's table.
        columns: those that `draw` needs; a table that lacks one is shown as any other.
        draw: makes the figures.
        reading: one line on how to read them; terms: what of it the page defines.
        last: whether of a record written while training only the last rows are shown as a table.
        folded: whether the section opens only when asked; left_out: the pattern of columns that a page has no
        room for.
    """

    section: str
    title: str
    columns: tuple[str, ...] = ()
    draw: Draw = no_pictures
    reading: str = ""
    terms: tuple[str, ...] = ()
    last: bool = True
    folded: bool = False
    left_out: str = ""


TASK, PAIRS, EVALUATION = "What the net does", "Minimal pairs", "Evaluation"
NORMS = ("gradient_q1", "gradient_median", "gradient_q3", "jacobian_q1", "jacobian_median", "jacobian_q3")

VIEWS: dict[str, RecordView] = {
    "gradients": RecordView(
        GRADIENTS,
        "gradient of the loss at the inserted tokens' vectors, summed over all validation texts; where "
        "there is a column texts, estimated from so many",
        columns=("position", "cosine", "ratio_to_end"),
        draw=gradients_pictures,
        last=False,
        left_out=r".+_\d+",  # of the gradients themselves
        reading="How much learning is told about a token, by where it stands in the texts. A point a "
        "thousand times lower is told next to nothing; where lines are level, the place makes no difference.",
        terms=("gradient norm", "ratio to the end", "cosine"),
    ),
    "through_time": RecordView(
        THROUGH_TIME,
        "medians and quartiles over texts",
        columns=("layer", "direction", "path", "distance", "predicted", "predicted_radius", *NORMS),
        draw=through_time_pictures,
        reading="Distance counts steps back from the last one that this direction reads; lines are medians "
        "over validation examples, the band their quartiles. A straight fall is exponential.",
        terms=("gradient norm", "half-life", "Jacobian"),
    ),
    "metrics": RecordView(
        CURVES,
        "values",
        columns=("seconds",),
        draw=curves_pictures,
        reading="The first point is the untrained net. Training figures are averages while the net changed, "
        "validation figures are measured after it, as is train after; lines that part show overfitting.",
        terms=("accuracy", "loss", "overfitting"),
        last=False,
    ),
    "token_use": RecordView(
        TOKEN,
        "the trained net on some validation texts, with the token of their class where it stood in training, "
        "and without; shift: by which the tokens move the logit",
        reading="A net that goes by the token is right less often without it.",
        terms=("accuracy", "logit"),
    ),
    "positions": RecordView(
        "The token moved through the texts",
        "means over the texts by the token's relative position; the row without one: no token",
        columns=("position", "accuracy"),
        draw=positions_pictures,
        reading="Where a token counts, the accuracy with it is above that without, and the logit shifts. Of "
        "more than two labels the shift is that of the token's own label.",
        terms=("accuracy", "logit"),
    ),
    "similarity": RecordView(
        "Word vectors",
        "cosine of the word vectors",
        columns=("word1", "word2", "similarity"),
        draw=similarity_pictures,
        reading="Above 0 two vectors point the same way, below 0 opposite ways; with a zero "
        "vector it is written as 0 and not drawn.",
        terms=("cosine",),
    ),
    "pairs_summary": RecordView(
        PAIRS,
        "by suite",
        reading="Two texts that differ in one thing, and whether the net puts them in the right order. Low "
        "to high: 95 % interval of the share, ties left out; one that holds 0.5 decides nothing.",
        terms=("minimal pair", "95 % interval"),
    ),
    "pairs": RecordView(PAIRS, "pair by pair"),
    "scatter": RecordView(
        TASK,
        "true against predicted",
        columns=("true", "predicted"),
        draw=scatter_pictures,
        reading="The nearer to the line, the better the prediction.",
        terms=("loss",),
    ),
    "lengths": RecordView(
        TASK,
        "accuracy by length, also beyond those trained on",
        columns=("examples", "length", "acc", "low", "high", "trained"),
        draw=lengths_pictures,
        reading="In the grey are lengths that the net was not trained on.",
        terms=("accuracy", "95 % interval"),
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
    "series": RecordView(
        TASK, "the rows held out, true and predicted", columns=("row",), draw=series_pictures
    ),
    "forecast": RecordView(
        TASK,
        "what `rnnlab generate` found last, beside the truth",
        columns=("row",),
        draw=forecast_pictures,
        reading="From the first row on the net reads its own outputs; the dotted line is what it says where "
        "it reads the true rows. Errors that are read again grow.",
    ),
    "evaluation": RecordView(
        EVALUATION,
        "the net beside simple rules",
        reading="What `rnnlab evaluate` found last. Low to high: 95 % interval. Of the Brier score and the "
        "calibration error less is better.",
    ),
    "evaluation_classes": RecordView(EVALUATION, "precision, recall and F1 of each class"),
    "calibration": RecordView(
        EVALUATION,
        "how often the net is right by the probability of the class that it chooses",
        columns=("on", "above", "up_to", "count", "confidence", "right", "low", "high"),
        draw=calibration_pictures,
    ),
    "mcnemar": RecordView(EVALUATION, "beside another run on the same examples: McNemar's test"),
    "predictions": RecordView("Predictions", "the most confident ones, right and wrong"),
    "health": RecordView(
        "Health of the training",
        "every parameter",
        columns=("parameter", *MEASURES),
        draw=health_pictures,
        reading="Update / weight: how large a step is beside the weights that it changes; about a thousandth "
        "is usual.",
        terms=("gradient norm", "update ratio"),
        folded=True,
    ),
    "profile": RecordView(
        "Where the time went",
        "the parts of the run, each before what it consists of; share: of the total",
        folded=True,
    ),
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
