"""Jobs that a command names itself, in a folder that it can be given again with more of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from rnnlab.core.errors import InputError
from rnnlab.core.workers import warm_up
from rnnlab.experiment.job_runner import MakePool
from rnnlab.experiment.plan import PlannedRun
from rnnlab.runs.files import CLAIMS, JOURNAL
from rnnlab.runs.journal import Journal, Planned
from rnnlab.workflows.journal_watch import JournalWatch
from rnnlab.workflows.sweep_plan import new_series

LAUNCHER = ("hydra/launcher=", "hydra.launcher.")


@dataclass
class SeriesWatch(JournalWatch):
    """Watches such jobs."""

    folder_key: str = "--output"

    def may_begin(self, journal: Journal, runs: Sequence[PlannedRun], make_pool: MakePool | None) -> bool:
        """Refuses a folder of something else."""
        folder = journal.folder
        own = {JOURNAL, CLAIMS}
        if not journal.jobs and folder.is_dir() and {path.name for path in folder.iterdir()} - own:
            raise InputError(f"{folder}: holds something else already; choose another --output")
        return True

    def alike(self, setting: str) -> bool:
        """Returns whether all jobs in a folder have a setting alike."""
        return False

    def plan(self, journal: Journal, runs: Sequence[PlannedRun]) -> Planned | None:
        """Returns what is new; raises InputError for other settings than those of jobs that are there."""
        return new_series(journal, runs, alike=self.alike)


def split_launcher(overrides: Sequence[str]) -> tuple[list[str], list[str]]:
    """Returns the overrides of the jobs, and those that say which launcher has them done.

    Raises InputError for any other that is for Hydra.
    """
    launcher = [word for word in overrides if word.startswith(LAUNCHER)]
    others = [word for word in overrides if word not in launcher]
    for word in others:
        if word.lstrip("+~").startswith("hydra"):
            raise InputError(f"{word}: of Hydra's settings only those of hydra/launcher; leave it out")
    return others, launcher


def begin_imports(launcher: Sequence[str], preload: Sequence[str]) -> None:
    """Has workers import while their jobs are planned, unless another launcher is asked for.

    launcher: the words that say which; preload: the modules.
    """
    if not any(word.startswith("hydra/") for word in launcher):
        warm_up(preload)
