"""Copy: ten symbols, a wait of `length` steps, and the same ten symbols."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from rnnlab.tasks.copy import Copy

BLANK, DELIMITER = 8, 9


@pytest.mark.parametrize("length", [1, 2, 7])
def test_repeating_after_the_delimiter_answers_every_step(length: int) -> None:
    task = Copy(length=length)
    arrays = task.draw(300, np.random.default_rng(0))
    assert arrays.inputs.shape == (300, length + 20, 10) and (arrays.inputs.sum(axis=2) == 1).all()
    for steps, targets in zip(arrays.inputs.argmax(axis=2).tolist(), arrays.targets.tolist(), strict=True):
        symbols, waiting = steps[:10], steps[10:]
        assert waiting == [BLANK] * (length - 1) + [DELIMITER] + [BLANK] * 10
        assert all(0 <= symbol < 8 for symbol in symbols)
        assert targets == [BLANK] * (10 + length) + symbols
    assert set(arrays.lengths) == {length + 20}


def test_symbols_are_uniform() -> None:
    kept = Copy().draw(5000, np.random.default_rng(0)).targets[:, -10:]
    counts = np.bincount(kept.ravel())
    assert len(counts) == 8 and np.abs(counts - 6250).max() < 4 * math.sqrt(50_000 / 8 * 7 / 8)


@pytest.mark.parametrize("length", [1, 20])
def test_the_baselines_are_what_no_memory_scores(length: int) -> None:
    task = Copy(length=length)
    targets = torch.from_numpy(task.draw(4000, np.random.default_rng(0)).targets)
    probabilities = torch.full((*targets.shape, 9), 1e-30, dtype=torch.float64)
    probabilities[:, :-10, BLANK] = 1
    probabilities[:, -10:, :8] = 1 / 8
    measured = {name: m.mean().item() for name, m in task.measure(probabilities.log(), targets).items()}
    expected = {name: next(iter(rules.values())) for name, rules in task.baselines.items()}
    assert expected["loss"] == pytest.approx(10 * math.log(8) / (length + 20))
    assert measured["loss"] == pytest.approx(expected["loss"], rel=1e-9)
    assert measured["acc"] == pytest.approx(expected["acc"], abs=0.01)
    assert measured["recall_acc"] == pytest.approx(expected["recall_acc"], abs=0.01)


def test_who_answers_right_has_no_error_and_only_the_last_ten_steps_are_recalled() -> None:
    task = Copy(length=5)
    targets = torch.from_numpy(task.draw(8, np.random.default_rng(0)).targets)
    right = 100 * functional.one_hot(targets, 9).double()
    measured = task.measure(right, targets)
    assert {name: len(values) for name, values in measured.items()} == {
        "acc": 8 * 25,
        "loss": 8 * 25,
        "recall_acc": 8 * 10,
    }
    assert set(measured) == set(task.metrics)
    assert (measured["acc"] == 1).all() and (measured["recall_acc"] == 1).all()
    assert measured["loss"].max() < 1e-9
    right[:, :-10] = 0
    assert (task.measure(right, targets)["recall_acc"] == 1).all()
