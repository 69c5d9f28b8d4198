"""The training loop: a plan in, a row of figures a round out.

for row in fit(state, …):      row 0 is the untrained net
    write the row, save the state, draw the table

A round is an epoch, or some steps where examples have no end (see plan.py).
"""

import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import InitVar, dataclass, replace
from functools import partial

import torch
from torch import Tensor, nn

from rnnlab.core.batch import EVALUATION_BATCH, Batch, Objective, Split
from rnnlab.core.errors import DivergenceError
from rnnlab.core.metrics import improves
from rnnlab.training.engine import MakeEngine, Measures, TorchEngine, measure
from rnnlab.training.plan import Plan

Scheduler = torch.optim.lr_scheduler.LRScheduler | torch.optim.lr_scheduler.ReduceLROnPlateau


@dataclass
class TrainingState:
    """All that a later resume needs: parameters, optimizer, schedule, early stopping, place.

    make_engine: what makes `engine`, which does the arithmetic, of the model and the optimizer.
    """

    model: nn.Module
    optimizer: torch.optim.Optimizer
    scheduler: Scheduler
    epoch: int = 0
    """Finished epochs, or rounds of steps."""
    batch: int = 0
    """Finished batches of the round begun; 0 between rounds, where checkpoints are written."""
    best: float | None = None
    """The monitored metric at its best over rounds 1, 2, …; None before the first."""
    best_epoch: int | None = None
    make_engine: InitVar[MakeEngine] = TorchEngine

    def __post_init__(self, make_engine: MakeEngine) -> None:
        self.engine = make_engine(self.model, self.optimizer)


@dataclass(frozen=True)
class EpochRow:
    """The figures of one round; metrics come of averages over the task's units (texts, for a classifier).

    epoch: finished rounds; place: finished epochs or steps; train: running averages while the round
    trained (row 0: an evaluation); valid: an evaluation after it, empty without validation; seconds: the
    training pass alone; improved: a new best of the monitor.
    """

    epoch: int
    place: int
    train: Mapping[str, float]
    valid: Mapping[str, float]
    seconds: float
    improved: bool

    def metric(self, name: str) -> float:
        """Returns `train_NAME` or `valid_NAME`; NaN where there is no validation."""
        split, _, metric = name.partition("_")
        return {"train": self.train, "valid": self.valid}[split].get(metric, math.nan)


class Averages:
    """Values of metrics, kept on the device until their averages over units are asked for."""

    def __init__(self) -> None:
        self._values: dict[str, list[Tensor]] = defaultdict(list)

    def add(self, measured: Mapping[str, Tensor]) -> None:
        """Adds the values of a batch."""
        for name, values in measured.items():
            self._values[name].append(values.detach())

    def means(self) -> dict[str, float]:
        """Returns each metric's average over all units added, summed in float64."""
        return {
            name: torch.cat(parts).mean(dtype=torch.float64).item() for name, parts in self._values.items()
        }


def fit(
    state: TrainingState,
    objective: Objective,
    plan: Plan,
    valid: Split | None,
    *,
    device: str,
    monitor: str,
    patience: int | None,
    clip_norm: float | None,
    progress: Callable[[Iterable[Batch], int], Iterable[Batch]] = lambda batches, _: batches,
) -> Iterator[EpochRow]:
    """Trains `state` in place and yields a row per round, the first of them (0) before any training.

    progress wraps the batches of a round, given their number. Raises DivergenceError when a batch's loss
    is not finite, the parameters being still those before that batch.
    """
    measures_of = partial(state.engine.measure, objective)

    def validate() -> dict[str, float]:
        return {} if valid is None else _figures(measures_of, objective, every_example(valid), device)

    if state.epoch == 0:
        yield EpochRow(0, 0, _figures(measures_of, objective, plan.sample(), device), validate(), 0.0, False)
    while state.epoch < plan.rounds:
        number = state.epoch + 1
        start = time.perf_counter()
        batches = progress(plan.batches(number), plan.steps(number))
        try:
            train = train_epoch(state, objective, batches, device=device, clip_norm=clip_norm)
        except DivergenceError as error:
            place = plan.name(number, state.batch + 1)
            raise DivergenceError(f"{error} at {place}; try a smaller optimizer.lr") from None
        seconds = time.perf_counter() - start
        state.epoch, state.batch = number, 0
        row = EpochRow(number, plan.place(number), train, validate(), seconds, False)
        yield _conclude(state, row, monitor)
        if patience is not None and state.epoch - (state.best_epoch or 0) >= patience:
            return


def train_epoch(
    state: TrainingState,
    objective: Objective,
    batches: Iterable[Batch],
    *,
    device: str,
    clip_norm: float | None,
) -> dict[str, float]:
    """Takes one optimizer step per batch, on the batch's mean loss; returns the round's running figures."""
    state.model.train()
    averages = Averages()
    for batch in batches:
        averages.add(state.engine.step(objective, batch.to(device), clip_norm=clip_norm))
        state.batch += 1
    return objective.figures(averages.means())


def evaluate(model: nn.Module, objective: Objective, split: Split, *, device: str) -> dict[str, float]:
    """Returns each metric over all units of `split`, in evaluation mode."""
    return _figures(partial(measure, model, objective), objective, every_example(split), device)


def every_example(split: Split) -> Iterator[Batch]:
    """Yields all examples of a split, in batches that hold little padding."""
    return split.batches(split.by_length(), EVALUATION_BATCH)


def _figures(
    measures_of: Callable[[Batch], Measures], objective: Objective, batches: Iterable[Batch], device: str
) -> dict[str, float]:
    averages = Averages()
    for batch in batches:
        averages.add(measures_of(batch.to(device)))
    return objective.figures(averages.means())


def _conclude(state: TrainingState, row: EpochRow, monitor: str) -> EpochRow:
    value = row.metric(monitor)
    improved = improves(monitor, value, state.best)
    if improved:
        state.best, state.best_epoch = value, row.epoch
    if isinstance(state.scheduler, torch.optim.lr_scheduler.ReduceLROnPlateau):
        state.scheduler.step(value)
    else:
        state.scheduler.step()
    return replace(row, improved=improved)
