"""A finished run's net on any split or file."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from rnnlab.core.intervals import wilson
from rnnlab.core.metrics import MACRO, class_metrics, confusion_counts
from rnnlab.core.scores import (
    brier_score,
    calibration,
    class_auc,
    class_shares,
    expected_calibration_error,
)
from rnnlab.experiment.probe_input import examples_of
from rnnlab.experiment.restore import RestoredRun
from rnnlab.experiment.torch_settings import torch_settings
from rnnlab.tasks.answers import ClassAnswers
from rnnlab.training.loop import evaluate as measure
from rnnlab.workflows.display import SILENT, Display
from rnnlab.workflows.probe import save

SHARES = "each class as often as it occurs"


@dataclass(frozen=True)
class Evaluation:
    """What a net reaches on examples.

    name: of their split, or their file; examples: how many there are; unit: what figures are averages over;
    metrics: the net's, by name; baselines: what simple rules reach, by rule and metric; answers: which class
    the net gives every unit, None where it answers with numbers.
    """

    name: str
    examples: int
    unit: str
    metrics: dict[str, float]
    baselines: dict[str, dict[str, float]]
    answers: ClassAnswers | None

    @property
    def table(self) -> pd.DataFrame:
        """The net and the rules, a row each, a column per metric."""
        rows = [self.metrics, *self.baselines.values()]
        return pd.DataFrame(rows, index=["net", *self.baselines], columns=list(self.metrics))

    @property
    def confusion(self) -> pd.DataFrame | None:
        """How many units of a class (row) are called what (column)."""
        return None if self.answers is None else self.answers.confusion

    @property
    def by_class(self) -> pd.DataFrame | None:
        """Precision, recall and F1 of each class; see `rnnlab.core.metrics.class_metrics`."""
        if self.confusion is None:
            return None
        return class_metrics(self.confusion).rename(columns={"texts": self.unit})

    @cached_property
    def calibration(self) -> pd.DataFrame | None:
        """How often the net is right that is so confident (see `rnnlab.core.scores.calibration`)."""
        if self.answers is None:
            return None
        return calibration(self.answers.probabilities.max(axis=1), self.answers.right)

    @property
    def scores(self) -> pd.DataFrame | None:
        """Accuracy, F1, ROC-AUC, Brier score and calibration error, a row each, beside a simple rule.

        Columns: measure, net, low, high (95 % interval of the accuracy, Wilson 1927), rule, by_rule. NaN for
        an AUC where all units are of one class, which is undefined.
        """
        return None if self.answers is None else _scores(self.answers, self.calibration)

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """`evaluation` (the scores), `evaluation_classes` and `calibration`, each with a column `on`."""
        found = {
            "evaluation": self.scores,
            "evaluation_classes": self.by_class,
            "calibration": self.calibration,
        }
        tables = {name: table.copy() for name, table in found.items() if table is not None}
        for table in tables.values():
            table.insert(0, "on", self.name)
        return tables


def evaluate(
    run: RestoredRun, split: str | None = None, *, test: str | None = None, display: Display = SILENT
) -> Evaluation:
    """Returns what a run's net reaches on one of its splits (by default `valid`), or on the file `test`.

    Training and validation texts get the run's inserted tokens; those of a file, and of `test`, get none.
    Raises InputError for a split that the run has not, or a file that is none.
    """
    name, examples, notes, _ = examples_of(run, split, test=test, track=display.track)
    for note in notes:
        display.note(note)
    with torch_settings(run.config):
        metrics = measure(run.model, run.task, examples, device=run.device)
        answers = run.task.class_answers(run.predict_fn, examples, run.classes)
    baselines: dict[str, dict[str, float]] = {}
    for metric, rules in run.run.summary.get("baselines", {}).items():
        for rule, value in rules.items():
            baselines.setdefault(rule, {})[metric] = value
    return Evaluation(name, len(examples), run.task.unit, metrics, baselines, answers)


def keep(run: RestoredRun, found: Evaluation) -> list[Path]:
    """Writes an evaluation's tables and its calibration figure into the run folder, for `report` to show.

    Returns their paths, none of a net that answers with numbers. They replace those of an evaluation before.
    """
    paths = []
    for name, table in found.tables.items():
        saved = save(name, table, run.run.folder, run.config)
        paths += [saved.path, *saved.figures]
    return paths


def _scores(answers: ClassAnswers, bins: pd.DataFrame | None) -> pd.DataFrame:
    assert bins is not None
    targets, classes, units = answers.targets, answers.classes, len(answers.targets)
    shares = class_shares(targets, len(classes))
    majority = int(shares.argmax())
    always = confusion_counts(targets, np.full(units, majority), classes)
    net, simple = (class_metrics(counts).set_index("label")["f1"] for counts in (answers.confusion, always))
    rule, auc = f"always {classes[majority]}", "ROC-AUC"
    if len(classes) > 2:
        auc += ", mean of each class against the rest"
    if shares[majority] == 1:
        auc += f" (undefined: all are {classes[majority]})"
    chances, as_often = answers.probabilities, np.tile(shares, (units, 1))
    rows: list[tuple[object, ...]] = [
        ("accuracy", answers.right.mean(), rule, shares[majority]),
        *([("F1, " + classes[1], net[classes[1]], rule, simple[classes[1]])] if len(classes) == 2 else []),
        ("F1, " + MACRO, net[MACRO], rule, simple[MACRO]),
        (auc, class_auc(chances, targets), "guessing", 0.5),
        ("Brier score", brier_score(chances, targets), SHARES, brier_score(as_often, targets)),
        ("expected calibration error", expected_calibration_error(bins), None, None),
    ]
    table = pd.DataFrame(rows, columns=["measure", "net", "rule", "by_rule"])
    interval = wilson(int(answers.right.sum()), units)
    for place, (name, end) in enumerate(zip(("low", "high"), interval, strict=True), start=2):
        table.insert(place, name, [end, *[np.nan] * (len(table) - 1)])
    return table
