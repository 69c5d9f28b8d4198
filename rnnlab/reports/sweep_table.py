"""The table of a sweep: a row per run, in what the runs differ and how good each became."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import pandas as pd

from rnnlab.core.errors import InputError
from rnnlab.runs.journal import Journal

MOST_CELLS = 10_000_000
STATUS = {"done": "finished", "failed": "failed", "killed": "killed"}
"""What the table says of a job that is over."""


@runtime_checkable
class Described(Protocol):
    """A job: the words that led to it, the settings that these made, and the choices of Hydra's groups."""

    @property
    def words(self) -> Sequence[str]:
        """As in model=lstm."""
        ...

    @property
    def settings(self) -> Mapping[str, str]:
        """By dotted names."""
        ...

    @property
    def choices(self) -> Mapping[str, str]:
        """By group."""
        ...


def journal_table(journal: Journal) -> pd.DataFrame:
    """Returns a row per job that is over: what tells it from the others, and the figures of its best round.

    If any of them did not come to its end, `status` and `error` come last. Raises InputError for a journal in
    which nearly every job has settings or figures of its own, so that a table of all would be too large.
    """
    jobs = list(journal.jobs.values())
    varied = varied_names(jobs)
    over = [job for job in jobs if job.state in STATUS]
    figures = [(job.last and job.last.best) or {} for job in over]
    columns = len(varied) + len({name for row in figures for name in row})
    if len(over) * columns > MOST_CELLS:
        raise InputError(
            f"{journal.path}: expected jobs that differ in a few settings; a table of {len(over):,} jobs "
            f"would have {columns:,} columns"
        )
    names = pd.DataFrame({"run": pd.Series([job.name for job in over], dtype=object)})
    settings = pd.DataFrame([[value_of(job, name) for name in varied] for job in over], columns=varied)
    table = pd.concat([names, settings.apply(_numbers_where_all_are), _figures(figures)], axis=1)
    status = ["stopped" if job.last and job.last.stopped else STATUS[job.state] for job in over]
    if set(status) - {"finished"}:
        table["status"] = status
        table["error"] = [job.last and (job.last.error or job.last.stopped) for job in over]
    return table


def varied_names(jobs: Sequence[Described]) -> list[str]:
    """Returns the names of groups and settings that tell jobs apart: those that their words have varied.

    Of all other settings only those that differ between jobs of the same choices, as after a change of a
    configuration or of what is there by default; of a choice follow all settings that come with it.
    """
    settings = dict.fromkeys(name for job in jobs for name in job.settings)
    known = settings.keys() | {group for job in jobs for group in job.choices}
    named = dict.fromkeys(name for job in jobs for word in job.words if (name := _name(word)) in known)
    varied = [name for name in named if len({value_of(job, name) for job in jobs}) > 1]
    alike: dict[tuple[str | None, ...], list[Described]] = {}
    for job in jobs:
        alike.setdefault(tuple(job.choices.get(name) for name in varied), []).append(job)
    return [
        *varied,
        *(
            name
            for name in settings
            if name not in varied
            and not name.startswith("sha256 of ")
            and any(len({job.settings.get(name) for job in some}) > 1 for some in alike.values())
        ),
    ]


def value_of(job: Described, name: str) -> str | None:
    """Returns what was chosen in a group, or a setting."""
    return job.choices.get(name, job.settings.get(name))


def _name(word: str) -> str:
    """Returns which key or group a word such as `+task.length=5` is about."""
    return word.partition("=")[0].lstrip("+~")


def _figures(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Returns rows of figures, those that are whole numbers as such where some rows lack them, too."""
    table = pd.DataFrame(list(rows), index=range(len(rows)))
    whole = {name for row in rows for name, value in row.items() if type(value) is int}
    return table.astype({name: "Int64" for name in whole if table[name].isna().any()})


def _numbers_where_all_are(column: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(column, errors="coerce")
    return column if numbers.isna().any() else numbers
