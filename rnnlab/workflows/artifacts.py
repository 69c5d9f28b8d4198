"""What a run gets at its end: predictions, minimal pairs, its task's tables, figures and report.html."""

import pandas as pd

from rnnlab.core.errors import InputError
from rnnlab.core.profile import span
from rnnlab.data.labels import INSERTED_AT
from rnnlab.experiment.torch_settings import torch_settings
from rnnlab.probes.pairs import positive_and_negative
from rnnlab.probes.positions import Positions
from rnnlab.runs.files import PAIRS, PAIRS_SUMMARY, TOKEN_USE
from rnnlab.runs.files import table as table_file
from rnnlab.runs.tables import write_table
from rnnlab.workflows.pairs import judge_pairs
from rnnlab.workflows.trained_run import TrainedRun


def write_artifacts(run: TrainedRun) -> dict[str, pd.DataFrame]:
    """Writes all of that into the folder of a run that is then finished; returns the tables by file name."""
    with span("imports"):  # late: a training does not wait for matplotlib
        from rnnlab.reports.run_report import write_run_report

    tables = write_tables(run)
    write_run_report(run.folder, status="finished")
    return tables


def write_tables(run: TrainedRun) -> dict[str, pd.DataFrame]:
    """Writes the tables alone; returns them by file name."""
    tables: dict[str, pd.DataFrame] = {}
    with torch_settings(run.config):
        if run.task.uses_insert:
            tables |= _pairs(run) | _token_use(run)
        with span("tables of the task"):
            of_task = run.task.tables(run.predict_fn, run.task_data)
    tables |= {table_file(name): table for name, table in of_task.items()}
    for name, table in tables.items():
        write_table(run.folder / name, table)
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
    with span("minimal pairs"):
        pairs = judge_pairs(run)
    return {PAIRS: pairs.rows, PAIRS_SUMMARY: pairs.summary}


def _token_use(run: TrainedRun) -> dict[str, pd.DataFrame]:
    """Returns how often the net is right with and without the tokens it was trained with, on a few texts.

    Columns: `insert`; `texts`, how many were looked at; `accuracy` with the token of each text's class,
    `accuracy_without`; `shift`, by which the tokens move the logit, see `rnnlab.probes.positions`.
    """
    if run.config.insert not in INSERTED_AT:
        return {}
    probe = Positions((INSERTED_AT[run.config.insert],))
    probe = probe.within(run.summary["examples"]["train"] * run.epoch)
    with span("token use"):
        rows = probe.measure(run.probe_input)
    number = min(probe.max_texts or 0, len(run.probe_input.examples))
    shift = rows["shift" if "shift" in rows else "logit_shift"][1]
    without, with_token = rows["accuracy"][0], rows["accuracy"][1]
    values = [run.config.insert, number, with_token, without, shift]
    columns = ["insert", "texts", "accuracy", "accuracy_without", "shift"]
    return {TOKEN_USE: pd.DataFrame([values], columns=columns)}
