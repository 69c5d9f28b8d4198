"""How long the jobs of a sweep will take, going by a few batches of each kind, timed before they begin."""

import heapq
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import chain, cycle, islice
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any

from rnnlab.core.batch import EVALUATION_BATCH, Batch
from rnnlab.core.worker import Done, Failed
from rnnlab.core.workers import Workers
from rnnlab.experiment.engine_choice import first_compilation
from rnnlab.experiment.experiment import Experiment, prepare
from rnnlab.experiment.plan import PlannedRun
from rnnlab.experiment.schema import validate
from rnnlab.tasks.base import untracked
from rnnlab.training.loop import TrainingState, figures_of, train_epoch

BATCHES, SECONDS = 20, 0.25
"""So many batches are timed at most, and for so long."""
AROUND = 2.5
"""Seconds of a job beside training and evaluation: its beginning, its tables, its page."""
SHARE = 0.02
"""Results are waited for longer where this is less than that share of the time that they tell."""
SAME_TIME = ("seed", "insert", "similarity", "probe", "scheduler")
"""Parts of a configuration that leave the time of a batch as it is; so do the optimizer's numbers."""


def time_jobs(pool: Workers, runs: Sequence[PlannedRun], *, patience: float) -> dict[str, float]:
    """Returns by name the seconds that jobs will take, of those of which it is found out in time.

    One job of each kind is timed, as many at a time as the pool has workers, which all are kept busy, as by
    the sweep. What is not back after `patience` seconds is no longer waited for.
    """
    kind_of = {run.name: _kind(run.values) for run in runs}
    values_of = {kind_of[run.name]: run.values for run in reversed(runs)}
    at_a_time = min(pool.number, len(runs))
    waiting = islice(cycle(values_of.items()), max(len(values_of), at_a_time))
    found: dict[str, list[float]] = {}
    begun: float | None = None

    def known() -> dict[str, float]:
        return {name: mean(found[kind]) for name, kind in kind_of.items() if kind in found}

    def time_left() -> float:
        worth = SHARE * sum(known().values()) / at_a_time
        return (begun or time.monotonic()) + max(patience, worth) - time.monotonic()

    def submit(number: int) -> None:
        for kind, values in islice(waiting, number):
            pool.submit(kind, job_seconds, values)

    submit(at_a_time)
    for event in pool.events(patience):
        begun = begun or time.monotonic()  # the processes are there
        if isinstance(event, Done) and isinstance(event.value, float):
            found.setdefault(str(event.job), []).append(event.value)
        if time_left() <= 0:
            break
        if isinstance(event, Done | Failed):
            submit(1)
    return known()


@contextmanager
def throwaway_caches(runs: Sequence[PlannedRun]) -> Iterator[list[PlannedRun]]:
    """Yields jobs that read the caches of these and write into others, which are gone afterwards."""
    caches = {str(run.values["data"]["cache"]) for run in runs}
    with TemporaryDirectory() as folder:
        instead = {cache: Path(folder, str(number)) for number, cache in enumerate(caches)}
        for cache, other in instead.items():
            other.mkdir()
            for entry in Path(cache).glob("[!.]*"):
                (other / entry.name).symlink_to(entry.resolve())
        yield [
            replace(run, values={**run.values, "data": {**data, "cache": str(instead[str(data["cache"])])}})
            for run in runs
            for data in [run.values["data"]]
        ]


def sweep_seconds(jobs: Iterable[float], workers: int) -> float:
    """Returns how long jobs of so many seconds take, so many at a time, each begun as soon as one is over."""
    ends = [0.0] * workers
    for seconds in jobs:
        heapq.heapreplace(ends, ends[0] + seconds)
    return max(ends)


def in_words(seconds: float) -> str:
    """Returns a time with the two digits that an estimate is worth."""
    for unit, size in (("s", 1.0), ("min", 60.0)):
        if seconds < 99.5 * size:
            return f"{max(seconds / size, 1):.0f} {unit}"
    return f"{seconds / 3600:.1f} h"


def _kind(values: Mapping[str, Any]) -> str:
    """Returns what jobs have alike whose batches take the same time."""
    telling = {key: value for key, value in values.items() if key not in SAME_TIME}
    telling["optimizer"] = values["optimizer"].get("_target_")
    return json.dumps(telling, sort_keys=True, default=str)


def job_seconds(values: Mapping[str, Any]) -> float | None:
    """Returns how long a job will take that is left to its last round, by a few of its batches.

    values: its configuration as composed. None where that cannot be told: the first loops over time of a cell
    have to be compiled before, or there is nothing to time.
    """
    begun = time.perf_counter()
    experiment = prepare(validate(dict(values)), track=untracked)
    config, plan = experiment.config, experiment.plan
    if first_compilation(config, experiment.model):
        return None
    state = experiment.training_state()
    prepared = time.perf_counter() - begun
    with experiment.torch_settings():
        batch = _seconds_a_batch(experiment, state)
        example = _seconds_an_evaluated_example(experiment, state)
    if batch is None:
        return None
    sizes = {name: len(split) for name, split in experiment.task_data.finite.items()}
    evaluated = sizes.get("valid", 0) * (plan.rounds + 1)
    evaluated += sizes.get("train", 0) * (plan.rounds * config.training.evaluate_train + 1)
    seconds = prepared + batch * plan.steps_after(0) + example * evaluated + AROUND
    limit = config.training.max_minutes
    return seconds if limit is None else min(seconds, 60 * limit)


def _seconds_a_batch(experiment: Experiment, state: TrainingState) -> float | None:
    """Returns the seconds of a training step but for the first, which loads compiled loops."""
    plan = experiment.plan
    batches = chain.from_iterable(plan.batches(number) for number in range(1, plan.rounds + 1))
    first = list(islice(batches, 1))
    timed = 0

    def in_time() -> Iterator[Batch]:
        nonlocal timed
        for batch in islice(chain(first, batches), BATCHES):
            yield batch
            timed += 1
            if time.perf_counter() > begun + SECONDS:
                return

    step = partial(
        train_epoch,
        state,
        experiment.task,
        device=experiment.device,
        clip_norm=experiment.config.training.clip_norm,
    )
    step(first)
    begun = time.perf_counter()
    step(in_time())
    return (time.perf_counter() - begun) / timed if timed else None


def _seconds_an_evaluated_example(experiment: Experiment, state: TrainingState) -> float:
    """Returns the seconds of an example in a batch of middling ones; 0 where none is evaluated."""
    split = experiment.task_data.finite.get(experiment.task_data.evaluation_split)
    if split is None or not len(split):
        return 0.0
    skipped = max(len(split) - EVALUATION_BATCH, 0) // 2
    middling = split.by_length()[skipped : skipped + EVALUATION_BATCH]
    measures_of = partial(state.engine.evaluate, experiment.task)
    for _ in range(2):  # the first time loads compiled loops
        begun = time.perf_counter()
        figures_of(measures_of, experiment.task, split.batches(middling, EVALUATION_BATCH), experiment.device)
        seconds = time.perf_counter() - begun
    return seconds / len(middling)
