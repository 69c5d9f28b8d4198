"""Finds and reads run folders."""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnnlab.core.errors import InputError, did_you_mean
from rnnlab.runs.begun import was_killed_before_it_was_a_run
from rnnlab.runs.files import (
    CHECKPOINTS,
    CONFIG,
    FIGURES,
    HYDRA,
    JOURNAL,
    LAST,
    LOGS,
    METRICS,
    PROBES,
    SUMMARY,
    SWEEP,
)
from rnnlab.runs.process import life_of
from rnnlab.runs.summary import read_summary

OUTPUTS = Path("outputs")
LATEST = "latest"
SWEEP_PREFIX = "sweep-"
"""Begins the name of a sweep's folder in outputs/."""
TRAINED = ("finished", "stopped", "trained")
"""What a run is whose figures are all there, if maybe not its page."""


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
        return kept or self.status in TRAINED

    @property
    def status(self) -> str:
        """`finished`, or `stopped` where its time was up before its last round; `interrupted`, `failed`;
        `running` or `running on HOST`, `killed`, or `trained` for one whose process ended before its report
        was there; `unfinished` where no process is recorded.
        """
        status = str(self.summary.get("status", "running"))
        if status == "finished" and self.summary.get("stopped"):
            return "stopped"
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
    return f"{parent}/{folder.name}" if parent.startswith(SWEEP_PREFIX) else folder.name


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

    In a name within a sweep, the sweep may be called as by sweep=NAME. The latest is the last begun of those
    that finished, or were interrupted and have a checkpoint. Raises InputError if there is none or several,
    naming the nearest or all of them.
    """
    if (Path(name) / SUMMARY).is_file():
        return open_run(Path(name))
    broken: dict[str, InputError] = {}
    runs = all_runs(outputs, lambda folder, error: broken.update({run_name(folder): error}))
    if name == LATEST:
        if not runs:
            raise InputError(f"no run in {outputs}/ yet; make one with: rnnlab train")
        usable = [run for run in runs if run.usable]
        if not usable:
            raise InputError(
                f"no finished run in {outputs}/ yet; the last, {runs[-1].name}, is {runs[-1].status}"
            )
        return usable[-1]
    found = (
        [run for run in runs if name in (run.name, run.folder.name)]
        or [run for run in runs if run.name.startswith(name) or run.folder.name.startswith(name)]
        or [run for run in runs if run.name.startswith(SWEEP_PREFIX + name)]
    )
    if len(found) > 1:
        names = ", ".join(run.name for run in found[:5]) + (", …" if len(found) > 5 else "")
        raise InputError(f"{name!r} fits {len(found)} runs: {names}")
    if not found:
        if Path(name).is_dir():
            return open_run(Path(name))
        if name in broken:
            raise broken[name]
        sweeps = {run.folder.parent.name for run in runs} - {outputs.name}
        known = [*(run.name for run in runs), *sweeps, *(s.removeprefix(SWEEP_PREFIX) for s in sweeps)]
        raise InputError(f"no run {name!r} in {outputs}/{did_you_mean(name, [*known, LATEST])}")
    return found[0]


def find_runs(name: str, outputs: Path = OUTPUTS) -> list[Run]:
    """Returns the run of that name (see `find_run`), or all runs of the sweep, or folder, of that name.

    A sweep may be called as by sweep=NAME. The `latest` is here the sweep of the latest run, if that is of
    one. Raises InputError if there is none.
    """
    for folder in _folders_called(name, outputs):
        if folder.is_dir() and not (folder / SUMMARY).is_file():
            if runs := all_runs(folder):
                return runs
            raise InputError(f"{folder}: no run in it")
    if name == LATEST:
        run = find_run(name, outputs)
        in_sweep = run.folder.parent.resolve() != outputs.resolve()
        return all_runs(run.folder.parent) if in_sweep else [run]
    sweeps: dict[Path, list[Run]] = {}
    for run in all_runs(outputs):
        if run.folder.parent != outputs and run.folder.parent.name.startswith((name, SWEEP_PREFIX + name)):
            sweeps.setdefault(run.folder.parent, []).append(run)
    if len(sweeps) > 1:
        raise InputError(f"{name!r} fits {len(sweeps)} sweeps: {', '.join(path.name for path in sweeps)}")
    return next(iter(sweeps.values())) if sweeps else [find_run(name, outputs)]


def find_sweep(name: str, outputs: Path = OUTPUTS) -> Path | None:
    """Returns the folder of the sweep of that path or name, as given to sweep=, too, if there is one."""
    own = (JOURNAL, SWEEP)  # without a table it is no sweep of trainings
    folders = _folders_called(name, outputs)
    return next((path for path in folders if all((path / file).is_file() for file in own)), None)


def _folders_called(name: str, outputs: Path) -> tuple[Path, ...]:
    return Path(name), outputs / name, outputs / (SWEEP_PREFIX + name)


def metrics_path(run: Run) -> Path:
    """Returns the run's metrics.csv; raises InputError if it has none."""
    path = run.folder / METRICS
    if not path.is_file():
        raise InputError(f"{path}: missing (the run is {run.status})")
    return path
