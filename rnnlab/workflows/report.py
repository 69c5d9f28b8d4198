"""One page about one run, or about several beside each other."""

from collections.abc import Sequence
from pathlib import Path

from rnnlab.core.errors import InputError
from rnnlab.core.files import check_replaceable
from rnnlab.reports.run_report import write_report
from rnnlab.runs.files import REPORT
from rnnlab.runs.finder import find_run


def report(names: Sequence[str], output: Path | None = None) -> Path:
    """Writes the page about the runs of these names; returns its path, by default report.html of the run.

    Raises InputError for a run that is not there, or where the page cannot be written.
    """
    folders = [find_run(name).folder for name in names]
    path = output or (folders[0] / REPORT if len(folders) == 1 else Path(REPORT))
    try:
        check_replaceable(path)  # before a minute of drawing
        write_report(folders, path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None
    return path
