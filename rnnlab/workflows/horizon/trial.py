"""Single trials of `rnnlab horizon`: what `rnnlab train` does, without a run folder."""

import math
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from rnnlab.core.errors import DivergenceError, InputError
from rnnlab.core.metrics import improves
from rnnlab.experiment.experiment import Experiment, prepare
from rnnlab.experiment.job import Job
from rnnlab.experiment.job_folder import discard
from rnnlab.experiment.schema import Config
from rnnlab.tasks.base import Task
from rnnlab.training.callbacks import Callback, StopTraining
from rnnlab.training.loop import EpochRow
from rnnlab.workflows.display import SILENT
from rnnlab.workflows.fit import fit_experiment
from rnnlab.workflows.horizon.schedule import Outcome, figures_of
from rnnlab.workflows.sweep_job import NotDone, Rules, Worked, do_job


@dataclass(frozen=True)
class Goal:
    """What counts as having learned: a validation loss below a fraction of the baseline, or an accuracy.

    fraction: of the smallest loss that the task's simple rules reach; accuracy: if given, this counts alone.
    """

    fraction: float
    accuracy: float | None = None

    @property
    def metric(self) -> str:
        """The validation metric that is compared."""
        return "loss" if self.accuracy is None else "acc"

    @property
    def text(self) -> str:
        """What is asked, in words."""
        if self.accuracy is not None:
            return f"validation accuracy ≥ {self.accuracy:g}"
        return f"validation loss < {self.fraction:g} × baseline"

    def reached(self, value: float, experiment: Experiment) -> bool:
        """Returns whether a net whose metric is `value` has learned the task."""
        if self.accuracy is not None:
            return value >= self.accuracy
        return value < self.fraction * min(experiment.task_data.baselines["loss"].values())

    def check(self, task: Task) -> None:
        """Raises InputError for a task that has no such measure."""
        if not task.draws_examples:
            raise InputError(f"task={task.name}: has no examples of any length; choose one that draws them")
        if self.accuracy is not None and "acc" not in task.metrics:
            raise InputError(f"--accuracy: task={task.name} measures only {', '.join(task.metrics)}")
        if self.accuracy is None and not task.baselines.get("loss"):
            raise InputError(f"--criterion: task={task.name} has no baseline of its loss; give --accuracy")


class _UntilLearned(Callback):
    """Ends a training at its first success."""

    def __init__(self, goal: Goal, experiment: Experiment) -> None:
        self._goal, self._experiment = goal, experiment
        self.best: float | None = None
        self.steps, self.success = 0, False

    def on_row(self, row: EpochRow) -> None:
        """Compares the round's figure with the goal."""
        self.steps, value = row.place, row.valid[self._goal.metric]
        self.best = value if improves(self._goal.metric, value, self.best) else self.best
        self.success = self._goal.reached(value, self._experiment)
        if self.success:
            raise StopTraining


def run_trial(config: Config, goal: Goal) -> Outcome:
    """Trains as `rnnlab train` until the goal is reached."""
    experiment = prepare(config, track=SILENT.track)
    start = time.perf_counter()
    trial = _UntilLearned(goal, experiment)
    with suppress(DivergenceError):  # the figures before it count: a goal reached would have ended it
        fit_experiment(experiment, [trial])
    best = math.nan if trial.best is None else trial.best
    return Outcome(trial.success, trial.steps, best, round(time.perf_counter() - start, 3))


def work(goal: Goal, rules: Rules, job: Job) -> Any:
    """Makes a trial, in whichever process; of one that has an outcome the journal alone is left."""
    done = do_job(job, rules, lambda job, _: Worked(None, figures_of(run_trial(job.config, goal))))
    if not isinstance(done, NotDone):
        discard(job.folder)
    return done
