"""A job of a sweep, in whichever process: claimed, done unless it is over, and written into the journal."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from rnnlab.core.errors import RnnlabError, reason
from rnnlab.core.locks import lock
from rnnlab.core.signals import interruptions_as_such
from rnnlab.experiment.job import Job
from rnnlab.experiment.job_folder import discard
from rnnlab.experiment.plan import own_choices
from rnnlab.reports.sweep_table import journal_table
from rnnlab.runs import journal as journals
from rnnlab.runs.files import CLAIMS, CONFIG, HYDRA, LOGS, SUMMARY, SWEEP
from rnnlab.runs.journal import EventName, Happened, Journal, Planned, PlannedJob
from rnnlab.runs.settings import flatten
from rnnlab.runs.tables import write_table


class NotDone(Enum):
    """Why a job was not done: another process has it, or no job is to begin any more."""

    ELSEWHERE = "elsewhere"
    HELD = "held"


@dataclass(frozen=True)
class Rules:
    """Which jobs are to be done.

    retry_failed: also those that have failed; fail_fast: none any more once one has; end: none after that
    time, in seconds since the epoch; begun: where in the journal what happens now begins.
    """

    retry_failed: bool = False
    fail_fast: bool = False
    end: float | None = None
    begun: int = 0

    def over(self, job: journals.Job) -> bool:
        """Returns whether a job is not to be done again."""
        again = self.retry_failed and job.at < self.begun
        return job.state == "done" or (job.state == "failed" and not again)

    def hold(self, journal: Journal) -> str | None:
        """Returns why no further job is to begin, if so."""
        if self.end is not None and time.time() >= self.end:
            return "the time was up"
        failed = (job for job in journal.jobs.values() if job.state in ("failed", "killed"))
        if self.fail_fast and any(job.at >= self.begun for job in failed):
            return "a job failed"
        return None


class Worked(NamedTuple):
    """What came of a job: what it returns, its figures for the journal, and why it stopped before its end."""

    value: Any
    best: dict[str, float | int | None] | None = None
    stopped: str | None = None


def do_job(
    job: Job,
    rules: Rules,
    work: Callable[[Job, bool], Worked],
    write: Callable[[Journal], object] = lambda journal: None,
) -> Any:
    """Does a job of a sweep unless that is another's or over; returns what its work does, or why not.

    work: does it, or goes on with its run where there is an unfinished one; write: is called when it is over.
    """
    assert job.sweep_folder is not None
    journal, name = Journal(job.sweep_folder), job.folder.name
    with journal.claim(name) as mine:
        if not mine:
            return NotDone.ELSEWHERE
        journal.read()
        if name not in journal.jobs:  # of a sweeper that samples its jobs one after another
            _plan(journal, job)
        planned = journal.jobs[name]
        if rules.over(planned):
            return None
        if rules.hold(journal):
            discard(job.folder)
            return NotDone.HELD

        def add(event: EventName, **facts: Any) -> None:
            journal.add(Happened(event=event, job=name, hash=planned.hash, **facts))
            if event != "running":
                write(journal)

        add("running")
        try:
            with interruptions_as_such():
                worked = work(job, _is_unfinished(job.folder))
        except KeyboardInterrupt:
            add("interrupted")
            discard(job.folder)
            raise
        except Exception as error:
            add("failed", error=str(error) if isinstance(error, RnnlabError) else reason(error))
            raise
        add("done", best=worked.best, stopped=worked.stopped)
        return worked.value


def write_sweep(journal: Journal) -> pd.DataFrame:
    """Writes sweep.csv as the journal has it, a row for each job that is over; returns that table."""
    with lock(journal.folder / CLAIMS / SWEEP):  # or one that has read less might write later
        journal.read()
        table = journal_table(journal)
        write_table(journal.folder / SWEEP, table)
    return table


def _plan(journal: Journal, job: Job) -> None:
    settings = flatten(job.config.model_dump(mode="json"))
    choices = own_choices(job.choices)
    planned = PlannedJob(hash="", words=job.overrides, settings=settings, choices=choices)
    journal.add(Planned(settings={}, jobs={job.folder.name: planned}, asked=[job.folder.name]))


def _is_unfinished(folder: Path) -> bool:
    """Returns whether a job has left a run to go on with; what else it has left is taken away."""
    if (folder / SUMMARY).is_file() and (folder / CONFIG).is_file():
        return True
    keep = {folder / HYDRA, *folder.glob(LOGS)}
    for path in set(folder.iterdir()) - keep:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    return False
