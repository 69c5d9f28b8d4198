"""One page about one run, or about several beside each other."""

from collections.abc import Sequence
from pathlib import Path

from rnnlab.core.errors import InputError
from rnnlab.core.files import check_replaceable
from rnnlab.reports.run_report import write_report
from rnnlab.runs.files import REPORT, SWEEP
from rnnlab.runs.finder import find_run, find_sweep
from rnnlab.runs.journal import Journal
from rnnlab.workflows.display import SILENT, Display
from rnnlab.workflows.sweep import close_sweep


def report(names: Sequence[str], output: Path | None = None, display: Display = SILENT) -> Path:
    """Writes the page about the runs of these names, or about a sweep, with its table and figures.

    Returns its path, by default report.html of the run or the sweep. Raises InputError for a run that is not
    there, or where the page cannot be written.
    """
    sweeps = {name: folder for name in names if (folder := find_sweep(name)) is not None}
    if sweeps and len(names) > 1:
        raise InputError(f"{next(iter(sweeps))}: is a sweep, which has a page of its own; give it alone")
    folders = list(sweeps.values()) or [find_run(name).folder for name in names]
    path = output or (folders[0] / REPORT if len(folders) == 1 else Path(REPORT))
    try:
        check_replaceable(path)  # before a minute of drawing
        if sweeps:
            _report_sweep(folders[0], path, display)
        else:
            write_report(folders, path)
            display.result(f"report: {path}")
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None
    return path


def _report_sweep(folder: Path, path: Path, display: Display) -> None:
    journal = Journal(folder)
    journal.read()
    if not close_sweep(journal, display, path).folders:
        raise InputError(f"{folder}: no page, for none of its jobs has finished; see {folder / SWEEP}")
