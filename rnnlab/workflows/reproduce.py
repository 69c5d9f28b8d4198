"""The course's experiments, one run folder each, several at a time, resumable; then the report."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from rnnlab.core.files import write_text
from rnnlab.course.evidence import PRESETS
from rnnlab.course.page import write_course_report
from rnnlab.experiment.experiment import prepare
from rnnlab.experiment.job import Job
from rnnlab.experiment.job_folder import discard
from rnnlab.experiment.job_runner import PRELOAD
from rnnlab.experiment.launch import launch_planned
from rnnlab.experiment.modules import used_modules
from rnnlab.experiment.plan import plan_series
from rnnlab.runs.files import GRADIENTS, REPORT
from rnnlab.runs.finder import TRAINED, open_run
from rnnlab.runs.journal import Job as JournalJob
from rnnlab.runs.tables import write_table
from rnnlab.workflows.course_evidence import UNTRAINED, Examination, examine, untrained_gradients
from rnnlab.workflows.course_padding import examine_padding, padding_examined
from rnnlab.workflows.course_texts import course_texts
from rnnlab.workflows.display import SILENT, Display
from rnnlab.workflows.resume import resume
from rnnlab.workflows.series_watch import SeriesWatch, begin_imports, split_launcher
from rnnlab.workflows.sweep_job import NotDone, Rules, Worked, do_job
from rnnlab.workflows.train import train_job
from rnnlab.workflows.trained_run import load_run
from rnnlab.workflows.worker import IN_WORKER

PADDED = "rnn-seed"
"""Begins the names of the runs of which the page says what padding does to them."""
OF_UNTRAINED = "untrained"
"""Begins the names of jobs that measure nets before any training; and the folder of what they find."""


@dataclass(frozen=True)
class CourseRules(Rules):
    """Which jobs of the course are to be done: also runs that are done where the page asks for more.

    root: the folder of them all; asked: what the page asks of every run.
    """

    root: Path = Path()
    asked: Examination | None = None

    def over(self, job: JournalJob) -> bool:
        """Returns whether a job is not to be done again, as all that comes of it is there."""
        return super().over(job) and (job.state != "done" or not self.missing(job.name))

    def missing(self, name: str) -> list[str]:
        """Returns the tables of a job that are not there yet, or are of other texts."""
        folder = self.root / name
        if name.startswith(OF_UNTRAINED):
            return [] if self.table(name).is_file() else [name]
        padding = name.startswith(PADDED) and not padding_examined(folder)
        assert self.asked is not None
        return [*self.asked.missing(folder), *(["padding"] if padding else [])]

    def table(self, name: str) -> Path:
        """Returns where the gradients of an untrained net lie."""
        return self.root / OF_UNTRAINED / f"{name.removeprefix(f'{OF_UNTRAINED}-')}.csv"


def reproduce_course(
    overrides: list[str],
    *,
    root: Path,
    seeds: int = 3,
    texts_file: Path | None = None,
    retry_failed: bool = False,
    display: Display = SILENT,
) -> Path:
    """Runs what is not there yet, below `root`; returns the path of the report on all of it.

    The runs get no pages of their own.

    Args:
        overrides: what differs from the presets, and the launcher.
        root: the folder of all runs, with their journal.
        seeds: how many of every preset there are to be.
        texts_file: the five texts that nets are asked about, see `course_texts`.
        retry_failed: also what has failed is done again.
        display: shows how it goes.

    Raises:
        SweepError: a run failed; the others are done.
    """
    words, launcher = split_launcher(overrides)
    begin_imports(launcher, PRELOAD)
    kinds = {preset: [f"experiment=course/{preset}", *words] for preset in PRESETS}
    kinds |= {
        f"{OF_UNTRAINED}-{model}": [f"model={model}", "data.strip_html=false", *words] for model in UNTRAINED
    }
    configs, runs = plan_series(kinds, seeds, launcher)
    config = configs[next(iter(PRESETS))]
    asked = Examination.of(course_texts(config.data.train, texts_file), config)
    prepare(config, track=display.track)  # so that the texts are read once, and not by all workers
    # The longest first, or the last to begin would be waited for alone.
    epochs = {kind: config.training.epochs or 1 for kind, config in configs.items() if kind in PRESETS}
    runs.sort(key=lambda run: epochs.get(run.name.rpartition("-seed")[0], 0), reverse=True)
    rules = CourseRules(retry_failed, root=root, asked=asked)
    command = _command(overrides, root, seeds, texts_file)
    with SeriesWatch(display, rules, command, of="reproduce") as watch:
        launch_planned(
            runs,
            root,
            launcher,
            work=lambda: partial(work, replace(rules, begun=watch.rules.begun)),
            watch=watch,
            threads=max(config.training.threads or 1 for config in configs.values()),
            preload=PRELOAD,
        )
    watch.raise_failure()
    names = [f"{OF_UNTRAINED}-{model}-seed{seed}" for model in UNTRAINED for seed in range(1, seeds + 1)]
    tables = [rules.table(name).read_text(encoding="utf-8") for name in names]
    write_text(root / GRADIENTS, tables[0] + "".join(table.partition("\n")[2] for table in tables[1:]))
    write_course_report(root, seeds)
    return root / REPORT


def _command(overrides: Sequence[str], root: Path, seeds: int, texts: Path | None) -> list[str]:
    modules = [word for name in used_modules() for word in ("--module", name)]
    options = ["--seeds", str(seeds), "--output", str(root), *(["--texts", str(texts)] if texts else [])]
    return ["rnnlab", "reproduce", "course", *modules, *overrides, *options]


def work(rules: CourseRules, job: Job) -> Any:
    """Does a job of the course, in whichever process."""
    if not job.folder.name.startswith(OF_UNTRAINED):
        return do_job(job, rules, partial(_run, rules))
    done = do_job(job, rules, partial(_measure, rules))
    if not isinstance(done, NotDone):
        discard(job.folder)
    return done


def _run(rules: CourseRules, job: Job, unfinished: bool) -> Worked:
    """Trains a run, or goes on with it, unless it is there; adds what the course's page asks of it."""
    if unfinished and open_run(job.folder).status in TRAINED:
        run = load_run(job.folder) if rules.missing(job.folder.name) else None
    elif unfinished:
        run = resume(job.folder, display=IN_WORKER, page=False)
    else:
        run = train_job(job, IN_WORKER, page=False)
    assert rules.asked is not None
    if run and rules.asked.missing(job.folder):
        examine(run, rules.asked)
    if run and job.folder.name.startswith(PADDED) and not padding_examined(job.folder):
        examine_padding(run)
    summary = open_run(job.folder).summary
    return Worked(None, summary["best"], summary.get("stopped"))


def _measure(rules: CourseRules, job: Job, unfinished: bool) -> Worked:
    """Writes the gradients of an untrained net."""
    path = rules.table(job.folder.name)
    path.parent.mkdir(exist_ok=True)
    write_table(path, untrained_gradients(path.stem.rpartition("-seed")[0], job.config))
    return Worked(None)
