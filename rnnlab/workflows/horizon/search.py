"""The trials of a memory horizon on all cores, resumable; then tables, figure and leaderboard."""

import hashlib
import os
import time
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from rnnlab.core.errors import InputError
from rnnlab.core.files import write_text
from rnnlab.experiment.modules import used_modules
from rnnlab.reports.figures import save_figure
from rnnlab.reports.horizon_figure import draw_horizon
from rnnlab.runs.tables import write_table
from rnnlab.workflows.display import SILENT, Bar, Display
from rnnlab.workflows.horizon.request import Request
from rnnlab.workflows.horizon.schedule import Outcome, Outcomes, Trial, read_trials, write_trials
from rnnlab.workflows.horizon.success_rates import leaderboard, success_rates
from rnnlab.workflows.horizon.trial import begin_worker, estimate, run_trial

TRIALS, SETTINGS = "trials.csv", "settings.yaml"


@dataclass(frozen=True)
class Horizon:
    """How far each model gets.

    rates: see `success_rates`; ranks: see `leaderboard`; missing: how many trials the time did not allow;
    folder: where tables and figure lie.
    """

    request: Request
    rates: pd.DataFrame
    ranks: pd.DataFrame
    missing: int
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
    if waiting:
        workers = workers or os.cpu_count() or 1
        kinds = dict.fromkeys((trial.model, trial.length) for trial in waiting)
        with display.status("Timing a few steps of each model and length"):
            costs = {kind: estimate(request.words(Trial(*kind, 1))) for kind in kinds}
        total = sum(costs[trial.model, trial.length] for trial in waiting)
        display.message(
            f"{len(known)} trials are there already; {len(waiting)} to go at most, "
            f"which takes at most about {total / 60 / workers:.1f} min with {workers} at a time"
        )
        _Pool(request, folder, known, costs, end).run(workers, display)
    if not known:
        display.note(f"no trial could be finished in the time given; run it again to go on in {folder}")
        return None
    return _written(request, folder, known)


def _digest(settings: dict[str, Any]) -> str:
    return hashlib.sha256(yaml.safe_dump(settings).encode()).hexdigest()[:8]


def _claim(folder: Path, settings: dict[str, Any]) -> Outcomes:
    """Makes the folder or takes it up again; returns the trials it holds."""
    path = folder / SETTINGS
    try:
        if path.is_file():
            found = yaml.safe_load(path.read_text(encoding="utf-8"))
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
    except (OSError, yaml.YAMLError) as error:
        reason = getattr(error, "strerror", None) or "not valid YAML"
        raise InputError(f"{folder}: cannot be used as --output ({reason})") from None
    return {}


class _Pool:
    """Hands trials to processes as they become possible, and keeps what comes back."""

    def __init__(
        self,
        request: Request,
        folder: Path,
        known: Outcomes,
        costs: dict[tuple[str, int], float],
        end: float | None,
    ) -> None:
        self._request, self._folder, self._known = request, folder, known
        self._costs, self._end = costs, end
        self._running: dict[Future[Outcome | None], Trial] = {}

    def run(self, workers: int, display: Display) -> None:
        """Goes on until nothing is left that may begin; Ctrl-C keeps what is finished."""
        context = get_context("spawn")  # torch's threads do not survive a fork
        stop = context.Event()
        with (
            ProcessPoolExecutor(workers, context, begin_worker, (stop, used_modules())) as pool,
            display.bar("trials", None) as bar,
        ):
            try:
                self._go_on(pool, workers, stop, bar)
            except KeyboardInterrupt:
                stop.set()
                pool.shutdown(cancel_futures=True)
                display.note(f"interrupted; the finished trials are kept in {self._folder}")
                raise

    def _go_on(self, pool: Executor, workers: int, stop: Event, bar: Bar) -> None:
        while self._submit(pool, workers):
            self._collect()
            if self._end is not None and time.monotonic() >= self._end:
                stop.set()
            left = len(self._request.schedule.undecided(self._known))
            done = len(self._known)
            bar.update(completed=done, total=done + left, text=f"trials {done}/{done + left}")

    def _submit(self, pool: Executor, workers: int) -> bool:
        """Starts what may begin and has the time to end; returns whether anything is under way."""
        for trial in self._request.schedule.ready(self._known):
            if len(self._running) >= workers:
                break
            cost = self._costs[trial.model, trial.length]
            too_late = self._end is not None and time.monotonic() + cost > self._end
            if trial not in self._running.values() and not too_late:
                words = self._request.words(trial)
                self._running[pool.submit(run_trial, words, self._request.goal)] = trial
        return bool(self._running)

    def _collect(self) -> None:
        """Waits for a trial to end, or for the end of the time."""
        left = None if self._end is None else max(self._end - time.monotonic(), 0.1)
        for future in wait(self._running, timeout=left, return_when=FIRST_COMPLETED).done:
            trial, outcome = self._running.pop(future), future.result()
            if outcome is not None:
                self._known[trial] = outcome
                write_trials(self._folder / TRIALS, self._request.schedule, self._known)


def _written(request: Request, folder: Path, known: Outcomes) -> Horizon:
    """Writes tables and figure of the trials that are known."""
    trials = request.schedule.table(known)
    rates = success_rates(trials)
    ranks = leaderboard(trials, longest=max(request.schedule.lengths))
    horizon = Horizon(request, rates, ranks, len(request.schedule.undecided(known)), folder)
    write_trials(folder / TRIALS, request.schedule, known)
    write_table(folder / "horizon.csv", rates)
    write_table(folder / "leaderboard.csv", ranks)
    titled = rates.assign(model=rates["model"].map(request.title))
    save_figure(draw_horizon(titled, request.goal.text), horizon.figure)
    return horizon
