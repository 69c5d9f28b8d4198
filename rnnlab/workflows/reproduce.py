"""The course's experiments, one run folder each, resumable; then the gradient tables and the report."""

import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pandas as pd
import yaml

from rnnlab.core.batch import Batch
from rnnlab.core.errors import DivergenceError, InputError
from rnnlab.experiment.build import check_buildable
from rnnlab.experiment.compose import checked, compose_config, plain_values
from rnnlab.experiment.experiment import prepare
from rnnlab.experiment.restore import read_config
from rnnlab.experiment.schema import Config
from rnnlab.experiment.torch_settings import torch_settings
from rnnlab.probes.gradients import Gradients
from rnnlab.reports.course import PRESETS, write_course_report
from rnnlab.reports.course_texts import TEXTS
from rnnlab.runs.files import GRADIENTS, REPORT, SUMMARY
from rnnlab.runs.files import TEXTS as ANSWERS
from rnnlab.runs.finder import open_run
from rnnlab.runs.tables import write_table
from rnnlab.training.loop import train_epoch
from rnnlab.workflows.display import SILENT, Bar, Display, Silent, TrainingRows
from rnnlab.workflows.train import train_experiment
from rnnlab.workflows.trained_run import load_run

TIMED_BATCHES = 20


@dataclass(frozen=True)
class _CourseRun:
    """One preset at one seed."""

    folder: Path
    words: list[str]
    config: Config
    config_yaml: str

    @property
    def finished(self) -> bool:
        """Whether its folder holds this very run, to its end; raises InputError if it holds another."""
        if not (self.folder / SUMMARY).is_file():
            return False
        if read_config(self.folder)[0] != self.config:
            raise InputError(f"{self.folder}: holds a run with other settings; choose another --output")
        return open_run(self.folder).status == "finished"


def reproduce_course(overrides: list[str], *, root: Path, seeds: int = 1, display: Display = SILENT) -> Path:
    """Runs what is not there yet, below `root`; returns the path of the report on all of it."""
    jobs = [_job(preset, seed, overrides, root) for seed in range(1, seeds + 1) for preset in PRESETS]
    for job in jobs:
        check_buildable(job.config)
    waiting = [job for job in jobs if not job.finished]
    display.message(f"{len(jobs) - len(waiting)} of {len(jobs)} runs are there already")
    costs = _estimate(waiting, display)
    if waiting:
        display.message(f"about {sum(costs) / 60:.0f} min of training to go")
    with display.bar("course", sum(costs)) as bar:
        for job, cost in zip(waiting, costs, strict=True):
            bar.update(text=f"{job.folder.name:<22}")
            _run(job, _Share(bar, cost))
        bar.update(text="gradients, report")
        _write_gradients(overrides, seeds, root, display)
        for job in jobs:
            _write_answers(job.folder)
    write_course_report(root, seeds)
    return root / REPORT


def _job(preset: str, seed: int, overrides: list[str], root: Path) -> _CourseRun:
    words = [f"experiment=course/{preset}", *overrides, f"seed={seed}"]
    composed = compose_config(words)
    config = checked(composed)
    values = yaml.safe_dump(plain_values(composed), sort_keys=False)
    return _CourseRun(root / f"{preset}-seed{seed}", words, config, values)


def _estimate(jobs: list[_CourseRun], display: Display) -> list[float]:
    """Returns the seconds each job's training will take, timed on a few batches of each kind of net."""
    seconds: dict[str, float] = {}
    costs = []
    for job in jobs:
        kind = str((job.config.model, job.config.freeze, job.config.optimizer.name, job.config.insert))
        if kind not in seconds:
            experiment = prepare(job.config, track=display.track)
            state = experiment.training_state()
            plan = experiment.plan
            start = time.perf_counter()
            some = islice(plan.batches(1), TIMED_BATCHES)
            # A run that diverges will end as soon, and say so.
            with torch_settings(job.config), suppress(DivergenceError):
                train_epoch(state, experiment.task, some, device=experiment.device, clip_norm=None)
            total = plan.steps(1)
            # An evaluation of the validation texts costs about a third of a training pass.
            seconds[kind] = (time.perf_counter() - start) / min(TIMED_BATCHES, total) * total * 4 / 3
        costs.append(seconds[kind] * (job.config.training.epochs or 1))
    return costs


class _Share(Silent):
    """Shows a run of the course as a part of the whole: the report has its figures."""

    def __init__(self, bar: Bar, seconds: float) -> None:
        self._bar, self._seconds = bar, seconds

    @contextmanager
    def training(self, batches: int) -> Iterator[TrainingRows]:
        """Moves the bar of the whole course by the run's share of it."""
        yield _ShareOfRows(self._bar, self._seconds / batches)


class _ShareOfRows:
    def __init__(self, bar: Bar, seconds_per_batch: float) -> None:
        self._bar, self._seconds = bar, seconds_per_batch

    def row(self, figures: Mapping[str, float | int | None]) -> None:
        """Shows nothing: the report will."""

    def progress(self, batches: Iterable[Batch], total: int) -> Iterable[Batch]:
        """Yields the batches, moving the bar."""
        for batch in batches:
            yield batch
            self._bar.advance(self._seconds)


def _run(job: _CourseRun, display: Display) -> None:
    shutil.rmtree(job.folder, ignore_errors=True)  # what a stopped reproduction left half done
    experiment = prepare(job.config, track=display.track)
    train_experiment(
        experiment,
        job.folder,
        command=["rnnlab", "train", *job.words],
        config_yaml=job.config_yaml,
        display=display,
    )


def _write_gradients(overrides: list[str], seeds: int, root: Path, display: Display) -> None:
    """Writes root/gradients.csv: gradients by position of untrained nets, by model and seed."""
    tables = []
    for model in ("rnn", "birnn", "lstm"):
        for seed in range(1, seeds + 1):
            words = [f"model={model}", "data.strip_html=false", *overrides, f"seed={seed}"]
            experiment = prepare(checked(compose_config(words)), track=display.track)
            with torch_settings(experiment.config):
                table = Gradients().measure(experiment.probe_input())
            table.insert(0, "seed", seed)
            table.insert(0, "model", model)
            tables.append(table)
    write_table(root / GRADIENTS, pd.concat(tables, ignore_index=True))


def _write_answers(folder: Path) -> None:
    """Writes texts.csv: the probability that a run gives to each of the course's texts."""
    if (folder / ANSWERS).is_file():
        return
    table = load_run(folder).predict([text for _, text in TEXTS])
    table.insert(0, "question", [question for question, _ in TEXTS])
    write_table(folder / ANSWERS, table)
