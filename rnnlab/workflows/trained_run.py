"""A finished run as a person holds it: its figures, its net, and all that can be asked of them."""

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from rnnlab.experiment.experiment import Experiment
from rnnlab.experiment.probe_input import probe_input_of, task_data_of
from rnnlab.experiment.restore import RestoredRun, Which, restore
from rnnlab.probes.base import ProbeInput
from rnnlab.runs.files import REPORT
from rnnlab.runs.finder import Run, find_run
from rnnlab.tasks.base import TaskData
from rnnlab.workflows.display import SILENT, Display
from rnnlab.workflows.evaluate import Evaluation, evaluate, keep
from rnnlab.workflows.mcnemar import SameExamples, keep_test, mcnemar_test


@dataclass(frozen=True, repr=False)
class TrainedRun(RestoredRun):
    """A finished run, to be asked: `.metrics`, `.model`, `.predict(texts)`, `.evaluate(split)` and so on.

    display: shows what takes long, as reading the data does; given: the data, where it is at hand.
    """

    display: Display = SILENT
    given: TaskData | None = None

    @property
    def name(self) -> str:
        """The folder's name; within a sweep, the sweep's name before it."""
        return self.run.name

    @property
    def folder(self) -> Path:
        """Where the run lies."""
        return self.run.folder

    @property
    def summary(self) -> dict[str, Any]:
        """What summary.json says: status, figures, versions, data, how to run it again."""
        return self.run.summary

    @property
    def best(self) -> float | None:
        """The figure that chose the best round, at its best; None if there was no round."""
        return (self.summary.get("best") or {}).get(str(self.summary.get("monitor")))

    @property
    def task_data(self) -> TaskData:
        """What the run was trained with, read when first asked for.

        Raises InputError if it is gone or other than it was.
        """
        if self.given is None:
            # The dataclass is frozen for its readers; what has been read once is kept.
            object.__setattr__(self, "given", task_data_of(self, track=self.display.track))
        assert self.given is not None
        return self.given

    @property
    def probe_input(self) -> ProbeInput:
        """What a probe looks at: the net beside its validation examples (else the training ones)."""
        return probe_input_of(self, self.task_data)

    def evaluate(self, split: str | None = None) -> dict[str, float]:
        """Returns the net's metrics on a split: train, valid (the default, where there is one) or test.

        Raises InputError for a split that the run has not.
        """
        return evaluate(self, split, display=self.display).metrics

    def evaluation(self, split: str | None = None, *, test: str | None = None) -> Evaluation:
        """Returns all that `rnnlab evaluate` shows, and keeps its tables in the run folder.

        `.scores`, `.by_class`, `.confusion` and `.calibration` are DataFrames. Raises InputError for a split
        that the run has not, or a file `test` that is none.
        """
        found = evaluate(self, split, test=test, display=self.display)
        keep(self, found)
        return found

    def mcnemar(
        self, other: "TrainedRun", split: str | None = None, *, test: str | None = None
    ) -> SameExamples:
        """Returns McNemar's test of this run and another: `.counts`, `.p`, `.sentence`; keeps its table.

        Raises InputError where their examples or labels are not the same.
        """
        found = mcnemar_test(self, other, split, test=test, display=self.display)
        keep_test(self, found)
        return found

    def probe(self, name: str, **settings: Any) -> pd.DataFrame:
        """Returns the table of a probe of configs/probe/NAME.yaml (or ./configs/probe/), and keeps it as CSV.

        Args:
            name: as in `rnnlab probe RUN NAME`.
            settings: what differs from the run's own, as in `examples=8`.

        Raises:
            InputError: there is no such probe or setting, or the probe makes no sense for the run.
        """
        from rnnlab.workflows.probe import probe_run

        return probe_run(self, self.probe_input, name, settings, display=self.display).table

    def report(self) -> Path:
        """Writes the run's figures and report.html anew; returns the page's path."""
        from rnnlab.reports.run_report import write_run_report

        write_run_report(self.folder)
        return self.folder / REPORT

    def __repr__(self) -> str:
        return f"<{self.run.folder}: {self.run.status}, {self.place}>"

    def _repr_html_(self) -> str:
        """Returns the run for a notebook, every text escaped."""
        final = pd.DataFrame([self.summary.get("final") or {}])
        title = f"{self.name}, {self.run.status}, {self.place}"
        table = final.to_html(index=False, border=0, na_rep="-", float_format="{:.4f}".format)
        return (
            f"<p><b>{escape(title)}</b><br><code>{escape(str(self.summary.get('command')))}</code></p>{table}"
        )


def load_run(name: str | Path, *, checkpoint: Which = "last", display: Display = SILENT) -> TrainedRun:
    """Returns the finished run of that path, folder name, unique prefix of one, or the `latest`.

    Raises InputError for a run that is missing, unfinished or broken.
    """
    restored = restore(find_run(str(name)), checkpoint=checkpoint)
    for note in restored.notes:
        display.note(note)
    return TrainedRun(**vars(restored), display=display)


def just_trained(experiment: Experiment, run: Run, *, epoch: int, display: Display = SILENT) -> TrainedRun:
    """Returns the run that has trained the experiment's model for so many rounds, nothing read again."""
    return TrainedRun(
        run=run,
        config=experiment.config,
        vocabulary=experiment.task_data.vocabulary,
        task=experiment.task,
        sizes=experiment.task_data.sizes,
        model=experiment.model.eval(),
        device=experiment.device,
        epoch=epoch,
        display=display,
        given=experiment.task_data,
    )
