"""Hands a command to Hydra's own machinery once everything that can be checked beforehand is."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from hydra.types import RunMode
from omegaconf import DictConfig

from rnnlab.core.errors import InputError, RnnlabError
from rnnlab.core.workers import warm_up
from rnnlab.experiment.build import check_buildable
from rnnlab.experiment.compose import CONFIG_DIR, ERRORS, checked, compose_config, register
from rnnlab.experiment.hydra_compat import quoted, run_composed, run_main
from rnnlab.experiment.hydra_errors import explain
from rnnlab.experiment.hydra_options import HydraOptions
from rnnlab.experiment.job import Job
from rnnlab.experiment.job_folder import claimed, discard, discard_all, make, missing_folders, remove_empty
from rnnlab.experiment.job_runner import PRELOAD_OF_SWEEP, JobRunner, MakePool, Watch
from rnnlab.experiment.modules import used_modules
from rnnlab.experiment.plan import PlannedRun, plan_runs
from rnnlab.experiment.schema import Config
from rnnlab.experiment.sweep_jobs import (
    LOCAL,
    check_subdir,
    check_workers,
    compose_words,
    is_basic,
    jobs_of_sweep,
)
from rnnlab.runs.files import HYDRA

UNWATCHED = Watch()


class SweepError(RnnlabError):
    """Jobs of a sweep failed, though the others are done."""


def launch(
    run: Callable[[Job], Any],
    overrides: list[str],
    options: HydraOptions,
    *,
    in_worker: Callable[[], Callable[[Job], Any]] | None = None,
    watch: Watch = UNWATCHED,
    named_by_hash: bool = False,
) -> None:
    """Calls `run` under Hydra, in a folder of its own, once or for every combination of a sweep.

    What it returns is for Hydra's sweepers.

    Args:
        run: does a job in this process.
        overrides: the words that describe it.
        options: Hydra's own flags.
        in_worker: returns what does a job of a sweep where a launcher has other processes do it, which find
            that by name; None: they cannot.
        watch: is told how a sweep goes on, and may raise what it makes of failures at the end.
        named_by_hash: whether the folders of a sweep's jobs are named by the hash of what defines them.

    Raises:
        InputError: a fault of the configuration, of any job of a sweep, before anything is written or run.
        Exception: whatever the only job raises.
    """
    register()
    options.check()
    runner = JobRunner(run, in_worker, used_modules(), watch)
    with _errors_explained(runner, overrides):
        _launch(runner, overrides, options, named_by_hash=named_by_hash)
    if not runner.failures:
        return
    if runner.sweep is None:
        raise runner.failures[0]
    if not named_by_hash:
        raise sweep_error(len(runner.failures), runner.failures, kept=runner.sweep.is_dir())


def launch_planned(
    runs: Sequence[PlannedRun],
    folder: Path,
    launcher: list[str],
    *,
    work: Callable[[], Callable[[Job], Any]],
    watch: Watch,
    threads: int,
    preload: Sequence[str],
) -> None:
    """Has jobs done that a command has planned itself, each in a folder of its own within `folder`.

    Args:
        runs: the jobs, each with a name.
        folder: where the watch has the journal.
        launcher: the words that choose Hydra's launcher and its settings.
        work: returns what does a job in whichever process, to be found by name there.
        watch: is told how it goes on.
        threads: of a job at most.
        preload: modules that workers import once for all.

    Raises:
        InputError: a fault of the launcher's settings, before anything is written.
    """
    register()
    runner = JobRunner(
        lambda job: work()(job), work, used_modules(), watch, threads=threads, runs=runs, preload=preload
    )
    with _errors_explained(runner, launcher):
        composed = compose_config(launcher)
        if composed.hydra.launcher._target_ == LOCAL:
            check_workers(composed.hydra.launcher.workers)
        _launch_sweep(runner, folder, launcher, HydraOptions(multirun=True))


@contextmanager
def _errors_explained(runner: JobRunner, overrides: list[str]) -> Iterator[None]:
    """Raises an error in a line if it is of the configuration; those of jobs are kept by the runner."""
    try:
        yield
    except Exception as error:
        if not runner.failures and isinstance(error, ERRORS):
            raise InputError(explain(error, overrides, CONFIG_DIR, [])) from None
        if not runner.failures:
            raise


def sweep_error(number: int, failures: Sequence[Exception], *, kept: bool) -> RnnlabError:
    """Returns what is wrong with a sweep of which so many jobs failed; kept: whether anything is left of it.

    failures: their errors, as far as they are known.
    """
    jobs = f"{number} jobs" if number > 1 else "a job"
    if kept:
        return SweepError(f"{jobs} of the sweep failed; what the others found is kept")
    error = SweepError(f"{jobs} of the sweep failed; there is nothing to keep")
    if _all_bad_input(failures):
        error.exit_code = InputError.exit_code
    return error


def _all_bad_input(failures: Sequence[Exception]) -> bool:
    return all(isinstance(failure, InputError) for failure in failures)


def is_sweep(overrides: list[str], options: HydraOptions) -> bool:
    """Returns whether the overrides describe several jobs; raises InputError for a fault in them."""
    return options.multirun or compose_words(overrides, options).hydra.mode == RunMode.MULTIRUN


def _launch(runner: JobRunner, overrides: list[str], options: HydraOptions, *, named_by_hash: bool) -> None:
    if options.cfg is not None or options.info is not None:
        compose_words(overrides, options)
        _hydra_main(runner, overrides, options)
        return
    composed = None if options.multirun else compose_words(overrides, options)
    if composed is None or composed.hydra.mode == RunMode.MULTIRUN:
        _launch_jobs(runner, overrides, options, named_by_hash=named_by_hash)
    else:
        _launch_run(runner, composed, overrides, options)


def _launch_run(runner: JobRunner, composed: DictConfig, overrides: list[str], options: HydraOptions) -> None:
    _checked(runner, composed)
    folder = Path(composed.hydra.run.dir)
    new = missing_folders(folder / HYDRA)
    try:
        with claimed(folder):
            _run_in(folder, runner, composed, overrides, options)
    finally:
        remove_empty(new)


def _launch_jobs(
    runner: JobRunner, overrides: list[str], options: HydraOptions, *, named_by_hash: bool
) -> None:
    jobs = jobs_of_sweep(overrides, options)
    if not jobs:
        raise InputError("a sweep of nothing: one of its choices, a range or a glob, has no values")
    first = compose_words(jobs[0], options)
    make_pool = None
    if first.hydra.launcher._target_ == LOCAL:
        check_workers(first.hydra.launcher.workers)
        make_pool = partial(runner.pool, first.hydra.launcher.workers)
        warm_up(PRELOAD_OF_SWEEP)
    composed = [first, *(compose_words(words, options) for words in jobs[1:])]
    configs = [_checked(runner, config) for config in composed]
    if is_basic(first) and named_by_hash:
        check_subdir(first)
        runner.runs = plan_runs(zip(jobs, composed, configs, strict=True))
    elif is_basic(first):
        runner.runs = [PlannedRun(words) for words in jobs]
    _launch_sweep(runner, Path(first.hydra.sweep.dir), overrides, options, make_pool)


def _checked(runner: JobRunner, composed: DictConfig) -> Config:
    """Returns the configuration of a job that can be built; the runner takes the threads that it asks for."""
    check_buildable(config := checked(composed))
    runner.threads = max(runner.threads, config.training.threads or 1)
    return config


def _run_in(
    folder: Path, runner: JobRunner, composed: DictConfig, overrides: list[str], options: HydraOptions
) -> None:
    try:
        if options.config_dir is not None:  # which the job is told of by Hydra's main function alone
            _hydra_main(runner, [*overrides, f"hydra.run.dir={quoted(str(folder))}"], options)
        else:
            composed.hydra.run.dir = str(folder)
            run_composed(runner, composed, CONFIG_DIR)
    except BaseException:  # also one of Hydra's own, before the job has begun
        discard(folder)
        raise


def _launch_sweep(
    runner: JobRunner,
    folder: Path,
    overrides: list[str],
    options: HydraOptions,
    make_pool: MakePool | None = None,
) -> None:
    new = missing_folders(folder)
    if not runner.watch.sweep(folder, runner.runs, make_pool):
        return
    make(folder, "hydra.sweep.dir")
    runner.sweep = folder
    words = [*overrides, f"hydra.sweep.dir={quoted(str(folder))}"]
    if runner.runs:
        words = [word for word in words if not word.startswith("hydra/sweeper=")] + ["hydra/sweeper=planned"]
    try:
        _hydra_main(runner, words, options)
    finally:
        if len(runner.failures) == len(runner.runs) and _all_bad_input(runner.failures):
            discard_all(folder)
        remove_empty(new)


def _hydra_main(job: Callable[[DictConfig], Any], overrides: list[str], options: HydraOptions) -> None:
    run_main(job, CONFIG_DIR, options.config_name, [*options.words(), *overrides])
