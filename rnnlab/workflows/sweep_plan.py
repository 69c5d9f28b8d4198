"""The plan of a sweep, written into its journal, or compared with what is planned there already."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import pandas as pd

from rnnlab.core.errors import InputError
from rnnlab.core.printable import shortened
from rnnlab.experiment.plan import PlannedRun
from rnnlab.reports.sweep_table import value_of, varied_names
from rnnlab.runs.journal import Command, Journal, Planned, PlannedJob

MOST = 4
"""So many differences between plans, and values of each, are named."""


def new_plan(journal: Journal, runs: Sequence[PlannedRun], *, extend: bool) -> Planned | None:
    """Returns what is to be added to the journal, None if it is there; raises InputError for another plan.

    A command may be given again: its jobs are then those of an earlier plan, or all that there are by now.
    extend: what is new is to be added to them.
    """
    asked = [run.name for run in runs]
    plans = [set(plan) for plan in journal.asked]
    if set(asked) in [*plans, set(journal.jobs)]:
        return None
    if plans and not extend:
        was = [job.settings for job in journal.jobs.values()]
        raise InputError(
            f"{journal.folder}: was planned with other jobs "
            f"({_differences(was, [run.settings for run in runs])}); "
            "give the sweep another name, or have these jobs as well with --extend"
        )
    return _planned(journal, runs)


def new_series(
    journal: Journal, runs: Sequence[PlannedRun], *, alike: Callable[[str], bool]
) -> Planned | None:
    """Returns what is to be added to the journal of a command that names its jobs itself, None if nothing is.

    alike: says of a setting whether all jobs have it alike. Raises InputError for other settings than those
    of jobs that are there.
    """
    pairs = [(journal.jobs[run.name].settings, run.settings) for run in runs if run.name in journal.jobs]
    if journal.jobs:
        was, now = next(iter(journal.jobs.values())).settings, runs[0].settings
        pairs.append(
            ({key: was[key] for key in was if alike(key)}, {key: now[key] for key in now if alike(key)})
        )
    for was, now in pairs:
        if was != now:
            raise InputError(
                f"{journal.folder}: was made with other settings ({_differences([was], [now])}); "
                "choose another --output"
            )
    return _planned(journal, runs) if any(run.name not in journal.jobs for run in runs) else None


def _planned(journal: Journal, runs: Sequence[PlannedRun]) -> Planned:
    common = dict(set.intersection(*(set(run.settings.items()) for run in runs)))
    jobs = {
        run.name: PlannedJob(
            hash=run.hash,
            words=list(run.words),
            settings={key: value for key, value in run.settings.items() if key not in common},
            choices=dict(run.choices),
        )
        for run in runs
        if run.name not in journal.jobs
    }
    return Planned(settings=dict(sorted(common.items())), jobs=jobs, asked=[run.name for run in runs])


def write_plan(journal: Journal, command: Command, plan: Callable[[Journal], Planned | None]) -> None:
    """Writes down what a command plans, unless it is there; raises InputError as `plan` does."""
    with journal.writing() as descriptor:  # two that begin at once are to have one plan
        journal.read()
        planned = plan(journal)
        if planned is not None:
            journal.write(descriptor, planned.model_copy(update={"command": command}))
    journal.read()


def _differences(was: Sequence[Mapping[str, str]], now: Sequence[Mapping[str, str]]) -> str:
    """Returns which settings have other values in two plans, in words."""

    def values(jobs: Iterable[Mapping[str, str]], key: str) -> list[str]:
        return list(dict.fromkeys(job.get(key, "none") for job in jobs))

    keys = dict.fromkeys(key for job in (*was, *now) for key in job)
    differ = [key for key in keys if set(values(was, key)) != set(values(now, key))]
    if not differ:
        return f"{len(was)} of them then, {len(now)} now"
    more = f"; {len(differ) - MOST} more settings" if len(differ) > MOST else ""
    named = (
        f"{shortened(key)}: {_few(values(was, key))} then, {_few(values(now, key))} now"
        for key in differ[:MOST]
    )
    return "; ".join(named) + more


def _few(values: Sequence[str]) -> str:
    return ", ".join(value[:40] for value in values[:MOST]) + (", …" if len(values) > MOST else "")


def plan_table(journal: Journal, runs: Sequence[PlannedRun], times: Mapping[str, str]) -> pd.DataFrame:
    """Returns a row per job: its folder's name, in what it differs from the others, and what became of it.

    times: by name, how long some of them will take; of none there is no column.
    """
    varied = varied_names(runs)
    rows = [[run.name, *(value_of(run, key) for key in varied), _state(journal, run.name)] for run in runs]
    table = pd.DataFrame(rows, columns=["run", *varied, "state"])
    return table.assign(takes=[times.get(run.name) for run in runs]) if times else table


def _state(journal: Journal, name: str) -> str:
    job = journal.jobs.get(name)
    if job is None:
        return "new"
    return "unfinished" if job.state == "running" and not journal.claimed(name) else job.state
