import copy
import math
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from rnnlab.core.batch import Batch
from rnnlab.core.errors import DivergenceError
from rnnlab.core.seeds import epoch_order
from rnnlab.data.splits import TextSplit
from rnnlab.tasks.classification import Classification
from rnnlab.training import loop
from rnnlab.training.loop import Averages, EpochRow, TrainingState, evaluate, fit
from rnnlab.training.plan import Epochs

MakeState = Callable[..., TrainingState]
BATCH_SIZE = 4
SEED = 3


def rows(
    state: TrainingState,
    train: Any,
    valid: TextSplit | None,
    *,
    task: Classification | None = None,
    epochs: int = 3,
    batch_size: int = BATCH_SIZE,
    seed: int = SEED,
    **changes: Any,
) -> Iterator[EpochRow]:
    plan = Epochs(split=train, epochs=epochs, batch_size=batch_size, seed=seed)
    settings: dict[str, Any] = {
        "device": "cpu",
        "monitor": "valid_loss",
        "patience": None,
        "clip_norm": None,
    }
    return fit(state, task or Classification(), plan, valid, **settings | changes)


def run(state: TrainingState, train: Any, valid: TextSplit | None, **changes: Any) -> list[EpochRow]:
    return list(rows(state, train, valid, **changes))


def parameters(model: nn.Module) -> list[Tensor]:
    return [parameter.detach().clone() for parameter in model.parameters()]


def by_hand(model: nn.Module, split: TextSplit, index: int) -> tuple[Tensor, float]:
    """The loss of one text, alone, and whether it is classified rightly."""
    text = torch.from_numpy(split.text(index).astype(np.int64))
    logit = model(text[None], torch.tensor([len(text)]))[0, 0]
    target = float(split.labels[index])
    loss = binary_cross_entropy_with_logits(logit, torch.tensor(target, dtype=logit.dtype))
    return loss, float((logit.sigmoid().item() > 0.5) == (target == 1))


def averages_by_hand(model: nn.Module, split: TextSplit) -> dict[str, float]:
    results = [by_hand(model, split, index) for index in range(len(split))]
    return {
        "acc": sum(right for _, right in results) / len(split),
        "loss": sum(loss.item() for loss, _ in results) / len(split),
    }


def test_row_0_evaluates_both_splits_before_any_training(
    train: TextSplit, valid: TextSplit, make_state: MakeState
) -> None:
    state = make_state(dropout=0.5)
    before = parameters(state.model)
    row = next(rows(state, train, valid))
    assert (row.epoch, row.seconds, row.improved, state.best) == (0, 0.0, False, None)
    assert row.train == pytest.approx(averages_by_hand(state.model.eval(), train), abs=1e-14)
    assert row.valid == pytest.approx(averages_by_hand(state.model.eval(), valid), abs=1e-14)
    assert 0.3 < row.train["loss"] < 2
    assert all(torch.equal(a, b) for a, b in zip(parameters(state.model), before, strict=True))


def test_running_figures_and_steps_are_those_of_a_loop_written_out(
    train: TextSplit, valid: TextSplit, make_state: MakeState
) -> None:
    state, reference = make_state(), make_state()
    table = run(state, train, valid)
    assert [row.epoch for row in table] == [0, 1, 2, 3]
    for row in table[1:]:
        order = epoch_order(len(train), seed=SEED, epoch=row.epoch)
        loss_sum = right_sum = 0.0
        for begin in range(0, len(order), BATCH_SIZE):
            results = [
                by_hand(reference.model, train, int(index)) for index in order[begin : begin + BATCH_SIZE]
            ]
            reference.optimizer.zero_grad()
            mean = torch.stack([loss for loss, _ in results]).mean()
            mean.backward()
            reference.optimizer.step()
            loss_sum += mean.item() * len(results)
            right_sum += sum(right for _, right in results)
        assert row.train == pytest.approx({"acc": right_sum / 11, "loss": loss_sum / 11}, abs=1e-12)
        assert row.valid.keys() == row.train.keys() and row.seconds > 0
    # only after the last epoch are both at the same place
    assert table[-1].valid == pytest.approx(averages_by_hand(reference.model, valid), abs=1e-12)
    assert len({row.train["loss"] for row in table}) == 4
    for ours, expected in zip(state.model.parameters(), reference.model.parameters(), strict=True):
        torch.testing.assert_close(ours, expected, rtol=0, atol=1e-12)


