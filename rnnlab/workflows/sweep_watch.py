"""How a sweep goes on: which of its jobs are left, what is shown of them, and what is said at its end."""

import re
import shlex
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from rnnlab.core.errors import InputError, RnnlabError
from rnnlab.core.worker import DiedError, JobError
from rnnlab.core.workers import Workers
from rnnlab.experiment.job_folder import make, missing_folders, remove_empty
from rnnlab.experiment.job_runner import LOOK, MakePool, Watch
from rnnlab.experiment.launch import HydraOptions, SweepError, is_sweep, sweep_error
from rnnlab.experiment.plan import PlannedRun
from rnnlab.runs.files import CLAIMS, SUMMARY
from rnnlab.runs.finder import OUTPUTS, SWEEP_PREFIX
from rnnlab.runs.journal import Happened, Journal
from rnnlab.runs.journal import Job as JournalJob
from rnnlab.runs.own_files import check_no_links
from rnnlab.runs.writer import mark_failed
from rnnlab.workflows.display import Display, Jobs
from rnnlab.workflows.sweep import Sweep, close_sweep, import_what_closes
from rnnlab.workflows.sweep_job import NotDone, Rules, write_sweep
from rnnlab.workflows.sweep_plan import new_plan, plan_table, write_plan
from rnnlab.workflows.sweep_time import in_words, sweep_seconds, throwaway_caches, time_jobs

UNFINISHED = 3
"""The exit code of a sweep that was told to stop before all its jobs were begun."""
WORTH_SAYING = 60.0
"""Seconds that a sweep takes at least of which it is said before how long it will take."""
BY_BATCHES = "a few batches timed"
PATIENCE, PATIENCE_OF_DRY_RUN = 2.0, 30.0
"""Seconds after which jobs begin, whatever is known of their time; and after which a dry run gives up.

Of the first, most is not lost: data that has been encoded and loops that are loaded are there for the jobs.
"""


@dataclass(frozen=True)
class SweepOptions:
    """How a sweep is to go on.

    extend: with other jobs beside those planned; retry_failed: also with those that failed; fail_fast: until
    one fails; max_minutes: for so long no further job is begun; dry_run: not at all, its jobs are shown.
    """

    extend: bool = False
    retry_failed: bool = False
    fail_fast: bool = False
    max_minutes: float | None = None
    dry_run: bool = False

    def rules(self) -> Rules:
        """Returns which jobs are to be done, from now on."""
        end = None if self.max_minutes is None else time.time() + 60 * self.max_minutes
        return Rules(self.retry_failed, self.fail_fast, end)


AS_PLANNED = SweepOptions()


