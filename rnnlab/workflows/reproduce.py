"""The course's experiments, one run folder each, several at a time, resumable; then the report."""

import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
import yaml

from rnnlab.core.errors import InputError
from rnnlab.core.workers import Workers, cores, warm_up
from rnnlab.course.evidence import PRESETS
from rnnlab.course.page import write_course_report
from rnnlab.experiment.build import check_buildable
from rnnlab.experiment.compose import checked, compose_config, plain_values
from rnnlab.experiment.experiment import prepare
from rnnlab.experiment.job_folder import make
from rnnlab.experiment.job_runner import PRELOAD, begin_worker
from rnnlab.experiment.modules import used_modules
from rnnlab.experiment.recorded import records
from rnnlab.experiment.restore import read_config
from rnnlab.experiment.schema import Config
from rnnlab.runs.files import GRADIENTS, REPORT, SUMMARY
from rnnlab.runs.finder import open_run
from rnnlab.runs.own_files import OF_A_RUN, foreign
from rnnlab.runs.tables import write_table
from rnnlab.workflows.course_evidence import UNTRAINED, Examination, examine, untrained_gradients
from rnnlab.workflows.course_padding import examine_padding, padding_examined
from rnnlab.workflows.course_texts import course_texts
from rnnlab.workflows.display import SILENT, Display
from rnnlab.workflows.train import train_experiment
from rnnlab.workflows.trained_run import TrainedRun, load_run
from rnnlab.workflows.worker import IN_WORKER, Call, do_all

PADDED = "rnn"
"""The preset of which the page says what padding does to it."""


@dataclass(frozen=True)
class _CourseRun:
    """One preset at one seed."""

    preset: str
    folder: Path
    words: list[str]
    config: Config
    config_yaml: str

    def check_folder(self) -> None:
        """Raises InputError for a folder with anything else than a run, finished or not, in it."""
        if self.folder.is_dir() and (other := foreign(self.folder, OF_A_RUN)) is not None:
            raise InputError(f"{other}: is not of a run; choose another --output")

    @property
    def finished(self) -> bool:
        """Whether its folder holds this very run, to its end; raises InputError if it holds another."""
        if not (self.folder / SUMMARY).is_file():
            return False
        if not records(read_config(self.folder)[0], self.config):
            raise InputError(f"{self.folder}: holds a run with other settings; choose another --output")
        return open_run(self.folder).status == "finished"


def reproduce_course(
    overrides: list[str],
    *,
    root: Path,
    seeds: int = 3,
    texts_file: Path | None = None,
    display: Display = SILENT,
) -> Path:
    """Runs what is not there yet, below `root`; returns the path of the report on all of it.

    texts_file: the five texts that nets are asked about, see `course_texts`. The runs get no pages of their
    own. Raises JobError where one failed, when the others are done.
    """
    warm_up(PRELOAD)
    jobs = [_job(preset, seed, overrides, root) for seed in range(1, seeds + 1) for preset in PRESETS]
    for job in jobs:
        check_buildable(job.config)
    config = jobs[0].config
    asked = Examination.of(course_texts(config.data.train, texts_file), config)
    prepare(config, track=display.track)  # so that the texts are read once, and not by all workers
    make(root, "--output")
    for job in jobs:
        job.check_folder()
    display.message(f"{sum(job.finished for job in jobs)} of {len(jobs)} runs are there already")
    # The longest first, or the last to begin would be waited for alone.
    longest_first = sorted(jobs, key=lambda job: job.config.training.epochs or 1, reverse=True)
    calls: dict[str, Call] = {job.folder.name: partial(_make, job, asked) for job in longest_first}
    untrained = [(model, seed) for model in UNTRAINED for seed in range(1, seeds + 1)]
    gradients = {f"untrained-{model}-seed{seed}": (model, seed, overrides) for model, seed in untrained}
    calls |= {name: partial(untrained_gradients, *arguments) for name, arguments in gradients.items()}
    threads = max(job.config.training.threads or 1 for job in jobs)
    with Workers(max(1, cores() // threads), PRELOAD, partial(begin_worker, used_modules())) as pool:
        done = do_all(pool, calls, display)
    write_table(root / GRADIENTS, pd.concat([done[name] for name in gradients], ignore_index=True))
    write_course_report(root, seeds)
    return root / REPORT


def _job(preset: str, seed: int, overrides: list[str], root: Path) -> _CourseRun:
    words = [f"experiment=course/{preset}", *overrides, f"seed={seed}"]
    composed = compose_config(words)
    config = checked(composed)
    values = yaml.safe_dump(plain_values(composed), sort_keys=False)
    return _CourseRun(preset, root / f"{preset}-seed{seed}", words, config, values)


def _make(job: _CourseRun, asked: Examination) -> None:
    """Trains a run unless it is there, and adds what the course's page asks of it, in a worker."""
    run = None if job.finished else _train(job)
    if asked.missing(job.folder):
        examine(run := run or load_run(job.folder), asked)
    if job.preset == PADDED and not padding_examined(job.folder):
        examine_padding(run or load_run(job.folder))


def _train(job: _CourseRun) -> TrainedRun:
    shutil.rmtree(job.folder, ignore_errors=True)  # what a stopped reproduction left half done
    return train_experiment(
        prepare(job.config, track=IN_WORKER.track),
        job.folder,
        command=["rnnlab", "train", *job.words],
        config_yaml=job.config_yaml,
        display=IN_WORKER,
        page=False,
    )
