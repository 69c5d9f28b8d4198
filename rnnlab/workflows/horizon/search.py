"""The trials of a memory horizon, jobs that follow from one another; then tables, figure and leaderboard."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pandas as pd

from rnnlab.core.workers import Workers
from rnnlab.experiment.job_folder import discard
from rnnlab.experiment.launch import launch_planned
from rnnlab.experiment.plan import PlannedRun
from rnnlab.reports.figures import save_figure
from rnnlab.reports.horizon_figure import draw_horizon
from rnnlab.runs.files import HORIZON, LEADERBOARD, TRIALS, figure
from rnnlab.runs.finder import OUTPUTS
from rnnlab.runs.journal import Job as JournalJob
from rnnlab.runs.journal import Journal
from rnnlab.runs.tables import write_table
from rnnlab.workflows.display import SILENT, Display
from rnnlab.workflows.horizon.request import PRELOAD_OF_TRIALS, Request, is_shared
from rnnlab.workflows.horizon.schedule import Outcomes, Trial, outcomes_of
from rnnlab.workflows.horizon.success_rates import leaderboard, success_rates
from rnnlab.workflows.horizon.trial import work
from rnnlab.workflows.series_watch import SeriesWatch
from rnnlab.workflows.sweep_job import Rules


@dataclass(frozen=True)
class Horizon:
    """How far each model gets.

    rates: see `success_rates`; ranks: see `leaderboard`; failed: how many trials have no outcome for an
    error; folder: where tables and figure lie.
    """

    request: Request
    rates: pd.DataFrame
    ranks: pd.DataFrame
    failed: int
    folder: Path

    @property
    def figure(self) -> Path:
        """Success rates against length, a line per model."""
        return self.folder / figure("horizon")


def find_horizon(
    request: Request,
    *,
    max_minutes: float | None = None,
    output: Path | None = None,
    retry_failed: bool = False,
    display: Display = SILENT,
) -> Horizon | None:
    """Makes the trials that are not there yet and writes all results; None if no trial could be finished."""
    end = None if max_minutes is None else time.time() + 60 * max_minutes
    folder = output or OUTPUTS / request.name
    display.message(f"success: {request.goal.text} within training.steps={request.steps}")
    watch = _HorizonWatch(
        display, Rules(retry_failed, end=end), request.command(output), of="horizon", request=request
    )
    with watch:
        launch_planned(
            request.runs,
            folder,
            request.launcher,
            work=lambda: partial(work, request.goal, watch.rules),
            watch=watch,
            threads=1,
            preload=PRELOAD_OF_TRIALS,
        )
    if watch.result is None and watch.failures:
        watch.raise_failure()
    elif watch.result is None:
        display.note(f"no trial could be finished in the time given; run it again to go on in {folder}")
    return watch.result


@dataclass
class _HorizonWatch(SeriesWatch):
    """Watches the trials, of which the schedule says which can be made by now, and which are needed at all.

    result: what there is at the end; None where no trial has an outcome.
    """

    request: Request = field(kw_only=True)
    result: Horizon | None = None

    def alike(self, setting: str) -> bool:
        """Returns whether all trials have a setting alike."""
        return is_shared(setting)

    def possible(self, runs: Sequence[PlannedRun]) -> list[PlannedRun]:
        """Returns the trials that may be made by now, the longest first.

        Else the last to begin would be waited for alone.
        """
        ready, trials = set(self.request.schedule.ready(self._known())), self.request.trials
        found = [run for run in runs if trials[run.name] in ready]
        return sorted(found, key=lambda run: trials[run.name].length, reverse=True)

    def more(self, runs: Sequence[PlannedRun]) -> list[PlannedRun]:
        """Returns the trials that may be made by now and have not been launched."""
        journal = self.opened()
        journal.read()
        if self.rules.hold(journal):
            return []
        new = [
            run
            for run in self.possible(runs)
            if run.name not in self._handed | self._tried
            and not self.rules.over(journal.jobs[run.name])
            and not journal.claimed(run.name)
        ]
        self._handed |= {run.name for run in new}
        return new

    def is_time_up(self) -> bool:
        """Returns whether trials under way are to be left."""
        return self.rules.end is not None and time.time() >= self.rules.end

    def count(self, left: int) -> int:
        """Returns how many trials are left at most."""
        self.opened().read()
        return len(self._undecided())

    def seconds_left(self, pool: Workers | None) -> tuple[float, str] | None:
        """Returns how long the trials that are left will take, once a tenth is done.

        The first are the shortest, and wait for what is imported and compiled once for all.
        """
        done = sum(job.state == "done" for job in self.opened().jobs.values())
        return super().seconds_left(pool) if 10 * done >= len(self.request.trials) else None

    def seconds_by(self, done: Sequence[JournalJob]) -> float:
        """Returns how long these will take, going by the time of a step of a sequence."""
        trials = self.request.trials
        seconds = sum(job.seconds for job in done if job.name in trials)
        steps = sum(trials[job.name].length for job in done if job.name in trials)
        return sum(trial.length for trial in self._undecided()) * seconds / max(steps, 1)

    def needed(self, journal: Journal) -> list[str]:
        """Returns the trials whose outcomes are to be known yet."""
        undecided = set(self._undecided())
        return [name for name, trial in self.request.trials.items() if trial in undecided]

    def ended(self, job: str, outcome: object) -> None:
        """Writes trials.csv as well."""
        super().ended(job, outcome)
        self.opened().read()
        if self._known():
            self._write_trials()

    def close(self, journal: Journal) -> None:
        """Writes tables and figure of the trials that are known."""
        for name, job in journal.jobs.items():
            if job.state == "done":  # where a process was killed right after it, or another one came late
                discard(journal.folder / name)
        if not self._known():
            return
        request, folder = self.request, journal.folder
        trials = self._write_trials()
        rates = success_rates(trials)
        ranks = leaderboard(trials, longest=max(request.schedule.lengths))
        failed = sum(journal.jobs[name].state in ("failed", "killed") for name in self.needed(journal))
        self.result = Horizon(request, rates, ranks, failed, folder)
        write_table(folder / HORIZON, rates)
        write_table(folder / LEADERBOARD, ranks)
        titled = rates.assign(model=rates["model"].map(request.title))
        save_figure(draw_horizon(titled, request.goal.text), self.result.figure)

    def _write_trials(self) -> pd.DataFrame:
        trials = self.request.schedule.table(self._known())
        write_table(self.opened().folder / TRIALS, trials)
        return trials

    def _known(self) -> Outcomes:
        return outcomes_of(self.opened(), self.request.trials)

    def _undecided(self) -> list[Trial]:
        return self.request.schedule.undecided(self._known())
