"""A finished run's net on any split or file."""

from dataclasses import dataclass

import pandas as pd

from rnnlab.core.metrics import class_metrics
from rnnlab.data.labels import NEG_POS
from rnnlab.experiment.probe_input import examples_of
from rnnlab.experiment.restore import RestoredRun
from rnnlab.experiment.torch_settings import torch_settings
from rnnlab.training.loop import evaluate as measure
from rnnlab.workflows.display import SILENT, Display


@dataclass(frozen=True)
class Evaluation:
    """What a net reaches on examples.

    name: of their split, or their file; examples: how many there are; metrics: the net's, by name;
    baselines: what simple rules reach, by rule and metric; confusion: how many examples of a class (row) are
    called what (column), None where there are no classes to mix up; by_class: precision, recall and F1 (see
    `rnnlab.core.metrics.class_metrics`), None where there is only negative and positive.
    """

    name: str
    examples: int
    metrics: dict[str, float]
    baselines: dict[str, dict[str, float]]
    confusion: pd.DataFrame | None

    @property
    def by_class(self) -> pd.DataFrame | None:
        """Precision, recall and F1 of each class."""
        known = self.confusion is None or tuple(self.confusion) == NEG_POS
        return None if known else class_metrics(self.confusion)

    @property
    def table(self) -> pd.DataFrame:
        """The net and the rules, a row each, a column per metric."""
        rows = [self.metrics, *self.baselines.values()]
        return pd.DataFrame(rows, index=["net", *self.baselines], columns=list(self.metrics))


def evaluate(
    run: RestoredRun, split: str | None = None, *, test: str | None = None, display: Display = SILENT
) -> Evaluation:
    """Returns what a run's net reaches on one of its splits (by default `valid`), or on the file `test`.

    Training and validation texts get the run's inserted tokens; those of a file, and of `test`, get none.
    Raises InputError for a split that the run has not, or a file that is none.
    """
    name, examples, notes = examples_of(run, split, test=test, track=display.track)
    for note in notes:
        display.note(note)
    with torch_settings(run.config):
        metrics = measure(run.model, run.task, examples, device=run.device)
        confusion = run.task.confusion(run.predict_fn, examples, run.classes)
    baselines: dict[str, dict[str, float]] = {}
    for metric, rules in run.run.summary.get("baselines", {}).items():
        for rule, value in rules.items():
            baselines.setdefault(rule, {})[metric] = value
    return Evaluation(name, len(examples), metrics, baselines, confusion)
