"""What `rnnlab train` does: one training, or a sweep of them."""

from functools import partial
from typing import Any

from rnnlab.core.profile import mark
from rnnlab.experiment.hydra_options import NO_FLAGS, HydraOptions
from rnnlab.experiment.job import Job
from rnnlab.experiment.launch import launch
from rnnlab.experiment.modules import used_modules
from rnnlab.runs.finder import open_run
from rnnlab.workflows.display import SILENT, Display
from rnnlab.workflows.resume import resume
from rnnlab.workflows.sweep import Sweep
from rnnlab.workflows.sweep_job import Rules, Worked, do_job, write_sweep
from rnnlab.workflows.sweep_watch import AS_PLANNED, SweepOptions, SweepWatch, check_is_sweep, named_sweep
from rnnlab.workflows.train import train_job
from rnnlab.workflows.trained_run import TrainedRun
from rnnlab.workflows.worker import IN_WORKER


def train(
    overrides: list[str],
    options: HydraOptions = NO_FLAGS,
    display: Display = SILENT,
    *,
    of_sweep: SweepOptions = AS_PLANNED,
) -> TrainedRun | Sweep | None:
    """Trains the net that the overrides describe, or what is left to do of a sweep.

    Among the overrides may be sweep=NAME, the name of a sweep.

    Args:
        overrides: what differs from the defaults.
        options: Hydra's own flags.
        display: shows how it goes.
        of_sweep: how a sweep is to go on.

    Returns:
        The run, or the sweep; None where a flag asks for something else than a training.

    Raises:
        SweepError: of a sweep jobs failed, or are left to do.
    """
    runs: list[TrainedRun] = []
    words = named_sweep(overrides)
    if words is not overrides or of_sweep != AS_PLANNED:
        check_is_sweep(words, options, of_sweep)

    def run_job(job: Job, unfinished: bool = False) -> Worked:
        mark("configuration")
        run = resume(job.folder, display=display) if unfinished else train_job(job, display)
        runs[:] = [run]  # of a sweep the last alone: all nets and data at once might be too much
        return _worked(run)

    modules = [word for name in used_modules() for word in ("--module", name)]
    command = ["rnnlab", "train", *modules, *options.words(), *overrides]
    with SweepWatch(display, command=command, options=of_sweep) as watch:
        launch(
            lambda job: (
                do_job(job, watch.rules, run_job, write_sweep) if job.sweep_folder else run_job(job).value
            ),
            words,
            options,
            in_worker=lambda: partial(train_in_worker, watch.rules),
            watch=watch,
            named_by_hash=True,
        )
    watch.raise_failure()
    return watch.result or (runs[0] if runs else None)


def train_in_worker(rules: Rules, job: Job) -> Any:
    """Does a job of a sweep in another process; returns the figure that chose the best round."""
    return do_job(job, rules, _train_silently, write_sweep)


def _train_silently(job: Job, unfinished: bool) -> Worked:
    return _worked(resume(job.folder, display=IN_WORKER) if unfinished else train_job(job, IN_WORKER))


def _worked(run: TrainedRun) -> Worked:
    summary = open_run(run.folder).summary
    return Worked(run.best, summary["best"], summary.get("stopped"))
