"""How jobs with a journal go on: which are left, what is shown of them, and what is said at the end."""

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
from rnnlab.experiment.launch import SweepError, sweep_error
from rnnlab.experiment.plan import PlannedRun
from rnnlab.runs.files import CLAIMS
from rnnlab.runs.journal import Command, Happened, Journal, Planned
from rnnlab.runs.journal import Job as JournalJob
from rnnlab.runs.own_files import check_no_links
from rnnlab.runs.writer import mark_failed
from rnnlab.workflows.display import Display, Jobs
from rnnlab.workflows.sweep_job import NotDone, Rules
from rnnlab.workflows.sweep_plan import write_plan
from rnnlab.workflows.sweep_time import in_words

UNFINISHED = 3
"""The exit code of a sweep that was told to stop before all its jobs were begun."""
WORTH_SAYING = 60.0
"""Seconds that a sweep takes at least of which it is said before how long it will take."""


@dataclass
class JournalWatch(Watch):
    """Writes the plan, says which jobs are left, shows how it goes on, and closes it with its `with` block.

    rules: which jobs are to be done; command: the words that go on with it; folder_key: what names their
    folder; of: the command whose jobs they are; failures: the errors of jobs, by name.
    """

    display: Display
    rules: Rules = field(default_factory=Rules)
    command: Sequence[str] = ()
    folder_key: str = "hydra.sweep.dir"
    of: Command = "train"
    _journal: Journal | None = None
    _news: Journal | None = None
    _new: list[Path] = field(default_factory=list)
    _jobs: Jobs | None = None
    _stack: ExitStack = field(default_factory=ExitStack)
    _names: Sequence[str] = ()
    _handed: set[str] = field(default_factory=set)
    _tried: set[str] = field(default_factory=set)
    _left: int = 0
    _to_do: Sequence[PlannedRun] = ()
    _workers: int = 1
    _estimated: bool = False
    failures: dict[str, RnnlabError] = field(default_factory=dict)

    def may_begin(self, journal: Journal, runs: Sequence[PlannedRun], make_pool: MakePool | None) -> bool:
        """Looks at a folder before anything is written; returns whether to begin, or raises InputError."""
        return True

    def plan(self, journal: Journal, runs: Sequence[PlannedRun]) -> Planned | None:
        """Returns what is to be added to the journal; raises InputError for what does not fit it."""
        raise NotImplementedError

    def possible(self, runs: Sequence[PlannedRun]) -> Sequence[PlannedRun]:
        """Returns the jobs that can be done by now, as others that they follow from are over."""
        return runs

    def write(self, journal: Journal) -> None:
        """Writes what is to be read of the jobs that are over."""

    def close(self, journal: Journal) -> None:
        """Writes what is to be there at the end."""

    def needed(self, journal: Journal) -> Sequence[str]:
        """Returns the jobs that are to be done, or were."""
        return self._names or list(journal.jobs)

    def sweep(self, folder: Path, runs: Sequence[PlannedRun], make_pool: MakePool | None) -> bool:
        """Writes the plan into the journal, or compares it with what is there."""
        if any(path.exists() and not path.is_dir() for path in (folder, *folder.parents)):
            raise InputError(f"{self.folder_key}: {folder}: is not a folder")
        check_no_links(folder)
        journal = Journal(folder)
        journal.read()
        if journal.command not in (None, self.of):
            raise InputError(
                f"{self.folder_key}: {folder}: holds jobs of rnnlab {journal.command}; choose another"
            )
        self._names = [run.name for run in runs]
        if not self.may_begin(journal, runs, make_pool):
            return False
        self._new = missing_folders(folder)
        make(folder / CLAIMS, self.folder_key)
        try:
            if runs:
                write_plan(journal, self.of, lambda journal: self.plan(journal, runs))
        except BaseException:
            remove_empty([folder / CLAIMS, *self._new])
            raise
        self._journal, self._news = journal, Journal(folder)
        self._news.read()
        over = sum(self.rules.over(journal.jobs[name]) for name in self._names)
        if over:
            self.display.message(f"{over} of {number(len(runs))} {'is' if over == 1 else 'are'} over already")
        self.rules = replace(self.rules, begun=self._news.position)
        return True

    def rounds(self, runs: Sequence[PlannedRun]) -> Iterator[Sequence[PlannedRun]]:
        """Yields the jobs that are left to do, and again those of another process that did not do them."""
        journal, waiting = self.opened(), False
        while True:
            journal.read()
            left = [
                run
                for run in self.possible(runs)
                if run.name not in self._tried and not self.rules.over(journal.jobs[run.name])
            ]
            if not left or self.rules.hold(journal):
                return
            free = [run for run in left if not journal.claimed(run.name)]
            if free:
                self._left, self._to_do = self.count(len(left)), left
                self._handed = {run.name for run in free}
                yield free
                continue
            if not waiting:
                self.display.message(f"{are(len(left))} in the hands of another process; waiting for it")
                waiting = True
            time.sleep(LOOK)
            self.look()

    def count(self, left: int) -> int:
        """Returns how many jobs are left at most, of which so many can be done by now."""
        return left

    def lost(self, error: Exception) -> None:
        """Goes on after a launcher that gave up, or raises its error if nothing has come of it."""
        journal = self.opened()
        journal.read()
        begun = [job for job in journal.jobs.values() if job.at >= self.rules.begun]
        if not {job.name for job in begun} - self._tried:
            raise error
        for job in begun:
            if not journal.claimed(job.name):
                self.ended(job.name, JobError(str(error)))

    def workers(self, number_at_a_time: int, pool: Workers | None = None) -> None:
        """Says how long jobs of other processes will take, and shows them, as they do not themselves."""
        self._workers = number_at_a_time
        if self._jobs is None:
            self.display.message(f"{number(self._left)}, {number_at_a_time} at a time{self._estimate(pool)}")
            self._jobs = self._stack.enter_context(self.display.jobs())
            self._jobs.more(self._left)

    def look(self) -> None:
        """Shows what has happened, here or elsewhere."""
        for event in self._news.read() if self._news else ():
            self.show(event)

    def show(self, event: Happened) -> None:
        """Shows what has happened to a job."""
        error = JobError(event.error or "") if event.event in ("failed", "killed") else None
        if self._jobs is None:
            if error is not None:
                self.display.failed(JobError(f"{event.job}: {error}"))
        elif event.event == "running":
            self._jobs.began(event.job)
        elif event.event != "interrupted":
            self._jobs.ended(event.job, error)
            left = self.count(self._left - 1)
            self._jobs.more(left - (self._left - 1))
            self._left = left
            if not self._estimated and (estimate := self._estimate()):
                self.display.message(f"{number(self._left)} left{estimate}")

    def is_gone(self, job: str) -> bool:
        """Returns whether a job was begun, and its process is gone without a word of how it ended."""
        journal = self.opened()
        journal.read()
        known = journal.jobs.get(job)
        return known is not None and known.state == "running" and not journal.claimed(job)

    def moved(self, job: str, share: float) -> None:
        """Shows how far a job is."""
        if self._jobs is not None:
            self._jobs.moved(job, share)

    def ended(self, job: str, outcome: Any) -> None:
        """Writes down how a job ended, if its process cannot have done so itself."""
        journal = self.opened()
        if not isinstance(outcome, NotDone):
            self._tried.add(job)
        if isinstance(outcome, RnnlabError):
            self.failures[job] = outcome
            journal.read()
            planned = journal.jobs.get(job)
            if planned is None:
                self.display.failed(JobError(f"{job}: {outcome}"))
            elif planned.state == "running" or planned.at < self.rules.begun:
                killed = planned.state == "running" or isinstance(outcome, DiedError)
                journal.add(_end_of(planned, "killed" if killed else "failed", str(outcome)))
                mark_failed(journal.folder / job, str(outcome))
                self.write(journal)
        self.look()

    def raise_failure(self) -> None:
        """Raises SweepError if any job failed, or is left to do."""
        journal = self._journal
        if journal is None:
            return
        states = [journal.jobs[name].state for name in self.needed(journal)]
        failed = sum(state in ("failed", "killed") for state in states)
        if failed:
            raise sweep_error(failed, list(self.failures.values()), kept=journal.path.is_file())
        if left := sum(state != "done" for state in states):
            error = SweepError(f"{are(left)} left to do: {self.rules.hold(journal)}")
            error.exit_code = UNFINISHED
            raise error

    def opened(self) -> Journal:
        """Returns the journal."""
        assert self._journal is not None
        return self._journal

    def seconds_left(self, pool: Workers | None) -> tuple[float, str] | None:
        """Returns how long the jobs that are left will take, and by what that is told; None: not known.

        pool: processes in which a few of their batches can be timed.
        """
        done = [job for job in self.opened().jobs.values() if job.state == "done"]
        if not done:
            return None
        return self.seconds_by(done) / self._workers, f"{number(len(done))} done"

    def seconds_by(self, done: Sequence[JournalJob]) -> float:
        """Returns how long the jobs that are left will take, one after another, going by those done."""
        return self._left * sum(job.seconds for job in done) / len(done)

    def words_to_go_on(self, journal: Journal) -> list[str]:
        """Returns the command that goes on with it."""
        return list(self.command)

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
        self.close(journal)
        self._say_how_to_go_on(journal)

    def _estimate(self, pool: Workers | None = None) -> str:
        """Returns how long the jobs that are left will take, where that is known and worth saying."""
        known = self.seconds_left(pool)
        self._estimated = known is not None
        if known is None or known[0] < WORTH_SAYING:
            return ""
        return f"; about {in_words(known[0])}, going by {known[1]}"

    def _say_how_to_go_on(self, journal: Journal) -> None:
        states = [journal.jobs[name].state for name in self.needed(journal)]
        failed, left = states.count("failed"), len(states) - states.count("done") - states.count("failed")
        command = shlex.join(self.words_to_go_on(journal))
        if left:
            self.display.note(f"{are(left)} left to do; go on with: {command}")
        if failed:
            self.display.note(f"{number(failed)} failed; try again with: {command} --retry-failed")


def _end_of(job: JournalJob, event: Literal["failed", "killed"], error: str) -> Happened:
    return Happened(event=event, job=job.name, hash=job.hash, error=error)


def _is_empty(journal: Journal) -> bool:
    """Returns whether all jobs of a sweep failed before they left anything, as for want of their data."""
    states = {job.state for job in journal.jobs.values()}
    folders = [path for path in journal.folder.iterdir() if path.is_dir() and path.name[0] != "."]
    return states == {"failed"} and not folders


def number(jobs: int) -> str:
    """Returns so many jobs in words."""
    return f"{jobs} jobs" if jobs != 1 else "1 job"


def are(jobs: int) -> str:
    """Returns the same with its verb."""
    return f"{jobs} jobs are" if jobs != 1 else "1 job is"
