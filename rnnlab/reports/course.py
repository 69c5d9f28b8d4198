"""The report of the reproduced course: three activities, question by question, with their figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from rnnlab.core.errors import InputError
from rnnlab.reports.blocks import Chart, Grid, Paragraph, Section, Series
from rnnlab.reports.page import write_page
from rnnlab.reports.records import Records, read_records, read_table

PRESETS = (
    "boe",
    "rnn",
    "rnn-unfrozen",
    "start-frozen",
    "start",
    "end",
    "middle",
    "middle-bigger",
    "start-adam",
    "birnn-start",
    "birnn-middle",
    "birnn-start-adam",
    "lstm-start-adam",
)


@dataclass(frozen=True)
class Course:
    """All runs of the course by preset, a run a seed, and the gradient tables of untrained nets."""

    runs: dict[str, list[Records]]
    gradients: pd.DataFrame

    @property
    def seeds(self) -> int:
        """How often every preset was run."""
        return len(next(iter(self.runs.values())))


def write_course_report(root: Path, seeds: int) -> None:
    """Writes `root/report.html` from the run folders below `root`."""
    runs = {
        preset: [read_records(root / f"{preset}-seed{seed}") for seed in range(1, seeds + 1)]
        for preset in PRESETS
    }
    gradients = read_table(root / "gradients.csv")
    if gradients is None:
        raise InputError(f"{root / 'gradients.csv'}: holds no rows")
    course = Course(runs, gradients)
    title = "The course, reproduced"
    write_page(root / "report.html", f"rnnlab: {title}", sections(course))


def sections(course: Course) -> list[Section]:
    """Returns the report's sections: an overview, then each activity's questions."""
    return [_overview(course), *_first(course), *_second(course), *_third(course), _how(course)]


def _overview(course: Course) -> Section:
    note = (
        f"Every figure is a mean ± standard deviation over {course.seeds} seeds (same data, other initial "
        "parameters and order)."
        if course.seeds > 1
        else "One seed; --seeds 3 repeats every run and gives mean ± standard deviation."
    )
    return Section("All runs, last epoch", [Paragraph(note), figures(course, PRESETS)])


def _first(course: Course) -> list[Section]:
    gap = {preset: _gap(course, preset) for preset in ("rnn", "boe")}
    return [
        Section(
            "Activity 1, question 1: how do accuracy and loss of the RNN move over its epochs?",
            [
                *curves(course, ["rnn"]),
                Paragraph(f"Training accuracy ends {gap['rnn']} above validation accuracy."),
            ],
        ),
        Section(
            "Activity 1, question 2: how do RNN and BoE differ, on training, on validation, in time?",
            [
                figures(course, ["rnn", "boe"]),
                *curves(course, ["rnn", "boe"]),
                Paragraph(
                    f"Gap between training and validation accuracy: RNN {gap['rnn']}, BoE {gap['boe']}."
                ),
            ],
        ),
        Section(
            "Activity 1, questions 3 to 5: what do both make of word order?",
            [
                Paragraph(
                    "A text that turns from liking to dislike and its mirror image (the same words in "
                    "another order), the same with an intensifier on the early or on the late verb, and with "
                    "the late clause said first. BoE sees a bag: the same words give the same probability."
                ),
                texts(course, ["boe", "rnn", "rnn-unfrozen"]),
            ],
        ),
    ]


def _second(course: Course) -> list[Section]:
    return [
        Section(
            "Activity 2, question 1: what does fine-tuning the word vectors change, and when?",
            [figures(course, ["rnn", "rnn-unfrozen"]), *curves(course, ["rnn", "rnn-unfrozen"])],
        ),
        Section(
            "Activity 2, question 2: the token at the start, with vectors that can learn and that cannot",
            [figures(course, ["start", "start-frozen"]), *curves(course, ["start", "start-frozen"])],
        ),
        Section(
            "Activity 2, question 3: after start, then end: what have the tokens' vectors become?",
            [similarity(course, ["start", "end"])],
        ),
        Section(
            "Activity 2, question 4: accuracy and loss with the token at the end",
            [figures(course, ["end"]), *curves(course, ["end", "start"])],
        ),
        Section(
            "Activity 2, question 5: how large are the gradients by position, how do the two relate?",
            [*gradients(course, ["rnn"])],
        ),
        Section(
            "Activity 2, question 6: is the middle better than the start, in vectors and in figures?",
            [figures(course, ["middle", "start"]), similarity(course, ["middle", "start"])],
        ),
    ]


def _third(course: Course) -> list[Section]:
    plan: list[tuple[str, Sequence[str]]] = [
        ("a bigger state", ("middle-bigger", "middle")),
        ("Adam against SGD at the start", ("start-adam", "start")),
        ("a BiRNN at the start", ("birnn-start", "start")),
        ("a BiRNN at the middle", ("birnn-middle", "middle")),
        ("a BiRNN with Adam", ("birnn-start-adam", "start-adam")),
        ("LSTM against RNN, both with Adam, at the start", ("lstm-start-adam", "start-adam")),
    ]
    made = []
    for number, (title, presets) in enumerate(plan, start=1):
        blocks: list[Any] = [figures(course, presets), *curves(course, presets), similarity(course, presets)]
        if presets[0] == "birnn-start":
            blocks += gradients(course, ["rnn", "birnn"])
        if presets[0] == "lstm-start-adam":
            blocks += gradients(course, ["rnn", "lstm"])
            blocks.append(Paragraph(_price_of_lstm(course)))
        made.append(Section(f"Activity 3, question {number}: {title}", blocks))
    return made


def figures(course: Course, presets: Sequence[str]) -> Grid:
    """Returns the figures of each preset's last epoch, averaged over seeds."""
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
        "seconds an epoch",
        "trained numbers",
    ]
    return Grid(header, rows)


