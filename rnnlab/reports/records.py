"""What a report reads: the files of run folders."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from rnnlab.core.errors import InputError
from rnnlab.runs import files

LABELS = {"label": str, "called": str}
"""Columns that hold labels: `1.0` is one and no number."""


@dataclass(frozen=True, eq=False, kw_only=True)
class RunFacts:
    """What figures say of a net beside its tables; `name` is what they call it."""

    name: str
    summary: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, kw_only=True)
class Records(RunFacts):
    """What lies in a run folder."""

    folder: Path
    metrics: pd.DataFrame

    @property
    def tables(self) -> list[str]:
        """The names of the run's CSV files, those of its probes last."""
        own = [files.METRICS, *map(files.table, files.tables_in(self.folder))]
        return own + [files.probe_log(name) for name in files.probes_in(self.folder)]

    def table(self, name: str) -> pd.DataFrame | None:
        """Returns a CSV file of the run, or None if it has none or an empty one."""
        path = self.folder / name
        return read_table(path) if path.is_file() else None


def read_table(path: Path) -> pd.DataFrame | None:
    """Returns a CSV file's rows, None if there are none; raises InputError if it is not CSV."""
    try:
        # Words such as `null` or `nan` are words; only an empty cell is a gap.
        frame = pd.read_csv(path, keep_default_na=False, na_values=[""], dtype=LABELS)
    except pd.errors.EmptyDataError:
        return None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not readable as CSV ({error})") from None
    return None if frame.empty else frame


def read_records(folder: Path) -> Records:
    """Reads a run folder; raises InputError naming what is missing or broken."""
    try:
        summary = json.loads((folder / files.SUMMARY).read_text(encoding="utf-8"))
        config = yaml.safe_load((folder / files.CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise InputError(f"{folder}: not a whole run folder ({error})") from None
    path = folder / files.METRICS
    metrics = read_table(path) if path.is_file() else None
    if metrics is None:
        raise InputError(f"{path}: missing or empty; the run has no finished epoch")
    return Records(
        name=folder.name, folder=folder, summary=summary, settings=flatten(config), metrics=metrics
    )


def step_column(frame: pd.DataFrame) -> str:
    """Returns the column that says when a row was written: `step`, or `epoch`."""
    return "step" if "step" in frame else "epoch"


def last_look(frame: pd.DataFrame) -> pd.DataFrame:
    """Returns the rows written last, of a table about the trained net all."""
    when = step_column(frame)
    return frame[frame[when] == frame[when].max()] if when in frame else frame


def metric_names(metrics: pd.DataFrame) -> list[str]:
    """Returns the names of the metrics in the columns of metrics.csv, as in `acc` of `train_acc`."""
    return [str(name).removeprefix("train_") for name in metrics if str(name).startswith("train_")]


def metric_unit(name: str, unit: str) -> str:
    """Returns a metric's name for an axis; `unit`, as in texts, is what it is an average over."""
    if name == "acc":
        return f"accuracy (share of {unit})"
    if name.endswith("_acc"):
        return f"{name.removesuffix('_acc').replace('_', ' ')} accuracy"  # of units of its own
    return f"{name} (mean over {unit})" if name == "loss" else name


def flatten(values: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Returns a nested configuration as dotted names and values as text."""
    flat: dict[str, str] = {}
    for key, value in values.items():
        nested = isinstance(value, dict) and value
        flat |= flatten(value, f"{prefix}{key}.") if nested else {f"{prefix}{key}": shown(value)}
    return flat


def shown(value: Any) -> str:
    """Returns a setting or fact as text."""
    return "null" if value is None else str(value)


def titled(runs: Sequence[Records], run: Records, title: str) -> str:
    """Returns `title`, with the run's name before it where there are several."""
    return title if len(runs) == 1 else f"{run.name}: {title}"
