"""What Hydra calls for every job: in this process, or by a launcher of rnnlab's in others."""

import time
from collections import Counter, deque
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
from rnnlab.experiment.hydra_launcher import Jobs, Outcome
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

    def more(self, runs: Sequence[PlannedRun]) -> Sequence[PlannedRun]:
        """Returns what can be launched by now beside what has been, for what has ended meanwhile."""
        return ()

    def is_time_up(self) -> bool:
        """Returns whether jobs under way are to be left."""
        return False

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
    beforehand; preload: what workers import once for all; failures: of a sweep's jobs, or of the only job.
    """

    run: Callable[[Job], Any]
    in_worker: Callable[[], Callable[[Job], Any]] | None
    modules: Mapping[str, Path]
    watch: Watch
    threads: int = 1
    sweep: Path | None = None
    runs: Sequence[PlannedRun] = ()
    preload: Sequence[str] = PRELOAD_OF_SWEEP
    failures: list[Exception] = field(default_factory=list)
    _launched: int = 0
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
        for runs in self.watch.rounds(self.runs):
            jobs = self._numbered(runs)
            try:
                returns = launch(list(jobs.values()), initial_job_idx=min(jobs))
            except Exception as error:  # as of a pool that is lost with one of its processes
                self.watch.lost(error)
                returns = []
            for number, found in zip(jobs, returns, strict=False):
                if number not in self._over:
                    self._ended(number, found._return_value)

    def __reduce__(self) -> tuple[Any, ...]:
        """Returns what another process gets in its place."""
        if self.in_worker is None:
            raise InputError("hydra.launcher: this command computes in one process; leave it out")
        return _InAnotherProcess, (self.in_worker(), self.modules)

    def pool(self, workers: int | None) -> Workers:
        """Returns processes for jobs; workers: how many, None: as many as there are cores for."""
        number = workers or max(1, cores() // self.threads)
        return Workers(number, self.preload, partial(begin_worker, self.modules))

    def in_workers(self, jobs: Jobs, call: Callable[..., Any], workers: int | None) -> dict[int, Outcome]:
        """Calls `call(number, words, task)` in workers for each job, and for those that come up meanwhile.

        Returns what each returned, or its error.
        """
        outcomes: dict[int, Outcome] = {}
        waiting, under_way = deque(jobs.items()), set[int]()
        with self.pool(workers) as pool:
            self.watch.workers(min(pool.number, len(jobs)), pool)
            while (waiting or under_way) and not self.watch.is_time_up():
                while waiting and len(under_way) < pool.number:
                    job, words = waiting.popleft()
                    pool.submit(job, call, job, words, self)
                    under_way.add(job)
                self.watch.look()
                match next(pool.events(LOOK), None):
                    case Told(int(job), Path() as folder):
                        self._folders[job] = folder.name
                    case Told(int(job), float(share)):
                        self.watch.moved(self._folders[job], share)
                    case Done(int(job), outcome) | Failed(int(job), outcome):
                        outcomes[job] = outcome
                        under_way.discard(job)
                        self._ended(job, outcome)
                # What others had to be done for first is begun first: the longest may be among it.
                waiting.extendleft(reversed(self._numbered(self.watch.more(self.runs)).items()))
        return outcomes

    def on_other_machines(
        self, jobs: Jobs, hand_over: Callable[[Jobs], Mapping[int, Remote]]
    ) -> dict[int, Outcome]:
        """Hands jobs over, and those that come up meanwhile; returns what each returned, or its error."""
        handed = dict(hand_over(jobs))
        self.watch.workers(len(handed))
        outcomes: dict[int, Outcome] = {}
        gone: Counter[int] = Counter()
        try:
            while len(outcomes) < len(handed) and not self.watch.is_time_up():
                self.watch.look()
                time.sleep(LOOK)
                for number in sorted(handed.keys() - outcomes.keys()):
                    job = handed[number]
                    if job.done():
                        outcomes[number] = job.outcome()
                    elif self.watch.is_gone(self._folders[number]) and not job.queued():
                        gone[number] += 1
                    if gone[number] * LOOK > GONE:  # SLURM tells it late, and without accounting never
                        outcomes[number] = DiedError("its process is gone")
                    if number in outcomes:
                        self._ended(number, outcomes[number])
                if more := self._numbered(self.watch.more(self.runs)):
                    handed |= hand_over(more)
        finally:
            for number in handed.keys() - outcomes.keys():
                handed[number].cancel()
        return outcomes

    def _numbered(self, runs: Sequence[PlannedRun]) -> dict[int, list[str]]:
        """Returns the words with which jobs are launched, by numbers that no other of the sweep has had."""
        numbers = range(self._launched, self._launched + len(runs))
        self._launched += len(runs)
        self._folders |= {number: run.name for number, run in zip(numbers, runs, strict=True) if run.name}
        return {number: run.launched for number, run in zip(numbers, runs, strict=True)}

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