METRICS = ("train_acc", "train_loss", "valid_acc", "valid_loss")


def curves(course: Course, presets: Sequence[str]) -> list[Chart]:
    """Returns accuracy and loss against the epoch; of several seeds, the mean with its range as a band."""
    charts = []
    for metric, unit, limits in (
        ("acc", "accuracy (share of texts)", (0.4, 1.0)),
        ("loss", "loss (nats a text)", None),
    ):
        series = []
        for preset in presets:
            for split in ("train", "valid"):
                table = pd.concat(
                    [run.metrics.set_index("epoch")[f"{split}_{metric}"] for run in course.runs[preset]],
                    axis=1,
                )
                band = (table.min(axis=1).tolist(), table.max(axis=1).tolist()) if course.seeds > 1 else None
                series.append(
                    Series(f"{preset}: {split}", table.index.tolist(), table.mean(axis=1).tolist(), band)
                )
        charts.append(Chart(metric, "epoch", unit, series, y_range=limits))
    return charts


def similarity(course: Course, presets: Sequence[str]) -> Grid:
    """Returns cosines of word pairs after the last epoch, a column a preset."""
    tables = {}
    for preset in presets:
        found = [run.table("similarity.csv") for run in course.runs[preset]]
        last = [
            t[t["epoch"] == t["epoch"].max()].set_index(["word1", "word2"])["similarity"]
            for t in found
            if t is not None
        ]
        joined = pd.concat(last, axis=1)
        tables[preset] = [spread(row.astype(float).tolist()) for _, row in joined.iterrows()]
        pairs = list(joined.index)
    rows = [[*pair, *(tables[preset][i] for preset in presets)] for i, pair in enumerate(pairs)]
    return Grid(
        ["word1", "word2", *presets],
        rows,
        "Cosine of word vectors after the last epoch; empty: a zero vector",
    )


def gradients(course: Course, models: Sequence[str]) -> list[Any]:
    """Returns the gradient of the loss at the inserted tokens by position, untrained nets, over seeds."""
    chosen = course.gradients[course.gradients["model"].isin(models)]
    rows = [
        [
            str(model),
            str(position),
            *(spread(part[name].astype(float).tolist(), digits=None) for name in NORMS),
        ]
        for (model, position), part in chosen.groupby(["model", "position"], sort=False)
    ]
    header = ["model", "position", "<newneg> norm", "<newpos> norm", "cosine", "ratio to end"]
    caption = (
        "Untrained nets: sum over mini-batches of 8 of the gradient of their mean loss, all validation texts"
    )
    return [Grid(header, rows, caption)]


NORMS = ("newneg_norm", "newpos_norm", "cosine", "ratio_to_end")


def texts(course: Course, presets: Sequence[str]) -> Grid:
    """Returns the probability of `pos` that each preset's net gives to the course's texts."""
    tables = {preset: [run.table("texts.csv") for run in course.runs[preset]] for preset in presets}
    first = tables[presets[0]][0]
    assert first is not None
    rows = [
        [
            str(first["question"][i]),
            str(first["Input text"][i]),
            *(
                spread([float(t["Classifier probability"][i]) for t in tables[preset] if t is not None])
                for preset in presets
            ),
        ]
        for i in range(len(first))
    ]
    return Grid(["question", "text", *presets], rows, "Probability of positive")


def spread(values: Sequence[float], digits: int | None = 4) -> str:
    """Returns the mean of the values, with ± their standard deviation if there are several; '' if all NaN."""
    column = pd.Series(values, dtype=float).dropna()
    if column.empty:
        return ""
    form = ".3g" if digits is None else f".{digits}f"
    mean = format(column.mean(), form)
    return f"{mean} ± {format(column.std(), form)}" if len(column) > 1 else mean


def _gap(course: Course, preset: str) -> str:
    last = [run.metrics.iloc[-1] for run in course.runs[preset]]
    return spread([float(row["train_acc"] - row["valid_acc"]) for row in last], digits=3)


def _price_of_lstm(course: Course) -> str:
    def mean(preset: str, value: str) -> float:
        runs = course.runs[preset]
        if value == "parameters":
            return float(runs[0].summary["parameters"]["trainable"])
        return float(pd.Series([run.metrics["seconds"][1:].mean() for run in runs]).mean())

    pair = ("lstm-start-adam", "start-adam")
    parameters, seconds = (mean(pair[0], v) / mean(pair[1], v) for v in ("parameters", "seconds"))
    return (
        f"What the LSTM costs: {parameters:.2f} times the trained numbers and {seconds:.2f} times the "
        f"seconds an epoch of the RNN; gap between training and validation accuracy "
        f"{_gap(course, pair[0])} against {_gap(course, pair[1])}."
    )


def _how(course: Course) -> Section:
    blocks: list[Any] = [
        Paragraph(str(course.runs[preset][0].summary.get("command")), code=True) for preset in PRESETS
    ]
    facts = course.runs[PRESETS[0]][0].summary
    rows = [[name, str(value)] for name, value in facts.get("versions", {}).items()]
    rows += [[f"data: {name}", str(file.get("path"))] for name, file in facts.get("data", {}).items()]
    return Section("To run each again", [*blocks, Grid(["fact", "value"], rows)], folded=True)
