"""Single trials of `rnnlab horizon`: what `rnnlab train` does, in processes of their own, without files."""

import math
import os
import signal
import threading
import time
from dataclasses import dataclass
from itertools import islice
from multiprocessing import parent_process
from multiprocessing.synchronize import Event

from rnnlab.core.errors import DivergenceError, InputError
from rnnlab.core.metrics import improves
from rnnlab.experiment.build import build_state
from rnnlab.experiment.compose import checked, compose_config
from rnnlab.experiment.experiment import Experiment, prepare
from rnnlab.tasks.base import Task
from rnnlab.tasks.drawn import DrawnTask
from rnnlab.terminal.display import track_texts
from rnnlab.training.loop import evaluate, fit, train_epoch
from rnnlab.workflows.horizon.schedule import Outcome

TIMED_STEPS = 10
_stop: Event | None = None


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
        if not isinstance(task, DrawnTask):
            raise InputError(f"task={task.name}: has no examples of any length; choose one that draws them")
        if self.accuracy is not None and "acc" not in task.metrics:
            raise InputError(f"--accuracy: task={task.name} measures only {', '.join(task.metrics)}")
        if self.accuracy is None and not task.baselines.get("loss"):
            raise InputError(f"--criterion: task={task.name} has no baseline of its loss; give --accuracy")


def begin_worker(stop: Event) -> None:
    """Prepares a process for trials: Ctrl-C is the parent's, who sets `stop`, and with whom it ends."""
    global _stop
    _stop = stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()


def _end_with_the_parent() -> None:
    """Waits for the end of the parent, which if killed can tell its workers nothing."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def run_trial(words: list[str], goal: Goal) -> Outcome | None:
    """Trains as `rnnlab train WORDS…` until the goal is reached; None if it was stopped before its end."""
    experiment = prepare(checked(compose_config(words)), track=track_texts)
    start, steps, success = time.perf_counter(), 0, False
    best: float | None = None
    try:
        for row in fit(
            build_state(experiment.config, experiment.model),
            experiment.task,
            experiment.plan,
            experiment.task_data.splits["valid"],
            device=experiment.device,
            monitor=experiment.monitor,
            patience=experiment.config.training.patience,
            clip_norm=experiment.config.training.clip_norm,
        ):
            steps, value = row.place, row.valid[goal.metric]
            best = value if improves(goal.metric, value, best) else best
            success = goal.reached(value, experiment)
            if success:
                break
            if _stop is not None and _stop.is_set():
                return None
    except DivergenceError:
        success = False
    return Outcome(success, steps, math.nan if best is None else best, round(time.perf_counter() - start, 3))


def estimate(words: list[str]) -> float:
    """Returns the seconds that a trial will take at most, timed on a few steps and one validation."""
    experiment = prepare(checked(compose_config(words)), track=track_texts)
    plan, config = experiment.plan, experiment.config
    state = build_state(config, experiment.model)

    def train(steps: int) -> float:
        begin = time.perf_counter()
        batches = islice(plan.batches(1), steps)
        train_epoch(
            state, experiment.task, batches, device=experiment.device, clip_norm=config.training.clip_norm
        )
        return time.perf_counter() - begin

    try:
        first = train(1)  # draws, allocates and compiles what later steps find ready
        seconds = max(train(1 + TIMED_STEPS) - first, 0) / TIMED_STEPS
    except DivergenceError:
        return 0.0  # the trial will end as soon
    begin = time.perf_counter()
    evaluate(
        experiment.model, experiment.task, experiment.task_data.splits["valid"], device=experiment.device
    )
    validation = time.perf_counter() - begin
    return plan.place(plan.rounds) * seconds + (plan.rounds + 1) * validation
