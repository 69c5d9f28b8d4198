"""What lies in outputs/."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from rnnlab.core.errors import InputError
from rnnlab.core.metrics import format_metric
from rnnlab.reports.records import metric_names, step_column
from rnnlab.runs.finder import Run, all_runs, find_run, metrics_path

ACCURACY = "valid_acc"


def list_runs() -> pd.DataFrame:
    """Returns a row per run in outputs/, oldest first.

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


def show_run(name: str) -> tuple[dict[str, str], RunCurve]:
    """Returns what is to be known of a run, and how its accuracy went (else the first metric of its task).

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
    return _facts(run), RunCurve(metric, unit, splits)


def _facts(run: Run) -> dict[str, str]:
    summary = run.summary

    def figures(row: dict[str, Any] | None) -> str:
        return ", ".join(f"{name} {format_metric(name, value)}" for name, value in (row or {}).items()) or "-"

    versions = summary.get("versions", {})
    parameters = summary.get("parameters", {})
    return {
        "run": str(run.folder),
        "status": run.status + (f": {summary['error']}" if "error" in summary else ""),
        "final": figures(summary.get("final")),
        f"best by {summary.get('monitor')}": figures(summary.get("best")),
        "parameters": f"{parameters.get('trainable', 0):,} trained of {parameters.get('total', 0):,}",
        "wall time": f"{summary.get('wall_seconds')} s, peak memory {summary.get('peak_memory_mib')} MiB",
        "versions": ", ".join(f"{name} {value}" for name, value in versions.items()),
        "run again": str(summary.get("command")),
    }
