"""What compares the runs of a sweep."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from rnnlab.reports.figures import save_figure
from rnnlab.reports.sweep import read_sweep, sweep_figures, sweep_table
from rnnlab.runs.files import SWEEP
from rnnlab.runs.files import figure as figure_file
from rnnlab.runs.tables import write_table
from rnnlab.workflows.display import SILENT, Display
from rnnlab.workflows.trained_run import TrainedRun, load_run


@dataclass(frozen=True)
class Sweep:
    """The finished runs of a sweep.

    folders: of its finished runs, in their order; table: a row each: the settings in which they differ, and
    the figures of the best round (empty for fewer than two runs).
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


def close_sweep(folder: Path, display: Display = SILENT) -> Sweep:
    """Writes sweep.csv, a row per finished run, and figures of them all, where there are at least two."""
    runs = read_sweep(folder)
    folders = [run.folder.resolve() for run in runs]
    if len(runs) < 2:
        return Sweep(folder.resolve(), folders, pd.DataFrame())
    sweep = Sweep(folder.resolve(), folders, sweep_table(runs))
    write_table(folder / SWEEP, sweep.table)
    display.result(f"\nsweep: {folder / SWEEP}")
    for name, figure in sweep_figures(runs).items():
        path = folder / figure_file(name)
        save_figure(figure, path)
        display.result(f"figure: {path}")
    return sweep
