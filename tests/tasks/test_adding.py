"""Adding: the marked numbers, and nothing else, make the sum."""

import numpy as np
import pytest
import torch

from rnnlab.tasks.adding import Adding
from rnnlab.tasks.base import DataSettings


@pytest.mark.parametrize("length", [2, 3, 10])
def test_summing_what_is_marked_has_no_error(length: int) -> None:
    arrays = Adding(length=length).draw(500, np.random.default_rng(0))
    sums = [sum(value for value, mark in steps if mark == 1) for steps in arrays.inputs.tolist()]
    assert np.abs(arrays.targets).min() > 0
    np.testing.assert_allclose(arrays.targets[:, 0], sums, rtol=1e-15)
    assert set(arrays.lengths) == {length}


@pytest.mark.parametrize("length", [5, 10])
def test_one_mark_in_each_half_anywhere_in_it(length: int) -> None:
    inputs = Adding(length=length).draw(10_000, np.random.default_rng(0)).inputs
    values, marks = inputs[:, :, 0], inputs[:, :, 1]
    assert values.min() >= 0 and values.max() <= 1 and values.mean() == pytest.approx(0.5, abs=0.01)
    assert set(np.unique(marks)) == {0, 1}
    middle = length // 2
    for half in (marks[:, :middle], marks[:, middle:]):
        assert (half.sum(axis=1) == 1).all()
        np.testing.assert_allclose(half.mean(axis=0), 1 / half.shape[1], atol=0.02)


def test_the_baseline_is_what_always_1_scores() -> None:
    task = Adding()
    targets = torch.from_numpy(task.draw(20_000, np.random.default_rng(0)).targets)
    (expected,) = task.baselines["loss"].values()
    assert expected == pytest.approx(0.167, abs=5e-4)
    assert task.measure(torch.ones_like(targets), targets)["loss"].mean().item() == pytest.approx(
        expected, abs=0.005
    )


def test_the_scatter_shows_test_examples_beside_their_answers() -> None:
    task = Adding(length=4, valid_examples=600)
    task_data = task.load(DataSettings(paths={}, seed=1, precision=torch.float64))
    solve = task.tables(lambda batch: batch.inputs.prod(dim=2).sum(dim=1, keepdim=True), task_data)
    table = solve["scatter"]
    assert len(table) == 500 and table["true"].std() > 0.1
    np.testing.assert_allclose(table["predicted"], table["true"])
