"""The table of a sweep: a row per run, in what the runs differ and how good each became."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from rnnlab.core.errors import InputError
from rnnlab.reports.records import Records
from rnnlab.runs.journal import Journal

MOST_CELLS = 10_000_000
STATUS = {"done": "finished", "failed": "failed", "killed": "killed"}
"""What the table says of a job that is over."""


def sweep_table(runs: Sequence[Records]) -> pd.DataFrame:
    """Returns a row per run: the settings in which the runs differ, then the figures of its best round."""
    rows = [(run.name, run.settings, run.summary.get("best") or {}) for run in runs]
    return _table(rows, varied_settings([run.settings for run in runs]))


def journal_table(journal: Journal) -> pd.DataFrame:
    """Returns the same for all jobs of a sweep that are over.

    If any of them did not come to its end, `status` and `error` come last. Raises InputError for a journal in
    which nearly every job has settings or figures of its own, so that a table of all would be too large.
    """
    jobs = [job for job in journal.jobs.values() if job.state in STATUS]
    varied = varied_settings([job.settings for job in journal.jobs.values()])
    rows = [(job.name, job.settings, (job.last and job.last.best) or {}) for job in jobs]
    columns = len(varied) + len({name for _, _, figures in rows for name in figures})
    if len(rows) * columns > MOST_CELLS:
        raise InputError(
            f"{journal.path}: expected jobs that differ in a few settings; a table of {len(rows):,} jobs "
            f"would have {columns:,} columns"
        )
    table = _table(rows, varied)
    errors = [job.last and (job.last.error or job.last.stopped) for job in jobs]
    if any(errors):
        stopped = [job.last and job.last.stopped for job in jobs]
        table["status"] = [
            "stopped" if s else STATUS[job.state] for job, s in zip(jobs, stopped, strict=True)
        ]
        table["error"] = errors
    return table


def varied_settings(runs: Sequence[Mapping[str, str]]) -> list[str]:
    """Returns the settings in which runs differ, but for the hashes of what other settings name."""
    keys = dict.fromkeys(key for settings in runs for key in settings if not key.startswith("sha256 of "))
    return [key for key in keys if len({settings.get(key) for settings in runs}) > 1]


def _table(
    rows: Sequence[tuple[str, Mapping[str, str], Mapping[str, Any]]], varied: Sequence[str]
) -> pd.DataFrame:
    names = pd.Series([name for name, _, _ in rows], name="run", dtype=object)
    settings = pd.DataFrame([[of_run.get(key) for key in varied] for _, of_run, _ in rows], columns=varied)
    best = pd.DataFrame([figures for _, _, figures in rows], index=names.index)
    whole = {name for _, _, figures in rows for name, value in figures.items() if type(value) is int}
    best = best.astype({name: "Int64" for name in whole if best[name].isna().any()})
    return pd.concat([names.to_frame(), settings.apply(_numbers_where_all_are), best], axis=1)


def _numbers_where_all_are(column: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(column, errors="coerce")
    return column if numbers.isna().any() else numbers