class Spy:
    """A split that notes the orders it is asked for."""

    def __init__(self, split: TextSplit) -> None:
        self.split, self.orders = split, list[list[int]]()

    def __len__(self) -> int:
        return len(self.split)

    def by_length(self) -> np.ndarray:
        return self.split.by_length()

    def batches(self, order: np.ndarray, batch_size: int) -> Iterator[Batch]:
        if batch_size == BATCH_SIZE:
            self.orders.append(order.tolist())
        return self.split.batches(order, batch_size)


def test_the_order_follows_from_seed_and_epoch_alone(train: TextSplit, make_state: MakeState) -> None:
    first, other_net, other_seed = Spy(train), Spy(train), Spy(train)
    run(make_state(), first, None)
    run(make_state(seed=9, dropout=0.5), other_net, None)
    run(make_state(), other_seed, None, seed=SEED + 1)
    assert other_net.orders == first.orders
    assert len({tuple(order) for order in first.orders + other_seed.orders}) == 6
    assert all(sorted(order) == list(range(11)) for order in first.orders)


def test_the_same_training_twice_gives_the_same_figures(
    train: TextSplit, valid: TextSplit, make_state: MakeState
) -> None:
    once, again = (run(make_state(dropout=0.3), train, valid) for _ in range(2))
    assert [(row.train, row.valid) for row in once] == [(row.train, row.valid) for row in again]


def test_without_validation_there_are_no_validation_figures(train: TextSplit, make_state: MakeState) -> None:
    table = run(make_state(), train, None, monitor="train_loss")
    assert [row.valid for row in table] == [{}] * 4
    assert (
        math.isnan(table[1].metric("valid_loss")) and table[1].metric("train_loss") == table[1].train["loss"]
    )
    assert table[1].improved


