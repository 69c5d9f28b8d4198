"""What a job of a sweep writes into the journal."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rnnlab.core.signals import interruptible
from rnnlab.runs.journal import Journal, Planned, PlannedJob
from rnnlab.workflows.sweep_job import Rules, do_job
from tests.core.test_signals import end_in_a_library


@pytest.mark.unchecked_types
def test_an_interruption_within_a_library_is_no_failure(tmp_path: Path) -> None:
    """A job that failed would not be done again."""
    journal = Journal(tmp_path)
    journal.add(Planned(settings={}, jobs={"x": PlannedJob(hash="1", words=[], settings={})}, asked=["x"]))
    (tmp_path / "x").mkdir()
    job: Any = SimpleNamespace(sweep_folder=tmp_path, folder=tmp_path / "x")
    with interruptible(), pytest.raises(KeyboardInterrupt):
        do_job(job, Rules(), lambda job, unfinished: end_in_a_library())
    journal.read()
    assert journal.jobs["x"].state == "interrupted"
