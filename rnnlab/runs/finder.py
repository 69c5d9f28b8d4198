"""Finds and reads run folders."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnnlab.core.errors import InputError, did_you_mean
from rnnlab.runs.begun import was_killed_before_it_was_a_run
from rnnlab.runs.files import CHECKPOINTS, CONFIG, FIGURES, HYDRA, LAST, LOGS, METRICS, PROBES, SUMMARY
from rnnlab.runs.process import life_of
from rnnlab.runs.summary import read_summary

OUTPUTS = Path("outputs")


@dataclass(frozen=True)
class Run:
    """A run folder and what its summary says."""

    folder: Path
    summary: dict[str, Any]

    @property
    def name(self) -> str:
        """The folder's name; within a sweep, the sweep's name before it."""
        return run_name(self.folder)

    @property
    def argument(self) -> str:
        """What to call it on a command line: its name where that is looked for, else its path."""
        found = OUTPUTS.resolve() in self.folder.resolve().parents
        return shlex.quote(self.name if found else str(self.folder))

    @property
    def usable(self) -> bool:
        """Whether it has a trained net: it is trained, or was interrupted after its first checkpoint."""
        kept = self.status == "interrupted" and (self.folder / LAST).is_file()
        return kept or self.status in ("finished", "trained")

    @property
    def status(self) -> str:
        """`finished`, `interrupted`, `failed`; `running` or `running on HOST`, `killed`, or `trained` for one
        whose process ended before its report was there; `unfinished` where no process is recorded.
        """
        status = str(self.summary.get("status", "running"))
        if status not in ("running", "trained"):
            return status
        life = life_of(self.summary.get("process"))
        if life == "alive":
            return "running"
        if life == "elsewhere":
            return f"running on {self.summary['process'].get('host')}"
        if status == "trained":
            return status
        return "killed" if life == "gone" else "unfinished"

    @property
    def under_way(self) -> bool:
        """Whether a process trains it, as far as this host can tell."""
        return self.status.startswith("running")


def run_name(folder: Path) -> str:
    """Returns what a run in that folder is called."""
    parent = folder.parent.name
    return f"{parent}/{folder.name}" if parent.startswith("sweep-") else folder.name


def open_run(folder: Path) -> Run:
    """Reads a run folder; raises InputError naming what is missing or broken."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such run folder")
    path = folder / SUMMARY
    if was_killed_before_it_was_a_run(folder):
        raise InputError(
            f"{folder}: its process was killed before there was a run; train into it again, or remove it "
            "with: rnnlab clean"
        )
    if not path.is_file() or not (folder / CONFIG).is_file():
        raise InputError(f"{folder}: not a run folder (expected {CONFIG} and {SUMMARY} in it)")
    for own in [*(folder / name for name in (CHECKPOINTS, FIGURES, PROBES, HYDRA)), *folder.glob(LOGS)]:
        if own.is_symlink():  # a stranger's might lead what is written into it to anywhere
            raise InputError(f"{own}: is a symbolic link; a run folder has its own folders and logs in it")
    return Run(folder, read_summary(path))


Passed = Callable[[Path, InputError], object]
"""Is told which run folder is passed over, and why."""


def all_runs(outputs: Path = OUTPUTS, passed: Passed = lambda folder, error: None) -> list[Run]:
    """Returns the runs in `outputs`, sweeps included, oldest first; those that are broken, or were killed
    before there was a run, are passed over.
    """
    runs = []
    folders = {path.parent for path in outputs.glob("**/" + SUMMARY)}
    begun = {path.parent for path in outputs.glob("**/" + HYDRA)} - folders
    for folder in sorted(folders | set(filter(was_killed_before_it_was_a_run, begun))):
        try:
            runs.append(open_run(folder))
        except InputError as error:
            passed(folder, error)
    return sorted(runs, key=lambda run: (str(run.summary.get("started", "")), run.name))


def find_run(name: str, outputs: Path = OUTPUTS) -> Run:
    """Returns the run with that path, folder name or unique prefix of one, or the `latest`.

    The latest is the last begun of those that finished, or were interrupted and have a checkpoint.
    Raises InputError if there is none or several, naming the nearest or all of them.
    """
    if (Path(name) / SUMMARY).is_file():
        return open_run(Path(name))
    broken: dict[str, InputError] = {}
    runs = all_runs(outputs, lambda folder, error: broken.update({run_name(folder): error}))
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
        if name in broken:
            raise broken[name]
        raise InputError(f"no run {name!r} in {outputs}/{did_you_mean(name, [run.name for run in runs])}")
    return found[0]


def find_runs(name: str, outputs: Path = OUTPUTS) -> list[Run]:
    """Returns the run of that name (see `find_run`), or all runs of the sweep, or folder, of that name.

    The `latest` is here the sweep of the latest run, if that is of one. Raises InputError if there is none.
    """
    for folder in (Path(name), outputs / name):
        if folder.is_dir() and not (folder / SUMMARY).is_file():
            if runs := all_runs(folder):
                return runs
            raise InputError(f"{folder}: no run in it")
    if name == "latest":
        run = find_run(name, outputs)
        in_sweep = run.folder.parent.resolve() != outputs.resolve()
        return all_runs(run.folder.parent) if in_sweep else [run]
    sweeps: dict[Path, list[Run]] = {}
    for run in all_runs(outputs):
        if run.folder.parent != outputs and run.folder.parent.name.startswith(name):
            sweeps.setdefault(run.folder.parent, []).append(run)
    if len(sweeps) > 1:
        raise InputError(f"{name!r} fits {len(sweeps)} sweeps: {', '.join(path.name for path in sweeps)}")
    return next(iter(sweeps.values())) if sweeps else [find_run(name, outputs)]


def metrics_path(run: Run) -> Path:
    """Returns the run's metrics.csv; raises InputError if it has none."""
    path = run.folder / METRICS
    if not path.is_file():
        raise InputError(f"{path}: missing (the run is {run.status})")
    return path
