"""What a run gets at its end: predictions, minimal pairs, its task's tables, figures and report.html."""

import pandas as pd

from rnnlab.core.errors import InputError
from rnnlab.experiment.torch_settings import torch_settings
from rnnlab.probes.pairs import positive_and_negative
from rnnlab.reports.run_report import write_run_report
from rnnlab.runs.files import PAIRS, PAIRS_SUMMARY
from rnnlab.runs.files import table as table_file
from rnnlab.runs.tables import write_table
from rnnlab.workflows.pairs import judge_pairs
from rnnlab.workflows.trained_run import TrainedRun


def write_artifacts(run: TrainedRun) -> dict[str, pd.DataFrame]:
    """Writes all of that into the folder of a run that is over; returns the tables by file name."""
    tables: dict[str, pd.DataFrame] = {}
    with torch_settings(run.config):
        if run.task.uses_insert:
            tables |= _pairs(run)
        of_task = run.task.tables(run.predict_fn, run.task_data)
    tables |= {table_file(name): table for name, table in of_task.items()}
    for name, table in tables.items():
        write_table(run.folder / name, table)
    write_run_report(run.folder)
    return tables


def _pairs(run: TrainedRun) -> dict[str, pd.DataFrame]:
    """Returns what the net makes of minimal pairs, nothing where no label is positive and none negative."""
    try:
        positive_and_negative(run.classes)
    except InputError:
        options = "--positive LABEL --negative LABEL"
        run.display.note(
            f"minimal pairs: no labels are called positive and negative; rnnlab pairs {run.name} {options}"
        )
        return {}
    pairs = judge_pairs(run)
    return {PAIRS: pairs.rows, PAIRS_SUMMARY: pairs.summary}
