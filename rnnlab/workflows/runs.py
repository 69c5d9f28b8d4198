"""What lies in outputs/."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from rnnlab.core.errors import InputError
from rnnlab.core.metrics import format_metric, higher_is_better
from rnnlab.reports.records import metric_names, step_column
from rnnlab.runs.files import SUMMARY
from rnnlab.runs.finder import Run, all_runs, find_run, metrics_path, run_name
from rnnlab.runs.settings import read_settings
from rnnlab.runs.tables import read_metrics
from rnnlab.workflows.display import SILENT, Display
from rnnlab.workflows.run_conditions import Names, check_names, names_of, nearest_value, read_conditions

ACCURACY = "valid_acc"
COLUMNS = ("run", "status", "trained", "monitor", "last", "best", ACCURACY, "seed")


@dataclass(frozen=True)
class RunList:
    """The runs that were asked for, a row each, of how many there are; hint: of a value that none has."""

    table: pd.DataFrame
    among: int
    hint: str = ""


def list_runs(
    words: Sequence[str] = (), sort: str | None = None, *, reverse: bool = False, display: Display = SILENT
) -> RunList:
    """Returns a row per run in outputs/, oldest first, those that cannot be read last, and why as notes.

    Columns: run, status, trained (as in `10 epochs`), monitor (the metric that chose the best round), last
    and best (its values), valid_acc where any run has that, seed; and what conditions and `sort` name.

    Args:
        words: conditions that all have to hold, as in model=lstm or valid_acc>0.9.
        sort: the name to sort by, figures best first, all else ascending, runs without it last.
        reverse: turns the order round.
        display: shows what a person should know.

    Raises:
        InputError: a word is no condition, or no run has what one of them names.
    """
    conditions = read_conditions(words)
    broken: dict[str, str] = {}

    def pass_over(folder: Path, error: InputError) -> None:
        broken[run_name(folder)] = "unreadable" if (folder / SUMMARY).exists() else "killed"
        display.note(str(error))

    runs = all_runs(passed=pass_over)
    asked = list(dict.fromkeys([*(condition.name for condition in conditions), *([sort] if sort else [])]))
    names = [names_of(run) if asked else {} for run in runs]
    if runs:
        check_names((condition.name for condition in conditions), names)
        check_names([sort] if sort else [], names, "--sort ")
    found = [
        (_row(run), known)
        for run, known in zip(runs, names, strict=True)
        if all(condition.holds(known) for condition in conditions)
    ]
    if sort:
        found = _sorted(found, sort)
    rows = [row | {name: known.get(name) for name in asked if name not in row} for row, known in found]
    listed = rows[::-1] if reverse else rows
    if not conditions:
        listed = [
            *listed,
            *(dict.fromkeys(COLUMNS) | {"run": name, "status": status} for name, status in broken.items()),
        ]
    table = pd.DataFrame(listed)
    if len(table):  # exact, also where some have none
        table["seed"] = pd.array([row["seed"] for row in listed], dtype="Int64")
    if len(table) and table[ACCURACY].isna().all():
        table = table.drop(columns=ACCURACY)
    hint = "" if rows else "".join(nearest_value(condition, names) for condition in conditions)
    return RunList(table, len(runs), hint)


def _sorted(rows: list[tuple[dict[str, Any], Names]], sort: str) -> list[tuple[dict[str, Any], Names]]:
    """Returns rows sorted by a name: numbers by value, else as text; those without it last."""
    having = [row for row in rows if row[1].get(sort) is not None]
    values = pd.Series([known[sort] for _, known in having], dtype=object)
    numbers = pd.to_numeric(values, errors="coerce")
    keys = values.astype(str) if numbers.isna().any() else numbers
    order = keys.sort_values(kind="stable", ascending=not higher_is_better(sort)).index
    return [*(having[place] for place in order), *(row for row in rows if row[1].get(sort) is None)]


def _row(run: Run) -> dict[str, Any]:
    summary = run.summary
    last, best = summary.get("final") or {}, summary.get("best") or {}
    monitor = summary.get("monitor")
    # Tasks that draw their examples count steps.
    unit = "step" if "step" in last else "epoch"
    return {
        "run": run.name,
        "status": run.status,
        "trained": None if last.get(unit) is None else f"{last[unit]:,} {unit}s",
        "monitor": monitor,
        "last": last.get(monitor),
        "best": best.get(monitor),
        ACCURACY: last.get(ACCURACY),
        "seed": summary.get("seed"),
    }


@dataclass(frozen=True)
class RunCurve:
    """One metric over a training: by split, where it was measured; unit: epoch or step."""

    metric: str
    unit: str
    splits: dict[str, pd.Series]


def show_run(name: str) -> tuple[dict[str, str], RunCurve]:
    """Returns what is to be known of a run, and how its accuracy went (else the first metric of its task).

    Raises InputError for a run that is not there, or whose metrics.csv is broken.
    """
    run = find_run(name)
    metrics = read_metrics(metrics_path(run))
    unit, names = step_column(metrics), metric_names(metrics)
    metric = "acc" if "acc" in names else (names or [""])[0]
    measured = metrics.set_index(metrics.columns[0])
    columns = {split: f"{split}_{metric}" for split in ("train", "valid")}
    splits = {split: measured[column].dropna() for split, column in columns.items() if column in measured}
    return _facts(run), RunCurve(metric, unit, splits)


def _facts(run: Run) -> dict[str, str]:
    summary = run.summary

    def figures(row: dict[str, Any] | None) -> str:
        return ", ".join(f"{name} {format_metric(name, value)}" for name, value in (row or {}).items()) or "-"

    versions = summary.get("versions", {})
    parameters = summary.get("parameters", {})
    return {
        "run": str(run.folder),
        "status": _status(run),
        "trained": _trained(run),
        "final": figures(summary.get("final")),
        f"best by {summary.get('monitor')}": figures(summary.get("best")),
        **({"test of the best": figures(summary["test"])} if summary.get("test") else {}),
        "parameters": f"{parameters.get('trainable', 0):,} trained of {parameters.get('total', 0):,}",
        "wall time": f"{summary.get('wall_seconds')} s, peak memory {summary.get('peak_memory_mib')} MiB",
        "versions": ", ".join(f"{name} {value}" for name, value in versions.items()),
        "run again": str(summary.get("command")),
    }


def _trained(run: Run) -> str:
    """Returns how long a run has been trained, for how long at most, and why not if it was patience."""
    last, settings = run.summary.get("final") or {}, read_settings(run.folder)
    unit = "step" if "step" in last else "epoch"
    most, patience = settings.get(f"training.{unit}s", "-"), settings.get("training.patience", "null")
    early = run.status == "finished" and patience != "null" and str(last.get(unit)) != most
    why = f", for it had not improved for {patience} rounds (training.patience)" if early else ""
    return f"{last.get(unit, 0)} of {most} {unit}s{why}"


def _status(run: Run) -> str:
    """Returns a run's status, why it failed or stopped, and how it goes on if it does not by itself."""
    error = f": {run.summary['error']}" if "error" in run.summary else ""
    if run.under_way or run.status == "finished":
        return run.status + error
    if run.status == "stopped":  # which says so itself
        more = f"rnnlab train --resume {run.argument} training.max_minutes=null"
        return f"{run.summary['stopped']}; for more: {more}"
    missing = "; its report is missing" if run.status == "trained" else ""
    return f"{run.status}{error}{missing}; go on with: rnnlab train --resume {run.argument}"
