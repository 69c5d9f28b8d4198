"""Rounds of epochs and of steps."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch

from rnnlab.core.batch import Batch
from rnnlab.core.errors import DivergenceError
from rnnlab.data.vocabulary import UNK_ID
from rnnlab.models.base import Features
from rnnlab.tasks.drawn import Fresh
from rnnlab.tasks.recall import Recall
from rnnlab.training.loop import EpochRow, TrainingState, fit
from rnnlab.training.plan import POOL, Epochs, Steps, bucketed
from tests.data.test_splits import split_of
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


def texts_by_length(seed: int, *, texts: int = 1003, batch_size: int = 4) -> Epochs:
    lengths = np.random.default_rng(0).integers(1, 200, texts)
    split = split_of([[number + 1] * length for number, length in enumerate(lengths.tolist())])
    return Epochs(split=split, epochs=2, batch_size=batch_size, seed=seed, by_length=True)


def firsts(epochs: Epochs, number: int) -> list[list[int]]:
    """The texts of every batch of an epoch, each text by its only word."""
    return [batch.inputs[:, 0].tolist() for batch in epochs.batches(number)]


def test_batches_by_length_hold_every_text_once_and_little_padding() -> None:
    epochs = texts_by_length(1)
    found = firsts(epochs, 1)
    assert sorted(text for batch in found for text in batch) == list(range(1, 1004)) and len(
        found
    ) == epochs.steps(1)
    assert [len(batch) for batch in found] == [4] * 250 + [3]

    def padding(epochs: Epochs) -> float:
        batches = list(epochs.batches(1))
        return sum(b.inputs.numel() - int(b.lengths.sum()) for b in batches) / sum(
            int(b.lengths.sum()) for b in batches
        )

    assert padding(epochs) < 0.02 < 0.3 < padding(replace(epochs, by_length=False))


def test_batches_by_length_follow_from_seed_and_epoch_and_come_in_a_random_order() -> None:
    found = firsts(texts_by_length(1), 1)
    assert found == firsts(texts_by_length(1), 1)
    assert found != firsts(texts_by_length(2), 1) and found != firsts(texts_by_length(1), 2)
    lengths = texts_by_length(1).split.lengths  # type: ignore[attr-defined]
    of_batches = np.array([lengths[batch[0] - 1] for batch in found])
    # Sorted ones would have a correlation of 1 with their place; the deviation of random ones is 1 / √250.
    assert abs(np.corrcoef(of_batches, np.arange(len(found)))[0, 1]) < 0.25


def test_texts_are_sorted_among_those_of_a_pool_alone() -> None:
    order, by_length = np.arange(2 * POOL), np.arange(2 * POOL)[::-1].copy()
    found = bucketed(order, by_length, 1)
    assert sorted(found.tolist()) == order.tolist()
    pairs = bucketed(np.arange(4 * POOL), np.random.default_rng(0).permutation(4 * POOL), 2).reshape(-1, 2)
    assert ((pairs < 2 * POOL).all(axis=1) | (pairs >= 2 * POOL).all(axis=1)).all()


def test_word_dropout_makes_that_share_of_words_unknown_and_leaves_padding_and_measuring_alone() -> None:
    whole = replace(texts_by_length(1), by_length=False, batch_size=50)
    dropped = replace(whole, word_dropout=0.3)
    unknown = words = 0
    for before, after in zip(whole.batches(1), dropped.batches(1), strict=True):
        changed = before.inputs != after.inputs
        assert (after.inputs[changed] == UNK_ID).all() and (before.inputs[changed] > UNK_ID).all()
        assert torch.equal(before.lengths, after.lengths) and torch.equal(before.targets, after.targets)
        unknown += int(changed.sum())
        words += int((before.inputs > UNK_ID).sum())
    assert unknown / words == pytest.approx(0.3, abs=0.01)  # its deviation is 0.0014
    for before, after in zip(whole.sample(), dropped.sample(), strict=True):
        assert torch.equal(before.inputs, after.inputs)


def test_dropped_words_follow_from_seed_and_epoch() -> None:
    def inputs(seed: int, number: int) -> list[list[list[int]]]:
        epochs = replace(texts_by_length(seed), word_dropout=0.5)
        return [batch.inputs.tolist() for batch in epochs.batches(number)]

    assert inputs(1, 1) == inputs(1, 1)
    masks = [np.array(inputs(1, number)[-1]) == UNK_ID for number in (1, 2)]
    assert masks[0].any() and inputs(1, 1) != inputs(1, 2) and inputs(1, 1) != inputs(2, 1)
