"""The trials of a memory horizon on all cores, resumable; then tables, figure and leaderboard."""

import hashlib
import os
import time
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from rnnlab.core.errors import InputError
from rnnlab.core.files import write_text
from rnnlab.reports.figures import save_figure
from rnnlab.reports.horizon_figure import draw_horizon, model_name
from rnnlab.terminal.messages import print_note
from rnnlab.terminal.tables import print_table
from rnnlab.workflows.artifacts import write_table
from rnnlab.workflows.horizon.request import Request
from rnnlab.workflows.horizon.schedule import Outcome, Outcomes, Trial, read_trials, write_trials
from rnnlab.workflows.horizon.success_rates import leaderboard, success_rates
from rnnlab.workflows.horizon.trial import begin_worker, estimate, run_trial

TRIALS, SETTINGS = "trials.csv", "settings.yaml"


def find_horizon(
    request: Request, *, workers: int | None, max_minutes: float | None, output: Path | None
) -> None:
    """Makes the trials that are not there yet and writes all results; says what the time did not allow."""
    end = None if max_minutes is None else time.monotonic() + 60 * max_minutes
    settings = request.settings()
    folder = output or Path("outputs") / f"horizon-{request.task}-{_digest(settings)}"
    known = _claim(folder, settings)
    console = Console(stderr=True)
    console.print(f"success: {request.goal.text} within training.steps={request.steps}", highlight=False)
    waiting = request.plan.undecided(known)
    if waiting:
        workers = workers or os.cpu_count() or 1
        kinds = dict.fromkeys((trial.model, trial.length) for trial in waiting)
        with console.status("Timing a few steps of each model and length"):
            costs = {kind: estimate(request.words(Trial(*kind, 1))) for kind in kinds}
        total = sum(costs[trial.model, trial.length] for trial in waiting)
        console.print(
            f"{len(known)} trials are there already; {len(waiting)} to go at most, "
            f"which takes at most about {total / 60 / workers:.1f} min with {workers} at a time",
            highlight=False,
        )
        _Pool(request, folder, known, costs, end).run(workers, console)
    _report(request, folder, known)


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

    def run(self, workers: int, console: Console) -> None:
        """Goes on until nothing is left that may begin; Ctrl-C keeps what is finished."""
        context = get_context("spawn")  # torch's threads do not survive a fork
        stop = context.Event()
        columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()]
        with (
            ProcessPoolExecutor(workers, context, initializer=begin_worker, initargs=(stop,)) as pool,
            Progress(*columns, console=console) as progress,
        ):
            bar = progress.add_task("trials", total=None)
            try:
                while self._submit(pool, workers):
                    self._collect()
                    if self._end is not None and time.monotonic() >= self._end:
                        stop.set()
                    left = len(self._request.plan.undecided(self._known))
                    progress.update(bar, completed=len(self._known), total=len(self._known) + left)
            except KeyboardInterrupt:
                stop.set()
                pool.shutdown(cancel_futures=True)
                print_note(f"interrupted; the finished trials are kept in {self._folder}")
                raise

    def _submit(self, pool: ProcessPoolExecutor, workers: int) -> bool:
        """Starts what may begin and has the time to end; returns whether anything is under way."""
        for trial in self._request.plan.ready(self._known):
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
                write_trials(self._folder / TRIALS, self._request.plan, self._known)


def _report(request: Request, folder: Path, known: Outcomes) -> None:
    """Writes tables and figure, prints the leaderboard, and says what is missing."""
    missing = len(request.plan.undecided(known))
    if not known:
        print_note(f"no trial could be finished in the time given; run it again to go on in {folder}")
        return
    trials = request.plan.table(known)
    rates = success_rates(trials)
    ranks = leaderboard(trials, longest=max(request.plan.lengths))
    write_trials(folder / TRIALS, request.plan, known)
    write_table(folder / "horizon.csv", rates)
    write_table(folder / "leaderboard.csv", ranks)
    save_figure(draw_horizon(rates, request.goal.text), folder / "figures" / "horizon.png")
    print_table(_shown(rates, ranks, request))
    if missing:
        print_note(f"{missing} trials are missing: the time was up; run it again to go on")
    print(f"figure: {folder / 'figures' / 'horizon.png'}\ntables: {folder}")


def _shown(rates: pd.DataFrame, ranks: pd.DataFrame, request: Request) -> Table:
    """Returns the leaderboard, with the successes at every length."""
    caption = (
        f"horizon: the largest length at which at least half of the seeds reach a {request.goal.text} within "
        f"{request.steps:,} steps, with its 95 % bootstrap interval; by length: successes of seeds "
        "(in brackets: assumed)"
    )
    shown = Table("model", caption=caption, caption_justify="left")
    for name in ("horizon", "95 %", "median steps", *map(str, request.plan.lengths)):
        shown.add_column(name, justify="right")
    cells = {(row.model, row.length): row for row in rates.itertuples()}
    for rank in ranks.itertuples():
        more = "≥ " if rank.at_least else ""
        steps = "-" if pd.isna(rank.median_steps) else f"{rank.median_steps:,.0f}"
        rows = [cells.get((rank.model, length)) for length in request.plan.lengths]
        known = sum(row.number for row in rows if row is not None)
        interval = f"{rank.low} to {rank.high}"
        if known < request.plan.seeds * len(request.plan.lengths):
            more, interval = "so far ", "-"
        shown.add_row(model_name(rank.model), f"{more}{rank.horizon}", interval, steps, *map(_share, rows))
    return shown


def _share(row: Any) -> str:
    if row is None:
        return "-"
    share = f"{row.successes}/{row.number}"
    return share if row.tried else f"({share})"
