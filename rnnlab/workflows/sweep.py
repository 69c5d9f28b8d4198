"""What compares the runs of a sweep."""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pandas as pd

from rnnlab.runs.files import REPORT, SWEEP
from rnnlab.runs.files import figure as figure_file
from rnnlab.runs.journal import Journal
from rnnlab.workflows.display import SILENT, Display
from rnnlab.workflows.sweep_job import write_sweep
from rnnlab.workflows.trained_run import TrainedRun, load_run


@dataclass(frozen=True)
class Sweep:
    """The finished runs of a sweep.

    folders: of its finished runs, in the order of their plan; table: a row each: the settings in which they
    differ, and the figures of the best round. Where runs failed, they have rows, too, and two more columns,
    `status` and `error`.
    """

    folder: Path
    folders: list[Path]
    table: pd.DataFrame

    @property
    def runs(self) -> list[TrainedRun]:
        """The runs, read from their folders."""
        return [load_run(folder) for folder in self.folders]

    def _repr_html_(self) -> str:
        """Returns the table for a notebook."""
        return str(self.table.to_html(index=False, border=0))


def import_what_closes() -> None:
    """Imports what compares and draws, while jobs go on: at their end a person would wait for it."""
    for name in ("rnnlab.reports.figures", "rnnlab.reports.sweep_page", "scipy.stats"):
        import_module(name)


def close_sweep(journal: Journal, display: Display = SILENT, page: Path | None = None) -> Sweep:
    """Writes sweep.csv, a row per job that is over, figures and page of the finished runs, and shows them.

    page: where that is written, by default report.html in the sweep's folder.
    """
    from rnnlab.reports.figures import save_figure  # late: only who draws waits for matplotlib
    from rnnlab.reports.sweep import read_sweep, sweep_figures
    from rnnlab.reports.sweep_page import write_sweep_page

    folder = journal.folder
    sweep_csv = write_sweep(journal)
    runs = read_sweep(journal)
    if gone := sum(job.state == "done" for job in journal.jobs.values()) - len(runs):
        display.note(f"folders of finished runs that are no longer there: {gone}; their rows are kept")
    sweep = Sweep(folder.resolve(), [run.folder.resolve() for run in runs], sweep_csv)
    if len(sweep.table) > 1:
        monitor = str(runs[0].summary.get("monitor")) if runs else ""
        figures = set(runs[0].metrics.columns[1:]) - {monitor} if runs else set()
        display.table(sweep.table.drop(columns=figures, errors="ignore"))
    display.result(f"sweep: {folder / SWEEP}")
    drawn = sweep_figures(journal, runs)
    for name, figure in drawn.items():
        path = folder / figure_file(name)
        save_figure(figure, path)
        display.result(f"figure: {path}")
    if runs:
        page = page or folder / REPORT
        write_sweep_page(page, folder.name, sweep.table, runs, drawn)
        display.result(f"page: {page}")
    return sweep
