"""Tables and curves of the reproduced course, over its seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from rnnlab.reports.blocks import Block, Picture, Table
from rnnlab.reports.curve_figure import draw_curves
from rnnlab.reports.records import Records
from rnnlab.runs import files

METRICS = ("train_acc", "train_loss", "valid_acc", "valid_loss")


@dataclass(frozen=True)
class Course:
    """All runs of the course by preset, a run a seed, and the gradient tables of untrained nets."""

    runs: dict[str, list[Records]]
    gradients: pd.DataFrame

    @property
    def seeds(self) -> int:
        """How often every preset was run."""
        return len(next(iter(self.runs.values())))


def results(course: Course, presets: Sequence[str]) -> Table:
    """Returns the metrics of each preset's last epoch, averaged over seeds."""
    rows = []
    for preset in presets:
        runs = course.runs[preset]
        last = [run.metrics.iloc[-1] for run in runs]
        rows.append(
            [
                preset,
                str(int(last[0]["epoch"])),
                *(spread([float(row[name]) for row in last]) for name in METRICS),
                spread([float(run.metrics["seconds"][1:].mean()) for run in runs], digits=2),
                f"{runs[0].summary['parameters']['trainable']:,}",
            ]
        )
    header = [
        "preset",
        "epochs",
        *(name.replace("_", " ") for name in METRICS),
        "seconds per epoch",
        "trainable parameters",
    ]
    return Table(header, rows)


def curves(course: Course, presets: Sequence[str]) -> list[Block]:
    """Returns accuracy and loss against the epoch; of several seeds, the mean with its range as a band."""
    runs = {preset: [run.metrics for run in course.runs[preset]] for preset in presets}
    return [Picture("curves", "Learning curves", draw_curves(runs))]


def similarity(course: Course, presets: Sequence[str]) -> Table:
    """Returns cosines of word pairs after the last epoch, a column per preset."""
    tables = {}
    for preset in presets:
        found = [run.table(files.SIMILARITY) for run in course.runs[preset]]
        last = [
            t[t["epoch"] == t["epoch"].max()].set_index(["word1", "word2"])["similarity"]
            for t in found
            if t is not None
        ]
        joined = pd.concat(last, axis=1)
        tables[preset] = [spread(row.astype(float).tolist()) for _, row in joined.iterrows()]
        pairs = list(joined.index)
    rows = [[*pair, *(tables[preset][i] for preset in presets)] for i, pair in enumerate(pairs)]
    return Table(
        ["word1", "word2", *presets],
        rows,
        "Cosine of word vectors after the last epoch; empty: a zero vector",
    )


def gradients(course: Course, models: Sequence[str]) -> list[Block]:
    """Returns the gradient of the loss at the inserted tokens by position, untrained nets, over seeds."""
    chosen = course.gradients[course.gradients["model"].isin(models)]
    keys = [name for name in ("model", "position", "token") if name in chosen]
    values = [str(name) for name in chosen if name not in {*keys, "seed"}]
    rows = [
        [*map(str, key), *(spread(part[name].astype(float).tolist(), digits=None) for name in values)]
        for key, part in chosen.groupby(keys, sort=False)
    ]
    header = [*keys, *map(heading, values)]
    caption = (
        "Untrained nets: sum over mini-batches of 8 of the gradient of their mean loss, all validation texts"
    )
    return [Table(header, rows, caption)]


def heading(column: str) -> str:
    """Returns a column of a table of gradients in words, as in `<newneg> norm`."""
    if column.endswith("_norm"):
        return f"<{column.removesuffix('_norm')}> norm"
    return column.replace("_", " ")


def texts(course: Course, presets: Sequence[str]) -> Table:
    """Returns the probability of `pos` that each preset's net gives to the course's texts.

    Of labels of one's own that of each, in a row of its own.
    """
    tables = {preset: [run.table(files.TEXTS) for run in course.runs[preset]] for preset in presets}
    first = tables[presets[0]][0]
    assert first is not None
    shares = [str(name) for name in first if str(name).startswith("P(")]
    rows = [
        [
            str(first["question"][i]),
            str(first["Input text"][i]),
            *([share] if shares else []),
            *(spread([float(t[share][i]) for t in tables[preset] if t is not None]) for preset in presets),
        ]
        for i in range(len(first))
        for share in shares or ["Classifier probability"]
    ]
    if shares:
        return Table(["question", "text", "probability", *presets], rows, "Probability of each label")
    return Table(["question", "text", *presets], rows, "Probability of positive")


def spread(values: Sequence[float], digits: int | None = 4) -> str:
    """Returns the mean of the values, with ± their standard deviation if there are several; '' if all NaN."""
    column = pd.Series(values, dtype=float).dropna()
    if column.empty:
        return ""
    form = ".3g" if digits is None else f".{digits}f"
    mean = format(column.mean(), form)
    return f"{mean} ± {format(column.std(), form)}" if len(column) > 1 else mean
