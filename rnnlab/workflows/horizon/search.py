"""The trials of a memory horizon on all cores, resumable; then tables, figure and leaderboard."""

import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from rnnlab.core.errors import InputError, RnnlabError
from rnnlab.core.files import write_text
from rnnlab.core.foreign import read_yaml
from rnnlab.core.worker import Done, Failed, JobError
from rnnlab.core.workers import Workers, cores
from rnnlab.experiment.job_runner import PRELOAD, begin_worker
from rnnlab.experiment.modules import used_modules
from rnnlab.reports.figures import save_figure
from rnnlab.reports.horizon_figure import draw_horizon
from rnnlab.runs.tables import write_table
from rnnlab.workflows.display import SILENT, Display
from rnnlab.workflows.horizon.request import Request
from rnnlab.workflows.horizon.schedule import Outcomes, Trial, read_trials, write_trials
from rnnlab.workflows.horizon.success_rates import leaderboard, success_rates
from rnnlab.workflows.horizon.trial import estimate, run_trial

Costs = dict[tuple[str, int], float]
TRIALS, SETTINGS = "trials.csv", "settings.yaml"


@dataclass(frozen=True)
class Horizon:
    """How far each model gets.

    rates: see `success_rates`; ranks: see `leaderboard`; missing: how many trials have no outcome, for the
    time did not allow them; failed: how many of these, for an error; folder: where tables and figure lie.
    """

    request: Request
    rates: pd.DataFrame
    ranks: pd.DataFrame
    missing: int
    failed: int
    folder: Path

    @property
    def figure(self) -> Path:
        """Success rates against length, a line per model."""
        return self.folder / "figures" / "horizon.png"


def find_horizon(
    request: Request,
    *,
    workers: int | None = None,
    max_minutes: float | None = None,
    output: Path | None = None,
    display: Display = SILENT,
) -> Horizon | None:
    """Makes the trials that are not there yet and writes all results; None if no trial could be finished."""
    end = None if max_minutes is None else time.monotonic() + 60 * max_minutes
    settings = request.settings()
    folder = output or Path("outputs") / f"horizon-{request.task}-{_digest(settings)}"
    known = _claim(folder, settings)
    display.message(f"success: {request.goal.text} within training.steps={request.steps}")
    waiting = request.schedule.undecided(known)
    failed: dict[Trial, RnnlabError] = {}
    if waiting:
        begin = partial(begin_worker, used_modules())
        with Workers(workers or cores(), ("rnnlab.workflows.horizon.trial", *PRELOAD), begin) as pool:
            costs = _costs(pool, request, waiting, display)
            total = sum(costs[trial.model, trial.length] for trial in waiting)
            display.message(
                f"{len(known)} trials are there already; {len(waiting)} to go at most, "
                f"which takes at most about {total / 60 / pool.number:.1f} min with {pool.number} at a time"
            )
            failed = _Search(request, folder, known, costs, end).run(pool, display)
    if not known:
        display.note(f"no trial could be finished in the time given; run it again to go on in {folder}")
        return None
    return _written(request, folder, known, len(failed))


def _digest(settings: dict[str, Any]) -> str:
    return hashlib.sha256(yaml.safe_dump(settings).encode()).hexdigest()[:8]


def _claim(folder: Path, settings: dict[str, Any]) -> Outcomes:
    """Makes the folder or takes it up again; returns the trials it holds."""
    path = folder / SETTINGS
    try:
        if path.is_file():
            found = read_yaml(path)
            if found != settings:
                found = found if isinstance(found, dict) else {}
                differ = [key for key in settings if found.get(key) != settings[key]] or ["settings"]
                raise InputError(
                    f"{folder}: has trials with other settings ({', '.join(differ)}); choose another --output"
                )
            return read_trials(folder / TRIALS)
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise InputError(f"{folder}: holds something else already; choose another --output")
        write_text(path, yaml.safe_dump(settings, sort_keys=False))
    except OSError as error:
        raise InputError(f"{folder}: cannot be used as --output ({error.strerror})") from None
    return {}


