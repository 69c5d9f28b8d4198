"""The training loop: a plan in, a row of figures a round out.

for row in fit(state, …):      row 0 is the untrained net
    write the row, save the state, draw the table

A round is an epoch, or some steps where examples have no end (see plan.py).
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import InitVar, dataclass, field, replace
from functools import partial

import torch
from torch import nn

from rnnlab.core.batch import EVALUATION_BATCH, Batch, Objective, Split
from rnnlab.core.errors import DivergenceError
from rnnlab.core.metrics import improves
from rnnlab.core.profile import span, spans
from rnnlab.training.averages import Averages, Round
from rnnlab.training.averaging import Averaging
from rnnlab.training.engine import MakeEngine, Measures, TorchEngine, measure
from rnnlab.training.plan import Plan

Scheduler = torch.optim.lr_scheduler.LRScheduler | torch.optim.lr_scheduler.ReduceLROnPlateau


@dataclass
class TrainingState:
    """All that going on later needs: parameters, optimizer, schedule, early stopping, place, running figures.

    make_engine: what makes `engine`, which does the arithmetic, of the model and the optimizer.
    """

    model: nn.Module
    optimizer: torch.optim.Optimizer
    scheduler: Scheduler
    epoch: int = 0
    """Finished epochs, or rounds of steps."""
    begun: bool = False
    """Whether the untrained net has been measured, which is row 0."""
    batch: int = 0
    """Finished batches of the round begun; 0 between rounds."""
    best: float | None = None
    """The monitored metric at its best over rounds 1, 2, …; None before the first."""
    best_epoch: int | None = None
    averaging: Averaging | None = None
    """An average of the parameters, which stands in the model between rounds and at the end."""
    make_engine: InitVar[MakeEngine] = TorchEngine

    def __post_init__(self, make_engine: MakeEngine) -> None:
        self.engine = make_engine(self.model, self.optimizer)
        self.round = Round()

    def out_of_patience(self, patience: int | None) -> bool:
        """Returns whether so many rounds have gone by since the best one."""
        return patience is not None and self.epoch - (self.best_epoch or 0) >= patience


@dataclass(frozen=True)
class EpochRow:
    """The figures of one round; metrics come of averages over the task's units (texts, for a classifier).

    epoch: finished rounds; place: finished epochs or steps; train: running averages while the round
    trained (row 0: an evaluation); valid: an evaluation after it, empty without validation; seconds: the
    training pass alone, by the clock on the wall; cpu_seconds: the same pass in time of the processor, all
    threads of the process together; improved: a new best of the monitor; train_after: the training examples
    evaluated as the validation examples are, after the round, empty unless that was asked for.
    """

    epoch: int
    place: int
    train: Mapping[str, float]
    valid: Mapping[str, float]
    seconds: float
    improved: bool
    train_after: Mapping[str, float] = field(default_factory=dict)
    cpu_seconds: float = 0.0

    def metric(self, name: str) -> float:
        """Returns `train_NAME` or `valid_NAME`; NaN where there is no validation."""
        split, _, metric = name.partition("_")
        return {"train": self.train, "valid": self.valid}[split].get(metric, math.nan)


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
    evaluate_train: bool = False,
    progress: Callable[[Iterable[Batch], int], Iterable[Batch]] = lambda batches, _: batches,
    after_batch: Callable[[], None] | None = None,
) -> Iterator[EpochRow]:
    """Trains `state` in place and yields a row per round, the first of them (0) before any training.

    A state that a checkpoint has been read into goes on from there. evaluate_train evaluates the training
    examples after each round, too, which changes nothing else; progress wraps the batches of a round, given
    their number; after_batch is called within a round, when the state is that after a whole batch. Raises
    DivergenceError when a batch's loss is not finite, the parameters being still those before that batch.
    """
    measures_of = partial(state.engine.evaluate, objective)

    def validate() -> dict[str, float]:
        return {} if valid is None else figures_of(measures_of, objective, every_example(valid), device)

    def measure_train() -> dict[str, float]:
        return figures_of(measures_of, objective, plan.sample(), device)

    def within_round(steps: int) -> None:
        if after_batch is not None and state.batch < steps:  # after the last one the round is over
            after_batch()

    if not state.begun:
        train = measure_train()
        state.begun = True
        yield EpochRow(0, 0, train, validate(), 0.0, False, train if evaluate_train else {})
    while state.epoch < plan.rounds and not state.out_of_patience(patience):
        number = state.epoch + 1
        if state.batch == 0:
            state.round = Round()
            if state.averaging is not None:
                state.averaging.swap()  # between rounds the average stands in the model
        left = plan.steps(number) - state.batch
        batches = progress(plan.batches(number, state.batch), left)
        try:
            with span("training"):
                train = train_epoch(
                    state,
                    objective,
                    batches,
                    device=device,
                    clip_norm=clip_norm,
                    averages=state.round.averages,
                    after_batch=None if after_batch is None else partial(within_round, plan.steps(number)),
                )
        except DivergenceError as error:
            place = plan.name(number, state.batch + 1)
            raise DivergenceError(f"{error} at {place}; try a smaller optimizer.lr") from None
        seconds = state.round.taken()
        state.epoch, state.batch = number, 0
        if state.averaging is not None:
            state.averaging.swap()
        after = measure_train() if evaluate_train else {}
        row = EpochRow(number, plan.place(number), train, validate(), seconds.wall, False, after, seconds.cpu)
        yield _conclude(state, row, monitor)


def train_epoch(
    state: TrainingState,
    objective: Objective,
    batches: Iterable[Batch],
    *,
    device: str,
    clip_norm: float | None,
    averages: Averages | None = None,
    after_batch: Callable[[], None] | None = None,
) -> dict[str, float]:
    """Takes one optimizer step per batch, on the batch's mean loss; returns the round's running figures.

    averages: of the round's batches before these, if there were any; those of these are added.
    """
    state.model.train()
    averages = averages or Averages()

    def counted() -> Iterator[Batch]:
        for batch in spans("batches", batches):
            yield batch.to(device)
            if state.averaging is not None:
                state.averaging.update()
            state.batch += 1  # the engine asks for the next batch when it has done with this one
            if after_batch is not None:
                after_batch()

    for measured in state.engine.train(objective, counted(), clip_norm=clip_norm):
        averages.add(measured)
    return objective.figures(averages.means())


def evaluate(model: nn.Module, objective: Objective, split: Split, *, device: str) -> dict[str, float]:
    """Returns each metric over all units of `split`, in evaluation mode."""
    measures_of = partial(map, partial(measure, model, objective))
    return figures_of(measures_of, objective, every_example(split), device)


def every_example(split: Split) -> Iterator[Batch]:
    """Yields all examples of a split, in batches that hold little padding."""
    return split.batches(split.by_length(), EVALUATION_BATCH)


def figures_of(
    measures_of: Callable[[Iterable[Batch]], Iterable[Measures]],
    objective: Objective,
    batches: Iterable[Batch],
    device: str,
) -> dict[str, float]:
    """Returns each metric over all units of the batches, which `measures_of` measures."""
    averages = Averages()
    with span("evaluation"):
        for measured in measures_of(batch.to(device) for batch in batches):
            averages.add(measured)
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
