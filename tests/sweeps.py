"""Sweeps as tests see them: the folders of their jobs, and what their journals say."""

import os
import random
import signal
import subprocess
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from rnnlab.runs.journal import Happened, Journal


def folders_of(sweep: Path) -> list[Path]:
    """Returns the folders of a sweep's jobs, in the order of the plan."""
    journal = Journal(sweep)
    journal.read()
    return [sweep / name for name in journal.jobs]


def events_of(sweep: Path) -> list[Happened]:
    """Returns what has happened to the jobs of a sweep."""
    return Journal(sweep).read()


def check_that_no_finished_job_ran_again(sweep: Path) -> None:
    """Checks that a job is done once at most, and that nothing comes after that."""
    done: Counter[str] = Counter()
    for event in events_of(sweep):
        assert not done[event.job], f"{event.job}: {event.event} after it was done"
        done[event.job] += event.event == "done"


def states_of(sweep: Path) -> list[str]:
    """Returns what became of each job, in the order of the plan."""
    journal = Journal(sweep)
    journal.read()
    return [job.state for job in journal.jobs.values()]


def kill_both(sweep: Path, command: subprocess.Popen[str], rng: random.Random) -> list[int]:
    """Kills the process of a job once so many have begun, and the command once another has; returns whom."""
    journal, killed = Journal(sweep), []
    journal.read()
    for begun in (rng.choice([1, 2]), 1):
        left, end = begun, time.monotonic() + 600
        while command.poll() is None and left > 0 and time.monotonic() < end:
            left -= sum(event.event == "running" for event in journal.read())
            time.sleep(0.02)
        time.sleep(rng.uniform(0, 0.5))
        journal.read()
        alive = [job.last.pid for job in journal.jobs.values() if job.last and journal.claimed(job.name)]
        victim = command.pid if killed else next(iter(alive), command.pid)
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
            killed.append(victim)
    return killed
