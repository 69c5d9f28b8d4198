"""The course's experiments, one run folder each, resumable; then the gradient tables and the report."""

import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pandas as pd
import yaml
from omegaconf import OmegaConf
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from rnnlab.core.batch import Batch
from rnnlab.core.errors import InputError
from rnnlab.experiment.build import build_state, check_buildable
from rnnlab.experiment.compose import checked, compose_config
from rnnlab.experiment.experiment import prepare
from rnnlab.experiment.restore import restore
from rnnlab.experiment.schema import Config
from rnnlab.probes.gradients import Gradients
from rnnlab.reports.course import PRESETS, write_course_report
from rnnlab.reports.course_texts import TEXTS
from rnnlab.runs.files import CONFIG, SUMMARY
from rnnlab.runs.finder import open_run
from rnnlab.runs.writer import RunWriter
from rnnlab.terminal.display import TrainingDisplay, track_texts
from rnnlab.training.loop import train_epoch
from rnnlab.workflows.artifacts import close_run, write_table
from rnnlab.workflows.fit_run import train_into
from rnnlab.workflows.run_logger import Record

TIMED_BATCHES = 20


@dataclass(frozen=True)
class Job:
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
        found = yaml.safe_load((self.folder / CONFIG).read_text(encoding="utf-8"))
        if found != yaml.safe_load(self.config_yaml):
            raise InputError(f"{self.folder}: holds a run with other settings; choose another --output")
        return open_run(self.folder).status == "finished"


def reproduce_course(overrides: list[str], *, seeds: int, root: Path) -> None:
    """Runs what is not there yet, below `root`, and writes `root/report.html`."""
    jobs = [_job(preset, seed, overrides, root) for seed in range(1, seeds + 1) for preset in PRESETS]
    for job in jobs:
        check_buildable(job.config)
    waiting = [job for job in jobs if not job.finished]
    console = Console(stderr=True)
    console.print(f"{len(jobs) - len(waiting)} of {len(jobs)} runs are there already", highlight=False)
    costs = _estimate(waiting)
    if waiting:
        console.print(f"about {sum(costs) / 60:.0f} min of training to go", highlight=False)
    columns = [TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()]
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("course", total=sum(costs))
        for job, cost in zip(waiting, costs, strict=True):
            progress.update(bar, description=f"{job.folder.name:<22}")
            _run(job, _Overall(progress, cost))
        progress.update(bar, description="gradients, report")
        _write_gradients(overrides, seeds, root)
        for job in jobs:
            _write_answers(job.folder)
    write_course_report(root, seeds)


def _job(preset: str, seed: int, overrides: list[str], root: Path) -> Job:
    words = [f"experiment=course/{preset}", *overrides, f"seed={seed}"]
    composed = compose_config(words)
    config = checked(composed)
    values = OmegaConf.to_container(composed, resolve=False)
    assert isinstance(values, dict)
    own = {str(key): composed[str(key)] for key in values if key != "hydra"}
    resolved = {
        k: OmegaConf.to_container(v, resolve=True) if OmegaConf.is_config(v) else v for k, v in own.items()
    }
    return Job(root / f"{preset}-seed{seed}", words, config, yaml.safe_dump(resolved, sort_keys=False))


def _estimate(jobs: list[Job]) -> list[float]:
    """Returns the seconds each job's training will take, timed on a few batches of each kind of net."""
    seconds: dict[str, float] = {}
    costs = []
    for job in jobs:
        kind = str((job.config.model, job.config.freeze, job.config.optimizer["_target_"], job.config.insert))
        if kind not in seconds:
            experiment = prepare(job.config, track=track_texts)
            state = build_state(job.config, experiment.model)
            plan = experiment.plan
            start = time.perf_counter()
            some = islice(plan.batches(1), TIMED_BATCHES)
            train_epoch(state, experiment.task, some, device=experiment.device, clip_norm=None)
            total = plan.steps(1)
            # An evaluation of the validation texts costs about a third of a training pass.
            seconds[kind] = (time.perf_counter() - start) / min(TIMED_BATCHES, total) * total * 4 / 3
        costs.append(seconds[kind] * (job.config.training.epochs or 1))
    return costs


class _Overall(TrainingDisplay):
    """Moves the one bar of the whole course and shows no rows."""

    def __init__(self, progress: Progress, cost: float) -> None:
        self._overall, self._cost = progress, cost
        self._rounds = 1

    def begin(self, rounds: int) -> "_Overall":
        """Returns itself, its share of the bar spread over `rounds`."""
        self._rounds = rounds
        return self

    def row(self, values: object) -> None:
        """Shows nothing: the report will."""

    def progress(self, batches: Iterable[Batch], total: int) -> Iterable[Batch]:
        """Yields the batches of an epoch, moving the bar by their share of the run's cost."""
        for batch in batches:
            yield batch
            self._overall.advance(self._overall.task_ids[0], self._cost / (total * self._rounds))


def _run(job: Job, display: _Overall) -> None:
    shutil.rmtree(job.folder, ignore_errors=True)  # what a stopped reproduction left half done
    experiment = prepare(job.config, track=track_texts)
    record = Record(experiment, RunWriter(job.folder), ["rnnlab", "train", *job.words], job.config_yaml)
    try:
        train_into(experiment, record, display.begin(experiment.plan.rounds))
    except KeyboardInterrupt:
        record.finish("interrupted")
        raise
    close_run(job.folder)


def _write_gradients(overrides: list[str], seeds: int, root: Path) -> None:
    """Writes root/gradients.csv: gradients by position of untrained nets, by model and seed."""
    tables = []
    for model in ("rnn", "birnn", "lstm"):
        for seed in range(1, seeds + 1):
            words = [f"model={model}", "data.strip_html=false", *overrides, f"seed={seed}"]
            table = Gradients().measure(
                prepare(checked(compose_config(words)), track=track_texts).probe_input()
            )
            table.insert(0, "seed", seed)
            table.insert(0, "model", model)
            tables.append(table)
    write_table(root / "gradients.csv", pd.concat(tables, ignore_index=True))


def _write_answers(folder: Path) -> None:
    """Writes texts.csv: the probability that a run gives to each of the course's texts."""
    if (folder / "texts.csv").is_file():
        return
    table = restore(open_run(folder)).predict([text for _, text in TEXTS])
    table.insert(0, "question", [question for question, _ in TEXTS])
    write_table(folder / "texts.csv", table)