@dataclass
class SweepWatch(Watch):
    """Says which jobs of a sweep are left, shows how it goes on, and closes it with its `with` block.

    command: the words that go on with it, to which the name of a sweep is added that has none in them;
    result: what there is at the end; None where there was no sweep.
    """

    display: Display
    options: SweepOptions
    command: Sequence[str] = ()
    result: Sweep | None = None
    rules: Rules = field(default_factory=Rules)
    _journal: Journal | None = None
    _news: Journal | None = None
    _new: list[Path] = field(default_factory=list)
    _jobs: Jobs | None = None
    _stack: ExitStack = field(default_factory=ExitStack)
    _names: Sequence[str] = ()
    _tried: set[str] = field(default_factory=set)
    _left: int = 0
    _to_do: Sequence[PlannedRun] = ()
    _workers: int = 1
    _estimated: bool = False
    _failures: dict[str, RnnlabError] = field(default_factory=dict)

    def sweep(self, folder: Path, runs: Sequence[PlannedRun], make_pool: MakePool | None) -> bool:
        """Writes the plan into the sweep's journal, or compares it with what is there."""
        check_no_links(folder)
        journal = Journal(folder)
        journal.read()
        self._names = [run.name for run in runs]
        if not journal.jobs and any(folder.glob(f"*/{SUMMARY}")):
            raise InputError(f"hydra.sweep.dir: {folder}: holds runs already; choose another folder")
        if self.options.dry_run:
            new_plan(journal, runs, extend=self.options.extend)
            self._show_plan(journal, runs, make_pool)
            return False
        self._new = missing_folders(folder)
        make(folder / CLAIMS, "hydra.sweep.dir")
        try:
            if runs:
                write_plan(journal, runs, extend=self.options.extend)
        except BaseException:
            remove_empty([folder / CLAIMS, *self._new])
            raise
        self._journal, self._news = journal, Journal(folder)
        self._news.read()
        over = sum(self.rules.over(journal.jobs[name]) for name in self._names)
        if over:
            self.display.message(
                f"{over} of {_number(len(runs))} {'is' if over == 1 else 'are'} over already"
            )
        self.rules = replace(self.options.rules(), begun=self._news.position)
        return True

    def rounds(self, runs: Sequence[PlannedRun]) -> Iterator[Sequence[PlannedRun]]:
        """Yields the jobs that are left to do, and again those of another process that did not do them."""
        journal, waiting = self._opened(), False
        while True:
            journal.read()
            left = [
                run
                for run in runs
                if run.name not in self._tried and not self.rules.over(journal.jobs[run.name])
            ]
            if not left or self.rules.hold(journal):
                return
            free = [run for run in left if not journal.claimed(run.name)]
            if free:
                self._left, self._to_do = len(left), left
                yield free
                continue
            if not waiting:
                self.display.message(f"{_jobs(len(left))} in the hands of another process; waiting for it")
                waiting = True
            time.sleep(LOOK)
            self.look()

    def lost(self, error: Exception) -> None:
        """Goes on after a launcher that gave up, or raises its error if nothing has come of it."""
        journal = self._opened()
        journal.read()
        begun = [job for job in journal.jobs.values() if job.at >= self.rules.begun]
        if not {job.name for job in begun} - self._tried:
            raise error
        for job in begun:
            if not journal.claimed(job.name):
                self.ended(job.name, JobError(str(error)))

    def workers(self, number: int, pool: Workers | None = None) -> None:
        """Says how long jobs of other processes will take, and shows them, as they do not themselves."""
        self._workers = number
        if self._jobs is None:
            self.display.message(f"{_number(self._left)}, {number} at a time{self._estimate(pool)}")
            self._jobs = self._stack.enter_context(self.display.jobs())
            self._jobs.more(self._left)

    def look(self) -> None:
        """Shows what has happened, here or elsewhere."""
        for event in self._news.read() if self._news else ():
            self._show(event)

    def is_gone(self, job: str) -> bool:
        """Returns whether a job was begun, and its process is gone without a word of how it ended."""
        journal = self._opened()
        journal.read()
        known = journal.jobs.get(job)
        return known is not None and known.state == "running" and not journal.claimed(job)

    def moved(self, job: str, share: float) -> None:
        """Shows how far a job is."""
        if self._jobs is not None:
            self._jobs.moved(job, share)

    def ended(self, job: str, outcome: Any) -> None:
        """Writes down how a job ended, if its process cannot have done so itself."""
        journal = self._opened()
        if not isinstance(outcome, NotDone):
            self._tried.add(job)
        if isinstance(outcome, RnnlabError):
            self._failures[job] = outcome
            journal.read()
            planned = journal.jobs.get(job)
            if planned is None:
                self.display.failed(JobError(f"{job}: {outcome}"))
            elif planned.state == "running" or planned.at < self.rules.begun:
                killed = planned.state == "running" or isinstance(outcome, DiedError)
                journal.add(_end_of(planned, "killed" if killed else "failed", str(outcome)))
                mark_failed(journal.folder / job, str(outcome))
                write_sweep(journal)
        self.look()

    def raise_failure(self) -> None:
        """Raises SweepError if any job failed, or is left to do."""
        journal = self._journal
        if journal is None:
            return
        states = [journal.jobs[name].state for name in self._names or journal.jobs]
        failed = sum(state in ("failed", "killed") for state in states)
        if failed:
            raise sweep_error(failed, list(self._failures.values()), kept=journal.path.is_file())
        if left := sum(state != "done" for state in states):
            error = SweepError(f"{_jobs(left)} left to do: {self.rules.hold(journal)}")
            error.exit_code = UNFINISHED
            raise error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.look()
        self._stack.close()
        if self._journal is None:
            return
        journal = self._journal
        journal.read()
        if kind is KeyboardInterrupt:
            self.display.note(f"interrupted; the finished runs are kept in {journal.folder}")
        if _is_empty(journal):
            shutil.rmtree(journal.folder)
            remove_empty(self._new)
            return
        self.result = close_sweep(journal, self.display)
        self._say_how_to_go_on(journal)

    def _estimate(self, pool: Workers | None = None) -> str:
        """Returns how long the jobs that are left will take, where that is known and worth saying.

        pool: processes in which a few of their batches can be timed.
        """
        times = {} if pool is None else time_jobs(pool, self._to_do, patience=PATIENCE)
        done = [job.seconds for job in self._opened().jobs.values() if job.state == "done"]
        if times and len(times) == len(self._to_do):
            seconds, by = sweep_seconds(times.values(), self._workers), BY_BATCHES
        elif done:
            seconds, by = self._left * sum(done) / len(done) / self._workers, f"{_number(len(done))} done"
        else:
            return ""
        self._estimated = True
        return f"; about {in_words(seconds)}, going by {by}" if seconds >= WORTH_SAYING else ""

    def _show_plan(self, journal: Journal, runs: Sequence[PlannedRun], make_pool: MakePool | None) -> None:
        """Shows the jobs, and how long those will take that are left, where they are to be done here."""
        rules = replace(self.options.rules(), begun=journal.position)
        left = [run for run in runs if run.name not in journal.jobs or not rules.over(journal.jobs[run.name])]
        times: dict[str, float] = {}
        if left and make_pool is not None:
            status = self.display.status("timing a few batches of each kind of job")
            with status, throwaway_caches(left) as of_dry_run, make_pool() as pool:
                times = time_jobs(pool, of_dry_run, patience=PATIENCE_OF_DRY_RUN)
        self.display.table(plan_table(journal, runs, {name: in_words(s) for name, s in times.items()}))
        if not left or make_pool is None:
            return
        at_a_time = min(pool.number, len(left))
        said = f"{_number(len(left))} to do, {at_a_time} at a time"
        if len(times) < len(left):
            self.display.message(f"{said}; how long that takes is not known, as {BY_BATCHES} did not tell")
            return
        seconds = in_words(sweep_seconds(times.values(), at_a_time))
        self.display.message(f"{said}; about {seconds}, going by {BY_BATCHES}")

    def _opened(self) -> Journal:
        assert self._journal is not None
        return self._journal

    def _show(self, event: Happened) -> None:
        error = JobError(event.error or "") if event.event in ("failed", "killed") else None
        if self._jobs is None:
            if error is not None:
                self.display.failed(JobError(f"{event.job}: {error}"))
        elif event.event == "running":
            self._jobs.began(event.job)
            import_what_closes()
        elif event.event != "interrupted":
            self._jobs.ended(event.job, error)
            self._left -= 1
            if not self._estimated and (estimate := self._estimate()):
                self.display.message(f"{_number(self._left)} left{estimate}")

    def _say_how_to_go_on(self, journal: Journal) -> None:
        states = [journal.jobs[name].state for name in self._names or journal.jobs]
        failed, left = states.count("failed"), len(states) - states.count("done") - states.count("failed")
        named = any(word.startswith(("sweep=", "hydra.sweep.dir=")) for word in self.command)
        name = [] if named else [f"sweep={journal.folder.name.removeprefix(SWEEP_PREFIX)}"]
        command = shlex.join([*self.command, *name])
        if left:
            self.display.note(f"{_jobs(left)} left to do; go on with: {command}")
        if failed:
            self.display.note(f"{_number(failed)} failed; try again with: {command} --retry-failed")


