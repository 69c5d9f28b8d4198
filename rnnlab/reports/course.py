"""The report of the reproduced course: three activities, question by question, with their figures."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from rnnlab.core.errors import InputError
from rnnlab.reports.blocks import Block, Paragraph, Section, Table
from rnnlab.reports.course_tables import Course, curves, gradients, results, similarity, spread, texts
from rnnlab.reports.page import write_page
from rnnlab.reports.records import read_records, read_table
from rnnlab.runs import files

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


def write_course_report(root: Path, seeds: int) -> None:
    """Writes `root/report.html` from the run folders below `root`."""
    runs = {
        preset: [read_records(root / f"{preset}-seed{seed}") for seed in range(1, seeds + 1)]
        for preset in PRESETS
    }
    gradients = read_table(root / files.GRADIENTS)
    if gradients is None:
        raise InputError(f"{root / 'gradients.csv'}: holds no rows")
    course = Course(runs, gradients)
    title = "The course, reproduced"
    write_page(root / files.REPORT, f"rnnlab: {title}", sections(course))


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
    return Section("All runs, last epoch", [Paragraph(note), results(course, PRESETS)])


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
                results(course, ["rnn", "boe"]),
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
            [results(course, ["rnn", "rnn-unfrozen"]), *curves(course, ["rnn", "rnn-unfrozen"])],
        ),
        Section(
            "Activity 2, question 2: the token at the start, with vectors that can learn and that cannot",
            [results(course, ["start", "start-frozen"]), *curves(course, ["start", "start-frozen"])],
        ),
        Section(
            "Activity 2, question 3: after start, then end: what have the tokens' vectors become?",
            [similarity(course, ["start", "end"])],
        ),
        Section(
            "Activity 2, question 4: accuracy and loss with the token at the end",
            [results(course, ["end"]), *curves(course, ["end", "start"])],
        ),
        Section(
            "Activity 2, question 5: how large are the gradients by position, how do the two relate?",
            [*gradients(course, ["rnn"])],
        ),
        Section(
            "Activity 2, question 6: is the middle better than the start, in vectors and in figures?",
            [results(course, ["middle", "start"]), similarity(course, ["middle", "start"])],
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
        blocks: list[Block] = [
            results(course, presets),
            *curves(course, presets),
            similarity(course, presets),
        ]
        if presets[0] == "birnn-start":
            blocks += gradients(course, ["rnn", "birnn"])
        if presets[0] == "lstm-start-adam":
            blocks += gradients(course, ["rnn", "lstm"])
            blocks.append(Paragraph(_price_of_lstm(course)))
        made.append(Section(f"Activity 3, question {number}: {title}", blocks))
    return made


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
        f"What the LSTM costs: {parameters:.2f} times the trainable parameters and {seconds:.2f} times the "
        f"seconds per epoch of the RNN; gap between training and validation accuracy "
        f"{_gap(course, pair[0])} against {_gap(course, pair[1])}."
    )


def _how(course: Course) -> Section:
    blocks: list[Block] = [
        Paragraph(str(course.runs[preset][0].summary.get("command")), code=True) for preset in PRESETS
    ]
    facts = course.runs[PRESETS[0]][0].summary
    rows = [[name, str(value)] for name, value in facts.get("versions", {}).items()]
    rows += [[f"data: {name}", str(file.get("path"))] for name, file in facts.get("data", {}).items()]
    return Section("To run each again", [*blocks, Table(["fact", "value"], rows)], folded=True)