def test_training_texts_are_evaluated_after_the_epoch_and_nothing_else_changes(
    train: TextSplit, valid: TextSplit, make_state: MakeState
) -> None:
    state, plain = make_state(dropout=0.3), make_state(dropout=0.3)
    torch.manual_seed(5)
    measured = []
    for row in rows(state, train, valid, evaluate_train=True):
        by_hand = averages_by_hand(copy.deepcopy(state.model).eval(), train)
        assert row.train_after == pytest.approx(by_hand, abs=1e-12) and by_hand["loss"] > 0.1
        measured.append(row)
    random = torch.get_rng_state()
    torch.manual_seed(5)
    without = run(plain, train, valid)
    assert torch.equal(torch.get_rng_state(), random)
    assert [(row.train, row.valid) for row in without] == [(row.train, row.valid) for row in measured]
    assert all(row.train_after == {} for row in without)
    assert measured[0].train_after == measured[0].train
    assert all(row.train_after["loss"] != row.train["loss"] for row in measured[1:])
    for ours, theirs in zip(state.model.parameters(), plain.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_evaluation_draws_no_random_numbers_and_takes_no_step(
    train: TextSplit, make_state: MakeState
) -> None:
    state = make_state(dropout=0.5)
    before, random = parameters(state.model), torch.get_rng_state()
    first = evaluate(state.model, Classification(), train, device="cpu")
    assert evaluate(state.model, Classification(), train, device="cpu") == first
    assert torch.equal(torch.get_rng_state(), random)
    assert all(torch.equal(a, b) for a, b in zip(parameters(state.model), before, strict=True))
    assert all(parameter.grad is None for parameter in state.model.parameters())


def test_gradients_are_clipped_to_the_norm_asked_for(train: TextSplit, make_state: MakeState) -> None:
    def moved(clip_norm: float | None) -> float:
        state = make_state(optimizer=lambda p: torch.optim.SGD(p, lr=1.0))
        before = parameters(state.model)
        run(state, train, None, epochs=1, batch_size=11, clip_norm=clip_norm)
        steps = [a - b for a, b in zip(parameters(state.model), before, strict=True)]
        return torch.cat([step.flatten() for step in steps]).norm().item()

    free = moved(None)
    assert free > 0.01
    assert moved(free / 2) == pytest.approx(free / 2, rel=1e-4)  # torch divides by the norm + 1e-6
    assert moved(free * 2) == pytest.approx(free, rel=1e-12)


class Scripted(Classification):
    """Validation, from row 0 on, has these losses; the first evaluation is that of the training texts."""

    def __init__(self, losses: list[float]) -> None:
        self.evaluations = iter([0.0, *losses])

    def measure(self, logits: Tensor, targets: Tensor) -> dict[str, Tensor]:
        if torch.is_grad_enabled():
            return super().measure(logits, targets)
        loss = torch.full_like(targets, next(self.evaluations))
        return {"acc": 1 - loss, "loss": loss}


@pytest.mark.parametrize("monitor", ["valid_loss", "valid_acc"])
def test_the_best_epoch_is_that_of_the_monitor_and_row_0_is_none(
    monitor: str, train: TextSplit, valid: TextSplit, make_state: MakeState
) -> None:
    state = make_state()
    task = Scripted([0.1, 0.9, 0.5, 0.7, 0.5, 0.4])
    table = run(state, train, valid, task=task, epochs=5, monitor=monitor)
    assert [row.improved for row in table] == [False, True, True, False, False, True]
    assert state.best_epoch == 5 and state.best == table[5].metric(monitor)


@pytest.mark.parametrize(
    ("patience", "last"),
    [(1, 3), (2, 4), (3, 8), (None, 8)],
)
def test_training_stops_after_so_many_epochs_without_a_new_best(
    patience: int | None, last: int, train: TextSplit, valid: TextSplit, make_state: MakeState
) -> None:
    task = Scripted([0.9, 0.8, 0.7, 0.75, 0.72, 0.6, 0.6, 0.6, 0.5])
    assert run(make_state(), train, valid, task=task, epochs=8, patience=patience)[-1].epoch == last


def test_a_plateau_is_one_of_the_monitor(train: TextSplit, valid: TextSplit, make_state: MakeState) -> None:
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau
    state = make_state(scheduler=lambda optimizer: plateau(optimizer, factor=0.5, patience=1))
    task = Scripted([0.9, 0.8, 0.9, 0.9, 0.7, 0.9])
    rates = [state.optimizer.param_groups[0]["lr"] for _ in rows(state, train, valid, task=task, epochs=5)]
    assert rates == [0.01, 0.01, 0.01, 0.005, 0.005, 0.005]


def test_a_loss_that_is_no_number_stops_before_the_step(
    train: TextSplit, valid: TextSplit, make_state: MakeState
) -> None:
    order = epoch_order(len(train), seed=SEED, epoch=1)
    state = make_state()
    embedding: Any = state.model.embedding
    unused = embedding.num_embeddings - 1
    with torch.no_grad():
        embedding.weight[unused] = math.nan
    ids = train.ids.copy()
    ids[train.offsets[order[BATCH_SIZE]]] = unused  # the first word of the second batch
    train = replace(train, ids=ids)
    expected = copy.deepcopy(state)
    batches = train.batches(order[:BATCH_SIZE], BATCH_SIZE)
    loop.train_epoch(expected, Classification(), batches, device="cpu", clip_norm=None)

    with pytest.raises(DivergenceError, match=r"loss became nan at epoch 1, batch 2; .*optimizer\.lr"):
        run(state, train, valid)
    assert (state.epoch, state.batch) == (0, 1)
    for ours, theirs in zip(state.model.parameters(), expected.model.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0, equal_nan=True)


def test_progress_wraps_every_batch(train: TextSplit, make_state: MakeState) -> None:
    seen = []

    def progress(batches: Any, total: int) -> Iterator[Batch]:
        for number, batch in enumerate(batches, start=1):
            seen.append((number, total, len(batch.targets)))
            yield batch

    run(make_state(), train, None, epochs=1, progress=progress)
    assert seen == [(1, 3, 4), (2, 3, 4), (3, 3, 3)]


def test_averages_weigh_units_not_batches_and_sum_in_float64() -> None:
    values = torch.rand(10_007, generator=torch.Generator().manual_seed(5)) + 1000
    averages = Averages()
    for part in values.split(64):
        averages.add({"loss": part, "acc": (part > 1000.3).float()})
    exact = math.fsum(values.tolist()) / len(values)
    means = averages.means()
    assert means["loss"] == pytest.approx(exact, rel=1e-14)
    assert means["acc"] == int((values > 1000.3).sum()) / len(values)


def test_averages_keep_nothing_of_a_batch() -> None:
    averages = Averages()
    kept = []
    for _ in range(3):
        values = torch.rand(5)
        averages.add({"loss": values})
        kept.append(weakref.ref(values))
        del values
    assert [reference() for reference in kept] == [None] * 3
    assert 0 < averages.means()["loss"] < 1
