"""What a report reads: the files of run folders."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from rnnlab.core.errors import InputError
from rnnlab.core.foreign import read_yaml
from rnnlab.runs import files
from rnnlab.runs.settings import flatten
from rnnlab.runs.summary import read_summary
from rnnlab.runs.tables import read_metrics, read_table


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
    _read: dict[str, pd.DataFrame | None] = field(default_factory=dict, init=False, repr=False)

    @property
    def tables(self) -> list[str]:
        """The names of the run's CSV files, those of its probes last."""
        own = [files.METRICS, *map(files.table, files.tables_in(self.folder))]
        return own + [files.probe_log(name) for name in files.probes_in(self.folder)]

    def table(self, name: str) -> pd.DataFrame | None:
        """Returns a CSV file of the run as it was when first asked for, or None if it has none or an empty
        one; not to be changed.
        """
        if name not in self._read:
            path = self.folder / name
            self._read[name] = read_table(path) if path.is_file() else None
        return self._read[name]


def read_records(folder: Path) -> Records:
    """Reads a run folder; raises InputError naming what is missing or broken."""
    summary, config = read_summary(folder / files.SUMMARY), read_yaml(folder / files.CONFIG)
    if not isinstance(config, dict):
        raise InputError(f"{folder / files.CONFIG}: expected keys and values")
    path = folder / files.METRICS
    if not path.is_file():
        raise InputError(f"{path}: missing; the run has no finished epoch")
    metrics = read_metrics(path)
    return Records(
        name=folder.name, folder=folder, summary=summary, settings=flatten(config), metrics=metrics
    )


def known_cosines(similarity: pd.DataFrame) -> pd.DataFrame:
    """Returns rows of similarity.csv with a gap for a cosine with a zero vector, which is written as 0."""
    if "note" not in similarity:
        return similarity
    return similarity.assign(similarity=similarity["similarity"].where(similarity["note"].isna()))


def step_column(frame: pd.DataFrame) -> str:
    """Returns the column that says when a row was written: `step`, or `epoch`."""
    return "step" if "step" in frame else "epoch"


def last_look(frame: pd.DataFrame) -> pd.DataFrame:
    """Returns the rows written last, of a table about the trained net all."""
    when = step_column(frame)
    return frame[frame[when] == frame[when].max()] if when in frame else frame


def metric_names(metrics: pd.DataFrame) -> list[str]:
    """Returns the names of the metrics in the columns of metrics.csv, as in `acc` of `train_acc`."""
    columns = [str(name) for name in metrics if str(name).startswith("train_")]
    return [name.removeprefix("train_") for name in columns if not name.startswith(files.TRAIN_AFTER)]


def metric_unit(name: str, unit: str) -> str:
    """Returns a metric's name for an axis; `unit`, as in texts, is what it is an average over."""
    if name == "acc":
        return f"accuracy (share of {unit})"
    if name.endswith("_acc"):
        return f"{name.removesuffix('_acc').replace('_', ' ')} accuracy"  # of units of its own
    return f"{name} (mean over {unit})" if name == "loss" else name


def titled(runs: Sequence[Records], run: Records, title: str) -> str:
    """Returns `title`, with the run's name before it where there are several."""
    return title if len(runs) == 1 else f"{run.name}: {title}"
