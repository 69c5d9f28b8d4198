"""Trials of a search for the longest sequence that a net still learns: what is known, what comes next.

An outcome is whether a net of a model, with a seed, learned sequences of a length.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Literal, NamedTuple

import pandas as pd

from rnnlab.core.errors import InputError
from rnnlab.runs.journal import Job, Journal

Search = Literal["grid", "bisection"]


class Trial(NamedTuple):
    """One training: of which model, on sequences of which length (steps), with which seed."""

    model: str
    length: int
    seed: int


@dataclass(frozen=True)
class Outcome:
    """How a trial ended.

    steps: optimizer steps taken until success or the end; best: the best validation loss or accuracy, NaN
    for a training that diverged at once; seconds: of training and validation.
    """

    success: bool
    steps: int
    best: float
    seconds: float


Outcomes = dict[Trial, Outcome]
COLUMNS = (*Trial._fields, "tried", *Outcome.__dataclass_fields__)


@dataclass(frozen=True)
class Schedule:
    """All trials of a search, seeds being 1, 2, …; lengths rise.

    grid: all lengths, from the shortest on, as long as at least one seed of the model has succeeded at the
    length before. bisection: for each model and seed, the longest length of success by halving what is left,
    taking for granted that whoever learns a length learns all shorter ones.
    """

    models: tuple[str, ...]
    lengths: tuple[int, ...]
    seeds: int
    search: Search

    def ready(self, known: Outcomes) -> Iterator[Trial]:
        """Yields the trials that may begin now, shortest first; those under way are among them."""
        found = self._ready_of_grid(known) if self.search == "grid" else self._ready_of_bisection(known)
        yield from sorted(found, key=lambda trial: trial.length)

    def assumed(self, known: Outcomes) -> dict[Trial, bool]:
        """Returns the success of trials that will not be made, following from those that were."""
        assumed = {}
        for model in self.models:
            for seed in range(1, self.seeds + 1):
                learned, failed = self._bounds(model, seed, known)
                for position, length in enumerate(self.lengths):
                    if position <= learned or position >= failed:
                        assumed[Trial(model, length, seed)] = position <= learned
        return {trial: success for trial, success in assumed.items() if trial not in known}

    def undecided(self, known: Outcomes) -> list[Trial]:
        """Returns the trials of which neither an outcome nor an assumption is known, shortest first."""
        assumed = self.assumed(known)
        return [trial for trial in self._all() if trial not in known and trial not in assumed]

    def table(self, known: Outcomes) -> pd.DataFrame:
        """Returns a row per trial made or assumed (`tried` false), by model, length and seed."""
        assumed = self.assumed(known)
        ordered = sorted(self._all(), key=lambda trial: self.models.index(trial.model))
        rows = [
            trial._asdict() | {"tried": trial in known} | _cells(known.get(trial), assumed.get(trial))
            for trial in ordered
            if trial in known or trial in assumed
        ]
        return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"steps": "Int64"})

    def _all(self) -> list[Trial]:
        seeds = range(1, self.seeds + 1)
        return [Trial(m, length, seed) for length in self.lengths for m in self.models for seed in seeds]

    def _ready_of_grid(self, known: Outcomes) -> Iterator[Trial]:
        for model in self.models:
            for length in self.lengths:
                trials = [Trial(model, length, seed) for seed in range(1, self.seeds + 1)]
                yield from (trial for trial in trials if trial not in known)
                if not any(trial in known and known[trial].success for trial in trials):
                    break

    def _ready_of_bisection(self, known: Outcomes) -> Iterator[Trial]:
        for model in self.models:
            for seed in range(1, self.seeds + 1):
                learned, failed = self._bounds(model, seed, known)
                if failed - learned > 1:
                    yield Trial(model, self.lengths[(learned + failed) // 2], seed)

    def _bounds(self, model: str, seed: int, known: Outcomes) -> tuple[int, int]:
        """Returns the positions of the longest length taken as learned (−1) and the shortest as not."""
        learned, failed = -1, len(self.lengths)
        if self.search == "grid":
            for position, length in enumerate(self.lengths):
                trials = [Trial(model, length, other) for other in range(1, self.seeds + 1)]
                if all(trial in known and not known[trial].success for trial in trials):
                    return learned, position
            return learned, failed
        while failed - learned > 1:
            middle = (learned + failed) // 2
            outcome = known.get(Trial(model, self.lengths[middle], seed))
            if outcome is None:
                break
            learned, failed = (middle, failed) if outcome.success else (learned, middle)
        return learned, failed


def outcomes_of(journal: Journal, trials: Mapping[str, Trial]) -> Outcomes:
    """Returns how the trials ended that a journal has as done; trials: by the names of their jobs.

    Raises InputError for figures that are not a trial's.
    """
    found = {trial: journal.jobs[name] for name, trial in trials.items() if name in journal.jobs}
    return {trial: _outcome(journal, job) for trial, job in found.items() if job.state == "done"}


def figures_of(outcome: Outcome) -> dict[str, float | int | None]:
    """Returns an outcome as a journal has it."""
    best = None if math.isnan(outcome.best) else outcome.best
    return {**asdict(outcome), "success": int(outcome.success), "best": best}


def _outcome(journal: Journal, job: Job) -> Outcome:
    figures = dict((job.last and job.last.best) or {})
    best = figures.pop("best", None)
    known = [value for value in figures.values() if value is not None and math.isfinite(value)]
    if set(figures) != {"success", "steps", "seconds"} or len(known) < len(figures):
        raise InputError(
            f"{journal.path}: {job.name}: expected the figures of a trial: success, steps, best and seconds"
        )
    success, steps, seconds = (float(figures[name] or 0) for name in ("success", "steps", "seconds"))
    return Outcome(bool(success), int(steps), math.nan if best is None else float(best), seconds)


def _cells(outcome: Outcome | None, assumed: bool | None) -> dict[str, object]:
    if outcome is not None:
        return asdict(outcome)
    return {"success": assumed, "steps": None, "best": None, "seconds": None}
