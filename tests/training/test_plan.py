"""Rounds of epochs and of steps."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from rnnlab.core.batch import Batch
from rnnlab.core.errors import DivergenceError
from rnnlab.models.base import Features
from rnnlab.tasks.drawn import Fresh
from rnnlab.tasks.recall import Recall
from rnnlab.training.loop import EpochRow, TrainingState, fit
from rnnlab.training.plan import Steps
from tests.models.torchs import RNN

TASK = Recall(length=3, valid_examples=20)
STREAM = Fresh(TASK, 1, torch.float64)


def plan(total: int = 7, every: int = 3) -> Steps:
    return Steps(stream=STREAM, total=total, validate_every=every, batch_size=4)


def new_state(lr: float = 0.1) -> TrainingState:
    torch.manual_seed(1)
    model = RNN(embedding=Features(1), output_size=1, hidden_size=5, head_size=None).double()
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    return TrainingState(model, optimizer, torch.optim.lr_scheduler.ConstantLR(optimizer, 1.0, 0))


def rows_of(state: TrainingState, steps: Steps) -> Iterator[EpochRow]:
    valid = TASK.examples(20, torch.float64, np.random.default_rng(0))
    settings = {"device": "cpu", "monitor": "valid_loss", "patience": None, "clip_norm": None}
    return fit(state, TASK, steps, valid, **settings)  # type: ignore[arg-type]


def test_the_last_round_has_what_is_left() -> None:
    assert plan().rounds == 3
    assert [plan().steps(number) for number in (1, 2, 3)] == [3, 3, 1]
    assert [row.place for row in rows_of(new_state(), plan())] == [0, 3, 6, 7]


def test_validating_more_often_changes_nothing_that_is_learned() -> None:
    states = [new_state(), new_state()]
    for state, every in zip(states, (2, 7), strict=True):
        start = [p.detach().clone() for p in state.model.parameters()]
        list(rows_of(state, plan(every=every)))
        assert not torch.equal(start[0], next(state.model.parameters()))
    for first, second in zip(*(state.model.parameters() for state in states), strict=True):
        assert torch.equal(first, second)


def test_every_step_sees_a_fresh_batch() -> None:
    seen: list[Batch] = [batch for number in (1, 2, 3) for batch in plan().batches(number)]
    assert len({tuple(batch.inputs.flatten().tolist()) for batch in seen}) == 7


def test_the_running_loss_is_the_mean_over_the_rounds_sequences() -> None:
    state = new_state(lr=0.0)
    row = list(rows_of(state, plan()))[1]
    losses = [TASK.measure(state.model(b.inputs, b.lengths), b.targets)["loss"] for b in plan().batches(1)]
    assert row.train["loss"] == pytest.approx(torch.cat(losses).mean().item(), rel=1e-12)


def test_a_loss_that_is_not_finite_is_named_by_its_step() -> None:
    state = new_state(lr=1e200)
    with pytest.raises(DivergenceError, match=r"at step 2; try a smaller optimizer\.lr"):
        list(rows_of(state, plan()))
