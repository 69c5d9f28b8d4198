"""What a run gets at its end: predictions to read, minimal pairs, figures and report.html."""

from pathlib import Path

import pandas as pd

from rnnlab.core.files import write_text
from rnnlab.experiment.probe_input import probe_input_of, task_data_of
from rnnlab.experiment.restore import RestoredRun, restore
from rnnlab.probes.most_confident import most_confident_predictions
from rnnlab.probes.pairs import built_in_suites, judge, summarise
from rnnlab.reports.figures import save_figure
from rnnlab.reports.run_report import write_run_report
from rnnlab.reports.sweep import read_sweep, sweep_figures, sweep_table
from rnnlab.runs.files import table as table_file
from rnnlab.runs.finder import open_run
from rnnlab.tasks.sentiment import Sentiment
from rnnlab.terminal.display import track_texts


def close_run(folder: Path) -> None:
    """Writes predictions, tables, figures/ and report.html of a finished run into its folder."""
    restored = restore(open_run(folder))
    task_data = task_data_of(restored, track=track_texts)
    if isinstance(restored.task, Sentiment):
        write_table(
            folder / "predictions.csv", most_confident_predictions(probe_input_of(restored, task_data))
        )
        write_pairs(restored)
    for name, table in restored.task.tables(restored.predict_fn, task_data).items():
        write_table(folder / table_file(name), table)
    write_run_report(folder)


def close_sweep(folder: Path) -> None:
    """Writes sweep.csv, a row a finished run, and figures of them all into a sweep's folder."""
    runs = read_sweep(folder)
    if len(runs) < 2:
        return
    write_table(folder / "sweep.csv", sweep_table(runs))
    print(f"\nsweep: {folder / 'sweep.csv'}")
    for name, figure in sweep_figures(runs).items():
        save_figure(figure, folder / "figures" / f"{name}.png")
        print(f"figure: {folder / 'figures' / f'{name}.png'}")


def write_pairs(restored: RestoredRun) -> None:
    """Writes the built-in suites' pairs.csv, a row a pair, and pairs_summary.csv, a row a suite."""
    judged = [
        judge(suite, restored.encode, restored.model, device=restored.device) for suite in built_in_suites()
    ]
    rows = pd.concat(judged, ignore_index=True)
    rows.insert(0, "epoch", restored.epoch)
    write_table(restored.run.folder / "pairs.csv", rows)
    write_table(restored.run.folder / "pairs_summary.csv", summarise(rows))


def write_table(path: Path, rows: pd.DataFrame) -> None:
    """Writes rows as CSV, atomically; NaN becomes an empty cell."""
    write_text(path, rows.to_csv(index=False, lineterminator="\n"))
