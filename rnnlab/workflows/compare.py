"""Runs that differ only in seed beside others: a sweep's, or any."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from rnnlab.core.errors import InputError
from rnnlab.core.printable import counted
from rnnlab.reports.repeats.comparison import METHOD, Comparison, compare_runs
from rnnlab.reports.repeats.formats import as_csv, as_json, as_latex, as_markdown, shown_groups, shown_pairs
from rnnlab.runs.files import COMPARISON, COMPARISON_PAIRS
from rnnlab.runs.files import figure as figure_file
from rnnlab.runs.finder import TRAINED, Run, find_runs
from rnnlab.runs.tables import write_table

MOST_NAMED = 5
TEXTS = {"csv": lambda found: as_csv(found.groups), "json": as_json, "md": as_markdown, "latex": as_latex}


@dataclass(frozen=True)
class Compared:
    """A comparison, and the sweep's folder where all runs are of one."""

    comparison: Comparison
    sweep: Path | None

    @property
    def shown(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Both tables as a person reads them."""
        return shown_groups(self.comparison), shown_pairs(self.comparison)

    @property
    def method(self) -> str:
        """How intervals and tests are made."""
        return METHOD

    def text(self, form: str, *, pairs: bool = False) -> str:
        """Returns it as csv (a row per group, or per pair), json, md or latex."""
        return as_csv(self.comparison.pairs) if pairs else str(TEXTS[form](self.comparison))


def compare(names: Sequence[str | Path], *, by: Sequence[str] = (), metric: str | None = None) -> Compared:
    """Returns the comparison of all finished runs that the names, of runs or of sweeps, stand for.

    Args and errors as of `rnnlab.reports.repeats.comparison.compare_runs`.
    """
    runs = {run.folder.resolve(): run for name in names for run in find_runs(str(name))}
    finished = [run.folder for run in runs.values() if run.status in TRAINED]
    others = [run for run in runs.values() if run.status not in TRAINED]
    if not finished:
        raise InputError(f"none of {counted(len(runs), 'run')} has finished: {_named(others)}")
    notes = []
    if others:
        notes.append(f"left out, as they have not finished: {counted(len(others), 'run')}: {_named(others)}")
    if stopped := [run for run in runs.values() if run.status == "stopped"]:
        notes.append(f"stopped before their last round, with the figures of then: {_named(stopped)}")
    parents = {folder.parent for folder in finished}
    sweep = parents.pop() if len(parents) == 1 and len(names) == 1 and len(runs) > 1 else None
    return Compared(compare_runs(finished, by=by, metric=metric, notes=notes), sweep)


class Kept(NamedTuple):
    """Where the files of a comparison lie."""

    groups: Path
    pairs: Path
    figure: Path


def keep_comparison(found: Comparison, folder: Path) -> Kept:
    """Writes both tables and the figure into a folder, made if need be."""
    from rnnlab.reports.figures import save_figure  # late: it takes long to import

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror})") from None
    kept = Kept(folder / COMPARISON, folder / COMPARISON_PAIRS, folder / figure_file(Path(COMPARISON).stem))
    write_table(kept.groups, found.groups)
    write_table(kept.pairs, found.pairs)
    save_figure(found.figure(), kept.figure)
    return kept


def _named(runs: Sequence[Run]) -> str:
    errors = [f": {run.summary['error']}" if "error" in run.summary else "" for run in runs]
    why = [run.summary.get("stopped", run.status + error) for run, error in zip(runs, errors, strict=True)]
    said = [f"{run.folder.name} ({reason})" for run, reason in zip(runs[:MOST_NAMED], why, strict=False)]
    return ", ".join(said) + (", …" if len(runs) > MOST_NAMED else "")