def _end_of(job: JournalJob, event: Literal["failed", "killed"], error: str) -> Happened:
    return Happened(event=event, job=job.name, hash=job.hash, error=error)


def _is_empty(journal: Journal) -> bool:
    """Returns whether all jobs of a sweep failed before they left anything, as for want of their data."""
    states = {job.state for job in journal.jobs.values()}
    folders = [path for path in journal.folder.iterdir() if path.is_dir() and path.name[0] != "."]
    return states == {"failed"} and not folders


def _number(jobs: int) -> str:
    return f"{jobs} jobs" if jobs != 1 else "1 job"


def _jobs(number: int) -> str:
    return f"{number} jobs are" if number != 1 else "1 job is"


def named_sweep(overrides: list[str]) -> list[str]:
    """Returns the overrides with the folder of a sweep for its name, sweep=NAME, if that is among them.

    Raises InputError for a name that is none.
    """
    names = [word.removeprefix("sweep=") for word in overrides if word.startswith("sweep=")]
    if not names:
        return overrides
    if len(names) > 1 or any(word.startswith("hydra.sweep.dir=") for word in overrides):
        raise InputError(f"sweep={names[-1]}: the sweep's folder is given twice; leave one of them out")
    name = names[0].removeprefix(SWEEP_PREFIX)
    if not re.fullmatch(r"\w[\w.-]{0,99}", name):
        raise InputError(f"sweep={names[0]}: expected a name of letters, digits, '_', '-' and '.'")
    others = [word for word in overrides if not word.startswith("sweep=")]
    return [*others, f"hydra.sweep.dir={OUTPUTS / (SWEEP_PREFIX + name)}"]


def check_is_sweep(overrides: list[str], options: HydraOptions, of_sweep: SweepOptions) -> None:
    """Raises InputError where what is for sweeps alone is asked of one training."""
    if options.cfg is None and options.info is None and not is_sweep(overrides, options):
        given = (
            f"--{name.replace('_', '-')}"
            for name, value in vars(of_sweep).items()
            if value not in (None, False)
        )
        raise InputError(f"{next(given, 'sweep=…')}: for sweeps alone; add -m")
