"""Two runs' nets on the same examples: can their choices be told apart?"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from rnnlab.core.errors import InputError
from rnnlab.core.intervals import wilson
from rnnlab.core.scores import SIGNIFICANT, mcnemar
from rnnlab.experiment.probe_input import examples_of
from rnnlab.experiment.restore import RestoredRun
from rnnlab.experiment.torch_settings import torch_settings
from rnnlab.tasks.answers import ClassAnswers
from rnnlab.workflows.display import SILENT, Display
from rnnlab.workflows.probe import save


@dataclass(frozen=True)
class SameExamples:
    """McNemar's test of two runs, `one` and `other` by name.

    on: the split or file; counts: how many `unit` either has right or wrong (rows of one, columns of the
    other); test, p: see `rnnlab.core.scores.mcnemar`; steps: whether units are steps of sequences.
    """

    one: str
    other: str
    on: str
    unit: str
    counts: pd.DataFrame
    test: str
    p: float
    steps: bool

    @property
    def told_apart(self) -> bool:
        """Whether counts so uneven would be a chance of less than one in twenty."""
        return self.p < SIGNIFICANT

    @property
    def accuracies(self) -> pd.DataFrame:
        """A row per run: run, accuracy, low, high (95 % interval, Wilson 1927)."""
        both, units = int(self.counts.iloc[0, 0]), int(self.counts.to_numpy().sum())
        rows = []
        for name, alone in ((self.one, self.counts.iloc[0, 1]), (self.other, self.counts.iloc[1, 0])):
            rows.append((name, (both + int(alone)) / units, *wilson(both + int(alone), units)))
        return pd.DataFrame(rows, columns=["run", "accuracy", "low", "high"])

    @property
    def sentence(self) -> str:
        """What the test says, for a person."""
        only_one, only_other = int(self.counts.iloc[0, 1]), int(self.counts.iloc[1, 0])
        found = (
            f"{self.one} alone has {only_one:,} {self.unit} right, {self.other} alone {only_other:,}; "
            f"McNemar's {self.test}: p = {self.p:.2g}"
        )
        if not self.told_apart:
            return f"{found}. The two are not told apart: such a difference may be chance."
        better = self.one if only_one > only_other else self.other
        return f"{found}. The two are told apart: {better} is right more often."

    @property
    def table(self) -> pd.DataFrame:
        """All of that as one row."""
        (both, only_one), (only_other, neither) = self.counts.to_numpy().tolist()
        row = {"run": self.one, "other": self.other, "on": self.on, "both_right": both, "only_run": only_one}
        row |= {"only_other": only_other, "both_wrong": neither, "test": self.test, "p": self.p}
        return pd.DataFrame([row | {"told_apart": self.told_apart}])


def mcnemar_test(
    run: RestoredRun,
    other: RestoredRun,
    split: str | None = None,
    *,
    test: str | None = None,
    display: Display = SILENT,
) -> SameExamples:
    """Returns McNemar's test of two runs on one of their splits (by default `valid`), or on the file `test`.

    Raises InputError where their examples or labels are not the same, or their nets answer with numbers.
    """
    answers = []
    given = [examples_of(one, split, test=test, track=display.track) for one in (run, other)]
    for one, (_, examples, notes, _) in zip((run, other), given, strict=True):
        for note in notes:
            display.note(note)
        with torch_settings(one.config):
            found = one.task.class_answers(one.predict_fn, examples, one.classes)
        if found is None:
            raise InputError(
                f"{one.run.name}: McNemar's test compares choices of a class; task={one.task.name} has none"
            )
        answers.append(found)
    if given[0].fingerprint != given[1].fingerprint or not _same_targets(*answers):
        raise InputError(
            f"{run.run.name} and {other.run.name}: have other examples or labels in {given[0].name} and so "
            "cannot be compared; give both the same file with data.test=PATH"
        )
    right, others = (pd.Series(found.right) for found in answers)
    counts = [[int((right & others).sum()), int((right & ~others).sum())]]
    counts += [[int((~right & others).sum()), int((~right & ~others).sum())]]
    name, p = mcnemar(counts[0][1], counts[1][0])
    return SameExamples(
        one=run.run.name,
        other=other.run.name,
        on=given[0].name,
        unit=run.task.unit,
        counts=pd.DataFrame(counts, ["right", "wrong"], ["right", "wrong"]),
        test=name,
        p=p,
        steps=run.sizes.every_step,
    )


def keep_test(run: RestoredRun, found: SameExamples) -> Path:
    """Writes the test's table into the run's folder, where `report` finds it; returns its path."""
    return save("mcnemar", found.table, run.run.folder, run.config).path


def _same_targets(one: ClassAnswers, other: ClassAnswers) -> bool:
    return one.classes == other.classes and np.array_equal(one.targets, other.targets)