def _costs(pool: Workers, request: Request, trials: Iterable[Trial], display: Display) -> Costs:
    """Returns the seconds that trials will take at most, by model and length, timed on a few steps."""
    for kind in dict.fromkeys((trial.model, trial.length) for trial in trials):
        pool.submit(kind, estimate, request.words(Trial(*kind, 1)))
    costs: Costs = {}
    with display.status("Timing a few steps of each model and length"):
        for event in pool.events():
            match event:
                case Done((str(model), int(length)), value):
                    costs[model, length] = value
                case Failed(_, error):
                    raise error
    return costs


class _Search:
    """Hands trials to workers as they become possible, and keeps what comes back."""

    def __init__(
        self, request: Request, folder: Path, known: Outcomes, costs: Costs, end: float | None
    ) -> None:
        self._request, self._folder, self._known = request, folder, known
        self._costs, self._end = costs, end
        self._running: set[Trial] = set()
        self._failed: dict[Trial, RnnlabError] = {}

    def run(self, pool: Workers, display: Display) -> dict[Trial, RnnlabError]:
        """Goes on until nothing is left that may begin; returns what failed."""
        try:
            with display.bar("trials", None) as bar:
                while self._submit(pool) and self._collect(pool, display):
                    left = len(self._request.schedule.undecided(self._known))
                    done = len(self._known)
                    bar.update(completed=done, total=done + left, text=f"trials {done}/{done + left}")
        except KeyboardInterrupt:
            display.note(f"interrupted; the finished trials are kept in {self._folder}")
            raise
        return self._failed

    def _submit(self, pool: Workers) -> bool:
        """Starts what may begin and has the time to end; returns whether anything is under way."""
        ready = [
            trial
            for trial in self._request.schedule.ready(self._known)
            if trial not in self._running and trial not in self._failed
        ]
        if self._end is None:  # the longest first, or the last to begin would be waited for alone
            ready.sort(key=self._cost, reverse=True)
        for trial in ready:
            if len(self._running) >= pool.number:
                break
            if self._end is None or time.monotonic() + self._cost(trial) <= self._end:
                self._running.add(trial)
                pool.submit(trial, run_trial, self._request.words(trial), self._request.goal)
        return bool(self._running)

    def _cost(self, trial: Trial) -> float:
        return self._costs[trial.model, trial.length]

    def _collect(self, pool: Workers, display: Display) -> bool:
        """Waits for a trial to end; returns whether one did before the end of the time."""
        left = None if self._end is None else max(self._end - time.monotonic(), 0.0)
        for event in pool.events(left):
            match event:
                case Done(Trial() as trial, outcome):
                    self._known[trial] = outcome
                    write_trials(self._folder / TRIALS, self._request.schedule, self._known)
                case Failed(Trial() as trial, error):
                    self._failed[trial] = error
                    display.failed(
                        JobError(f"{trial.model}, length {trial.length}, seed {trial.seed}: {error}")
                    )
                case _:
                    continue
            self._running.discard(event.job)
            return True
        return False


def _written(request: Request, folder: Path, known: Outcomes, failed: int) -> Horizon:
    """Writes tables and figure of the trials that are known."""
    trials = request.schedule.table(known)
    rates = success_rates(trials)
    ranks = leaderboard(trials, longest=max(request.schedule.lengths))
    missing = len(request.schedule.undecided(known))
    horizon = Horizon(request, rates, ranks, missing, failed, folder)
    write_trials(folder / TRIALS, request.schedule, known)
    write_table(folder / "horizon.csv", rates)
    write_table(folder / "leaderboard.csv", ranks)
    titled = rates.assign(model=rates["model"].map(request.title))
    save_figure(draw_horizon(titled, request.goal.text), horizon.figure)
    return horizon
