"""What Hydra calls for every job: in this process, or by a launcher of rnnlab's in others."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast

from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from rnnlab.core.errors import InputError, RnnlabError, reason
from rnnlab.core.worker import DiedError, Done, Failed, JobError, Told, tell
from rnnlab.core.workers import Workers, cores
from rnnlab.experiment.cluster import Remote
from rnnlab.experiment.compose import register
from rnnlab.experiment.hydra_launcher import Outcome
from rnnlab.experiment.job import Job, begin_job
from rnnlab.experiment.modules import use_modules
from rnnlab.experiment.plan import PlannedRun

PRELOAD = ("rnnlab.workflows.train", "rnnlab.training.fused_engine")
"""What workers import once for all."""
PRELOAD_OF_SWEEP = (*PRELOAD, "rnnlab.workflows.trainings", "rnnlab.reports.run_report")
"""The same where runs get pages."""
GONE = 90.0
"""Seconds after which a job of another machine, whose claim has ended, is taken for dead."""
MakePool = Callable[[], Workers]
LOOK = 0.5
"""Seconds between two looks at what becomes of jobs elsewhere."""


class Watch:
    """Is told how a sweep goes on; this one takes no notice, and has each job done once."""

    def sweep(self, folder: Path, runs: Sequence[PlannedRun], make_pool: MakePool | None) -> bool:
        """Takes where the sweep is to lie, and its jobs as far as known; returns whether to begin.

        make_pool: makes such processes as the sweep will have; None where they are not this machine's.
        """
        return True

    def rounds(self, runs: Sequence[PlannedRun]) -> Iterator[Sequence[PlannedRun]]:
        """Yields what to launch, until nothing is left to do."""
        yield runs

    def workers(self, number: int, pool: Workers | None = None) -> None:
        """Takes how many jobs at a time there are, in processes that show nothing themselves.

        pool: these processes, with nothing to do yet; None where they are on other machines.
        """

    def lost(self, error: Exception) -> None:
        """Takes an error of the launcher itself, and raises it unless the jobs can be launched again."""
        raise error

    def look(self) -> None:
        """Is called now and then while jobs go on."""

    def is_gone(self, job: str) -> bool:
        """Returns whether a job was begun, and its process is gone without a word of how it ended."""
        return False

    def moved(self, job: str, share: float) -> None:
        """Takes how much of a job is done, from 0 to 1."""

    def ended(self, job: str, outcome: Outcome) -> None:
        """Takes what a job has returned, or its error."""


@dataclass
class JobRunner:
    """Hydra's task function.

    run: does a job in this process; in_worker: returns what does it in another, to be found by name there,
    where it may `tell` which share is done; modules: those that the user has named; threads: of a job at
    most; sweep: the folder of all jobs, None where there is but one; runs: its jobs, as far as they are known
    beforehand; failures: of the jobs of a sweep, or of the only job.
    """

    run: Callable[[Job], Any]
    in_worker: Callable[[], Callable[[Job], Any]] | None
    modules: Mapping[str, Path]
    watch: Watch
    threads: int = 1
    sweep: Path | None = None
    runs: Sequence[PlannedRun] = ()
    failures: list[Exception] = field(default_factory=list)
    _folders: dict[int, str] = field(default_factory=dict)
    _over: set[int] = field(default_factory=set)

    def __call__(self, cfg: DictConfig) -> Any:
        """Does the job of this configuration, in the folder that Hydra has made for it."""
        hydra = cast(DictConfig, HydraConfig.get())
        if hydra.mode != RunMode.MULTIRUN:
            try:
                with begin_job(cfg) as job:
                    return self.run(job)
            except Exception as error:
                self.failures.append(error)
                return None  # raised once Hydra is done, which would print a second line about it
        number = OmegaConf.select(hydra, "job.num")
        self._folders[number] = Path(hydra.runtime.output_dir).name
        try:
            with begin_job(cfg) as job:
                result = self.run(job)
        except Exception as error:
            self._ended(number, error)
            raise
        self._ended(number, result)
        return result

    def launch_all(self, launch: Callable[..., Sequence[JobReturn]]) -> None:
        """Has the planned jobs launched, as often as some are left to do."""
        first = 0
        for runs in self.watch.rounds(self.runs):
            numbers = range(first, first + len(runs))
            self._folders |= {number: run.name for number, run in zip(numbers, runs, strict=True) if run.name}
            try:
                returns = launch([run.launched for run in runs], initial_job_idx=first)
            except Exception as error:  # as of a pool that is lost with one of its processes
                self.watch.lost(error)
                returns = []
            for number, found in zip(numbers, returns, strict=False):
                if number not in self._over:
                    self._ended(number, found._return_value)
            first += len(runs)

    def __reduce__(self) -> tuple[Any, ...]:
        """Returns what another process gets in its place."""
        if self.in_worker is None:
            raise InputError("hydra.launcher: this command computes in one process; leave it out")
        return _InAnotherProcess, (self.in_worker(), self.modules)

    def pool(self, workers: int | None) -> Workers:
        """Returns processes for jobs; workers: how many, None: as many as there are cores for."""
        number = workers or max(1, cores() // self.threads)
        return Workers(number, PRELOAD_OF_SWEEP, partial(begin_worker, self.modules))

    def in_workers(self, calls: Mapping[int, Callable[..., Any]], workers: int | None) -> dict[int, Outcome]:
        """Makes the calls in workers, by the number of the job; returns what each returned, or its error."""
        outcomes: dict[int, Outcome] = {}
        with self.pool(workers) as pool:
            self.watch.workers(min(pool.number, len(calls)), pool)
            for job, call in calls.items():
                pool.submit(job, call, self)
            while len(outcomes) < len(calls):
                self.watch.look()
                for event in pool.events(LOOK):
                    match event:
                        case Told(int(job), Path() as folder):
                            self._folders[job] = folder.name
                            self.watch.look()
                        case Told(int(job), float(share)):
                            self.watch.moved(self._folders[job], share)
                        case Done(int(job), outcome) | Failed(int(job), outcome):
                            outcomes[job] = outcome
                            self._ended(job, outcome)
        return outcomes

    def on_other_machines(self, jobs: Mapping[int, Remote]) -> dict[int, Outcome]:
        """Waits for jobs that were handed over; returns what each returned, or its error."""
        self.watch.workers(len(jobs))
        outcomes: dict[int, Outcome] = {}
        gone: Counter[int] = Counter()
        try:
            while len(outcomes) < len(jobs):
                self.watch.look()
                time.sleep(LOOK)
                for number, job in jobs.items():
                    if number in outcomes:
                        continue
                    if job.done():
                        outcomes[number] = job.outcome()
                    elif self.watch.is_gone(self._folders[number]) and not job.queued():
                        gone[number] += 1
                    if gone[number] * LOOK > GONE:  # SLURM tells it late, and without accounting never
                        outcomes[number] = DiedError("its process is gone")
                    if number in outcomes:
                        self._ended(number, outcomes[number])
        except BaseException:
            for number in jobs.keys() - outcomes.keys():
                jobs[number].cancel()
            raise
        return outcomes

    def _ended(self, number: int, outcome: Any) -> None:
        self._over.add(number)
        if isinstance(outcome, Exception):
            self.failures.append(outcome)
            outcome = outcome if isinstance(outcome, RnnlabError) else JobError(reason(outcome))
        self.watch.ended(self._folders.get(number, str(number)), outcome)


@dataclass(frozen=True)
class _InAnotherProcess:
    """The task function there."""

    run: Callable[[Job], Any]
    modules: Mapping[str, Path]

    def __call__(self, cfg: DictConfig) -> Any:
        begin_worker(self.modules)
        with begin_job(cfg) as job:
            tell(job.folder)
            return self.run(job)


def begin_worker(modules: Mapping[str, Path]) -> None:
    """Prepares a process for configurations: rnnlab's resolvers, and the modules that the user has named."""
    register()
    use_modules(modules)
