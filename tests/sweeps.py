"""Sweeps as tests see them: the folders of their jobs, and what their journals say."""

from collections import Counter
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
