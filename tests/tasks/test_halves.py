"""Halves and palindrome: a plain reading of the digits answers every example, and half of them match."""

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from rnnlab.core.batch import Batch
from rnnlab.core.errors import InputError
from rnnlab.core.intervals import wilson
from rnnlab.tasks.base import DataSettings
from rnnlab.tasks.drawn import Arrays
from rnnlab.tasks.halves import Differ, Halves
from rnnlab.tasks.palindrome import Palindrome

TASKS = [Halves, Palindrome]
EXAMPLES = 4000


def drawn(task: Halves, examples: int = EXAMPLES, seed: int = 0) -> Arrays:
    return task.draw(examples, np.random.default_rng(seed))


def digits(inputs: NDArray[np.float32], lengths: NDArray[np.int64]) -> list[list[int]]:
    """Returns the digits of one-hot sequences, having checked that each step up to the end holds one."""
    sequences = []
    for rows, length in zip(inputs, lengths, strict=True):
        assert (np.sort(rows[:length], axis=1)[:, -1] == 1).all() and rows[:length].sum() == length
        assert not rows[length:].any()
        sequences.append(rows[:length].argmax(axis=1).tolist())
    return sequences


def differences(sequence: list[int], *, mirrored: bool) -> int:
    """Returns at how many places the second half is not the first (or its mirror)."""
    middle = len(sequence) // 2
    first, second = sequence[:middle], sequence[middle:]
    wanted = first[::-1] if mirrored else first
    return sum(one != other for one, other in zip(wanted, second, strict=True))


@pytest.mark.parametrize("differ", ["random", "one"])
@pytest.mark.parametrize("settings", [{}, {"alphabet": 2, "longest": 3}, {"length": 8}], ids=str)
@pytest.mark.parametrize("task", TASKS)
def test_reading_the_digits_answers_every_example(task: type[Halves], settings: dict, differ: Differ) -> None:
    made = task(**settings, differ=differ)
    arrays = drawn(made)
    found = [
        differences(sequence, mirrored=task is Palindrome)
        for sequence in digits(arrays.inputs, arrays.lengths)
    ]
    assert ((np.array(found) == 0) == arrays.targets).all()
    if differ == "one":
        assert set(found) == {0, 1}
    elif made.longest > 2:
        assert max(found) > 1


@pytest.mark.parametrize("task", TASKS)
def test_half_of_the_examples_match_at_every_length(task: type[Halves]) -> None:
    arrays = drawn(task(longest=3), 20_000)
    for length in (2, 4, 6):
        chosen = arrays.targets[arrays.lengths == length]
        low, high = binomial(0.5, len(chosen))
        assert low < chosen.sum() < high


def test_lengths_and_digits_are_uniform_in_their_ranges() -> None:
    arrays = drawn(Halves(alphabet=5, shortest=2, longest=6), 20_000)
    assert set(arrays.lengths.tolist()) == {4, 6, 8, 10, 12}
    for length in (4, 6, 8, 10, 12):
        low, high = binomial(1 / 5, 20_000)
        assert low < (arrays.lengths == length).sum() < high
    assert arrays.inputs.shape == (20_000, 12, 5)
    first_digits = arrays.inputs[:, 0].sum(axis=0)
    low, high = binomial(1 / 5, 20_000)
    assert ((low < first_digits) & (first_digits < high)).all()


def binomial(share: float, number: int) -> tuple[float, float]:
    """Returns the ends of four standard deviations around what `number` draws should count."""
    reach = 4 * math.sqrt(number * share * (1 - share))
    return number * share - reach, number * share + reach


def test_a_repeated_pattern_is_no_palindrome_unless_it_is_its_own_mirror() -> None:
    task = Palindrome(alphabet=2, length=4)
    seen = {}
    arrays = drawn(task)
    for sequence, target in zip(digits(arrays.inputs, arrays.lengths), arrays.targets, strict=True):
        seen[tuple(sequence)] = int(target)
    assert len(seen) == 16
    assert seen[0, 1, 0, 1] == 0 and seen[0, 1, 1, 0] == 1 and seen[1, 1, 1, 1] == 1


@pytest.mark.parametrize("task", TASKS)
def test_the_baselines_are_what_guessing_scores(task: type[Halves]) -> None:
    made = task()
    targets = torch.from_numpy(drawn(made, 20_000).targets)
    always_equal = torch.tensor([[0.0, 1.0]]).expand(20_000, 2)
    (accuracy,) = made.baselines["acc"].values()
    assert made.measure(always_equal, targets)["acc"].mean().item() == pytest.approx(accuracy, abs=0.015)
    (loss,) = made.baselines["loss"].values()
    assert made.measure(torch.zeros(20_000, 2), targets)["loss"].mean().item() == pytest.approx(
        loss, rel=1e-5
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"length": 7}, "task.length: expected an even number, two equal halves, found 7"),
        ({"shortest": 4, "longest": 3}, "task.shortest: expected at most task.longest, 3, found 4"),
    ],
)
def test_settings_that_no_sequence_can_have_are_named(settings: dict, message: str) -> None:
    with pytest.raises(InputError) as caught:
        Halves(**settings)
    assert str(caught.value) == message


def solve(batch: Batch) -> torch.Tensor:
    """Returns logits that are right for every sequence of one length without padding."""
    first, second = batch.inputs.argmax(dim=2).chunk(2, dim=1)
    equal = (first == second).all(dim=1)
    return torch.stack([~equal, equal], dim=1).float()


def test_accuracy_by_length_is_all_for_who_knows_and_half_for_who_guesses() -> None:
    task = Halves(shortest=2, longest=3)
    task_data = task.load(DataSettings(paths={}, seed=1, precision=torch.float32))
    table = task.tables(solve, task_data)["lengths"]
    assert list(table) == ["examples", "length", "acc", "low", "high", "number", "trained"]
    assert table["length"].tolist() == [1, 2, 3, 4, 5, 6] * 2
    assert table["trained"].tolist() == [False, True, True, False, False, False] * 2
    assert set(table["examples"]) == {"random non-matches", "one digit differs"}
    assert (table["acc"] == 1).all() and (table["high"] == 1).all()
    assert table["low"].unique() == pytest.approx([wilson(2000, 2000)[0]]) and 0.99 < table["low"][0] < 1

    guessed = task.tables(lambda batch: torch.zeros(len(batch.lengths), 2), task_data)["lengths"]
    assert guessed["acc"].between(0.45, 0.55).all()
    assert ((guessed["low"] < guessed["acc"]) & (guessed["acc"] < guessed["high"])).all()


def test_a_long_total_is_measured_at_some_lengths_only_its_own_among_them() -> None:
    task = Halves(length=90, alphabet=2, valid_examples=4)
    task_data = task.load(DataSettings(paths={}, seed=1, precision=torch.float64))
    table = task.tables(lambda batch: torch.zeros(len(batch.lengths), 2), task_data)["lengths"]
    assert len(table) <= 2 * 41
    assert table.loc[table["trained"], "length"].tolist() == [45, 45]
    assert table["length"].max() == 90
