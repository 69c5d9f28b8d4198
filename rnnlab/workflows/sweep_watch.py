"""A sweep of trainings as it goes on: what was asked of it, its plan, and its table, figures and page."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rnnlab.core.errors import InputError
from rnnlab.core.workers import Workers
from rnnlab.experiment.hydra_options import HydraOptions
from rnnlab.experiment.job_runner import MakePool
from rnnlab.experiment.launch import is_sweep
from rnnlab.experiment.plan import PlannedRun
from rnnlab.runs.files import SUMMARY
from rnnlab.runs.finder import OUTPUTS, SWEEP_PREFIX
from rnnlab.runs.journal import Happened, Journal, Planned
from rnnlab.workflows.journal_watch import JournalWatch, number
from rnnlab.workflows.sweep import Sweep, close_sweep, import_what_closes
from rnnlab.workflows.sweep_job import Rules, write_sweep
from rnnlab.workflows.sweep_plan import new_plan, plan_table
from rnnlab.workflows.sweep_time import in_words, sweep_seconds, throwaway_caches, time_jobs

BY_BATCHES = "a few batches timed"
PATIENCE, PATIENCE_OF_DRY_RUN = 2.0, 30.0
"""Seconds after which jobs begin, whatever is known of their time; and after which a dry run gives up.

Of the first, most is not lost: data that has been encoded and loops that are loaded are there for the jobs.
"""


@dataclass(frozen=True)
class SweepOptions:
    """How a sweep is to go on.

    extend: with other jobs beside those planned; retry_failed: also with those that failed; fail_fast: until
    one fails; max_minutes: for so long no further job is begun; dry_run: not at all, its jobs are shown.
    """

    extend: bool = False
    retry_failed: bool = False
    fail_fast: bool = False
    max_minutes: float | None = None
    dry_run: bool = False

    def rules(self) -> Rules:
        """Returns which jobs are to be done, from now on."""
        end = None if self.max_minutes is None else time.time() + 60 * self.max_minutes
        return Rules(self.retry_failed, self.fail_fast, end)


AS_PLANNED = SweepOptions()


@dataclass
class SweepWatch(JournalWatch):
    """Watches a sweep of trainings.

    command: to it the name of a sweep is added that has none in it; result: what there is at the end; None
    where there was no sweep.
    """

    options: SweepOptions = AS_PLANNED
    result: Sweep | None = None

    def may_begin(self, journal: Journal, runs: Sequence[PlannedRun], make_pool: MakePool | None) -> bool:
        """Refuses folders of other runs; where jobs are only asked for shows them."""
        if not journal.jobs and any(journal.folder.glob(f"*/{SUMMARY}")):
            raise InputError(f"hydra.sweep.dir: {journal.folder}: holds runs already; choose another folder")
        if self.options.dry_run:
            new_plan(journal, runs, extend=self.options.extend)
            self._show_plan(journal, runs, make_pool)
        self.rules = self.options.rules()
        return not self.options.dry_run

    def plan(self, journal: Journal, runs: Sequence[PlannedRun]) -> Planned | None:
        """Returns what is new; raises InputError for a changed plan unless it is to be extended."""
        return new_plan(journal, runs, extend=self.options.extend)

    def write(self, journal: Journal) -> None:
        """Writes sweep.csv."""
        write_sweep(journal)

    def close(self, journal: Journal) -> None:
        """Writes table, figures and page, and shows them."""
        self.result = close_sweep(journal, self.display)

    def show(self, event: Happened) -> None:
        """Shows what has happened; once jobs go on, what draws the page is imported."""
        super().show(event)
        if self._jobs is not None and event.event == "running":
            import_what_closes()

    def seconds_left(self, pool: Workers | None) -> tuple[float, str] | None:
        """Returns how long the jobs that are left will take, by a few batches if these tell it in time."""
        times = {} if pool is None else time_jobs(pool, self._to_do, patience=PATIENCE)
        if times and len(times) == len(self._to_do):
            return sweep_seconds(times.values(), self._workers), BY_BATCHES
        return super().seconds_left(pool)

    def _show_plan(self, journal: Journal, runs: Sequence[PlannedRun], make_pool: MakePool | None) -> None:
        """Shows the jobs, and how long those will take that are left, where they are to be done here."""
        rules = replace(self.options.rules(), begun=journal.position)
        left = [run for run in runs if run.name not in journal.jobs or not rules.over(journal.jobs[run.name])]
        times: dict[str, float] = {}
        if left and make_pool is not None:
            status = self.display.status("timing a few batches of each kind of job")
            with status, throwaway_caches(left) as of_dry_run, make_pool() as pool:
                times = time_jobs(pool, of_dry_run, patience=PATIENCE_OF_DRY_RUN)
        self.display.table(plan_table(journal, runs, {name: in_words(s) for name, s in times.items()}))
        if not left or make_pool is None:
            return
        at_a_time = min(pool.number, len(left))
        said = f"{number(len(left))} to do, {at_a_time} at a time"
        if len(times) < len(left):
            self.display.message(f"{said}; how long that takes is not known, as {BY_BATCHES} did not tell")
            return
        seconds = in_words(sweep_seconds(times.values(), at_a_time))
        self.display.message(f"{said}; about {seconds}, going by {BY_BATCHES}")

    def words_to_go_on(self, journal: Journal) -> list[str]:
        """Returns the command, with the sweep's name."""
        named = any(word.startswith(("sweep=", "hydra.sweep.dir=")) for word in self.command)
        return [
            *self.command,
            *([] if named else [f"sweep={journal.folder.name.removeprefix(SWEEP_PREFIX)}"]),
        ]


def named_sweep(overrides: list[str]) -> list[str]:
    """Returns the overrides with the folder of a sweep for its name, sweep=NAME, if that is among them.

    Raises InputError for a name that is none.
    """
    names = [word.removeprefix("sweep=") for word in overrides if word.startswith("sweep=")]
    if not names:
        return overrides
    if len(names) > 1 or any(word.startswith("hydra.sweep.dir=") for word in overrides):
        raise InputError(f"sweep={names[-1]}: the sweep's folder is given twice; leave one of them out")
    name = names[0].removeprefix(SWEEP_PREFIX)
    if not re.fullmatch(r"\w[\w.-]{0,99}", name):
        raise InputError(f"sweep={names[0]}: expected a name of letters, digits, '_', '-' and '.'")
    others = [word for word in overrides if not word.startswith("sweep=")]
    return [*others, f"hydra.sweep.dir={OUTPUTS / (SWEEP_PREFIX + name)}"]


def check_is_sweep(overrides: list[str], options: HydraOptions, of_sweep: SweepOptions) -> None:
    """Raises InputError where what is for sweeps alone is asked of one training."""
    if options.cfg is None and options.info is None and not is_sweep(overrides, options):
        given = (
            f"--{name.replace('_', '-')}"
            for name, value in vars(of_sweep).items()
            if value not in (None, False)
        )
        raise InputError(f"{next(given, 'sweep=…')}: for sweeps alone; add -m")
