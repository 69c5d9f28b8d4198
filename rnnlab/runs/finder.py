"""Finds and reads run folders."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnnlab.core.errors import InputError, did_you_mean
from rnnlab.runs.files import CONFIG, LAST, METRICS, SUMMARY

OUTPUTS = Path("outputs")


@dataclass(frozen=True)
class Run:
    """A run folder and what its summary says."""

    folder: Path
    summary: dict[str, Any]

    @property
    def name(self) -> str:
        """The folder's name; within a sweep, the sweep's name before it."""
        parent = self.folder.parent.name
        return f"{parent}/{self.folder.name}" if parent.startswith("sweep-") else self.folder.name

    @property
    def usable(self) -> bool:
        """Whether it has a trained net: it finished, or was interrupted after its first checkpoint."""
        kept = self.status == "interrupted" and (self.folder / LAST).is_file()
        return kept or self.status == "finished"

    @property
    def status(self) -> str:
        """`finished`, `interrupted`, `failed`, or `unfinished` for a run that is going on or was killed."""
        status = self.summary.get("status", "running")
        return "unfinished" if status == "running" else str(status)


def open_run(folder: Path) -> Run:
    """Reads a run folder; raises InputError naming what is missing or broken."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such run folder")
    path = folder / SUMMARY
    if not path.is_file() or not (folder / CONFIG).is_file():
        raise InputError(f"{folder}: not a run folder (expected {CONFIG} and {SUMMARY} in it)")
    try:
        summary = json.loads(path.read_text(encoding="utf-8"))
        nested = [summary.get(key) or {} for key in ("final", "best", "versions", "parameters")]
        if not all(isinstance(part, dict) for part in nested):
            raise ValueError("final, best, versions and parameters: expected objects")
    except (OSError, ValueError, AttributeError) as error:
        raise InputError(f"{path}: not readable as a summary in JSON ({error})") from None
    return Run(folder, summary)


def all_runs(outputs: Path = OUTPUTS) -> list[Run]:
    """Returns the runs in `outputs`, sweeps included, oldest first; other folders are passed over."""
    runs = []
    for path in outputs.glob("**/" + SUMMARY):
        try:
            runs.append(open_run(path.parent))
        except InputError:
            continue
    return sorted(runs, key=lambda run: (str(run.summary.get("started", "")), run.name))


def find_run(name: str, outputs: Path = OUTPUTS) -> Run:
    """Returns the run with that path, folder name or unique prefix of one, or the `latest`.

    The latest is the last begun of those that finished, or were interrupted and have a checkpoint.
    Raises InputError if there is none or several, naming the nearest or all of them.
    """
    if (Path(name) / SUMMARY).is_file():
        return open_run(Path(name))
    runs = all_runs(outputs)
    if name == "latest":
        if not runs:
            raise InputError(f"no run in {outputs}/ yet; make one with: rnnlab train")
        usable = [run for run in runs if run.usable]
        if not usable:
            raise InputError(
                f"no finished run in {outputs}/ yet; the last, {runs[-1].name}, is {runs[-1].status}"
            )
        return usable[-1]
    exact = [run for run in runs if name in (run.name, run.folder.name)]
    found = exact or [run for run in runs if run.name.startswith(name) or run.folder.name.startswith(name)]
    if len(found) > 1:
        names = ", ".join(run.name for run in found[:5]) + (", …" if len(found) > 5 else "")
        raise InputError(f"{name!r} fits {len(found)} runs: {names}")
    if not found:
        if Path(name).is_dir():
            return open_run(Path(name))
        raise InputError(f"no run {name!r} in {outputs}/{did_you_mean(name, [run.name for run in runs])}")
    return found[0]


def metrics_path(run: Run) -> Path:
    """Returns the run's metrics.csv; raises InputError if it has none."""
    path = run.folder / METRICS
    if not path.is_file():
        raise InputError(f"{path}: missing (the run is {run.status})")
    return path
