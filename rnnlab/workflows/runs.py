"""What lies in outputs/."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from rnnlab.core.errors import InputError
from rnnlab.reports.records import metric_names, step_column
from rnnlab.runs.finder import Run, all_runs, find_run, metrics_path

ACCURACY = "valid_acc"


def list_runs() -> pd.DataFrame:
    """Returns a row a run in outputs/, oldest first.

    Columns: run, status, trained (as in `10 epochs`), monitor (the metric that chose the best round), last
    and best (its values), valid_acc where any run has that, seed.
    """
    table = pd.DataFrame([_row(run) for run in all_runs()])
    return table.drop(columns=ACCURACY) if len(table) and table[ACCURACY].isna().all() else table


def _row(run: Run) -> dict[str, Any]:
    summary = run.summary
    last, best = summary.get("final") or {}, summary.get("best") or {}
    monitor = summary.get("monitor")
    # Tasks that draw their examples count steps.
    unit = "step" if "step" in last else "epoch"
    return {
        "run": run.name,
        "status": run.status,
        "trained": f"{last[unit]:,} {unit}s" if unit in last else None,
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


def show_run(name: str) -> tuple[Run, RunCurve]:
    """Returns a run, and its accuracy (or the first metric of a task without) over its training.

    Raises InputError for a run that is not there, or whose metrics.csv is broken.
    """
    run = find_run(name)
    path = metrics_path(run)
    try:
        metrics = pd.read_csv(path)
        unit, names = step_column(metrics), metric_names(metrics)
        metric = "acc" if "acc" in names else names[0]
        measured = metrics.set_index(unit)
        splits = {split: measured[f"{split}_{metric}"].dropna() for split in ("train", "valid")}
    except (ValueError, KeyError, IndexError) as error:
        raise InputError(f"{path}: not readable as a table of metrics ({error})") from None
    return run, RunCurve(metric, unit, splits)
