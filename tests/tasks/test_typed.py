"""A sequence that is typed is the one that the task would draw; its right answer follows from the rule."""

import numpy as np
import pytest
import torch
from torch import Tensor

from rnnlab.core.batch import Batch
from rnnlab.core.errors import InputError
from rnnlab.tasks.adding import Adding
from rnnlab.tasks.copy import KEPT, Copy
from rnnlab.tasks.drawn import DrawnTask
from rnnlab.tasks.halves import Halves
from rnnlab.tasks.palindrome import Palindrome
from rnnlab.tasks.recall import Recall
from rnnlab.tasks.series import Series


def as_typed(task: DrawnTask, inputs: np.ndarray) -> str:
    """Writes a drawn example (time, features) as a person would."""
    if isinstance(task, Recall):
        return " ".join(repr(float(value)) for value in inputs[:, 0])
    if isinstance(task, Adding):
        return ", ".join(f"{float(value)!r}{'*' * int(mark)}" for value, mark in inputs)
    digits = inputs.argmax(axis=1)[: KEPT if isinstance(task, Copy) else None]
    return " ".join(map(str, digits))


@pytest.mark.parametrize("task", [Recall(), Adding(), Copy(), Halves(), Palindrome()], ids=lambda t: t.name)
def test_a_drawn_example_that_is_typed_is_the_same_example(task: DrawnTask) -> None:
    drawn = task.draw(20, np.random.default_rng(0))
    for inputs, length, target in zip(drawn.inputs, drawn.lengths, drawn.targets, strict=True):
        typed = task.typed(as_typed(task, inputs[:length]), "text 1")
        np.testing.assert_array_equal(typed.inputs[0], inputs[:length])
        np.testing.assert_allclose(typed.targets[0], target, rtol=1e-15)
        assert typed.lengths.tolist() == [length]


@pytest.mark.parametrize(
    ("task", "text", "said"),
    [
        (Recall(), " ", "expected numbers from -1 to 1, found nothing"),
        (Recall(), "0.5 2", "expected numbers from -1 to 1, found '2'"),
        (Recall(), "0.5 nan", "expected numbers from -1 to 1, found 'nan'"),
        (Adding(), "0.5 0.2", "one number marked as in 0.3* in each half, found 0 in the first and 0"),
        (Adding(), "0.5* 0.2* 0.1 0.3", "found 2 in the first and 0 in the second"),
        (Adding(), "0.5* 7*", "expected numbers from 0 to 1, found '7'"),
        (Copy(), "1 2 3", "expected 10 symbols (blanks and delimiter follow by themselves), found 3"),
        (Copy(), "1 2 3 4 5 6 7 8 1 2", "each 0 to 7, found '8'"),
        (Halves(), "123", "expected an even number of digits, two halves, found 3"),
        (Halves(), "1 ²", "each 0 to 9, found '²'"),
        (Halves(alphabet=12), "11 12", "each 0 to 11, found '12'"),
    ],
)
def test_what_is_no_sequence_of_the_task_is_refused_in_a_line(task: DrawnTask, text: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        task.typed(text, "text 3")
    assert str(refused.value).startswith("text 3: expected") and said in str(refused.value)


def test_digits_in_a_row_are_digits_and_a_palindrome_mirrors() -> None:
    assert Halves().typed("123123", "").targets.tolist() == [1]
    assert Palindrome().typed("123123", "").targets.tolist() == [0]
    assert Palindrome().typed("1 2 3 3 2 1", "").targets.tolist() == [1]


def test_the_answer_stands_beside_the_right_one() -> None:
    def equal_for_sure(batch: Batch) -> Tensor:
        assert batch.inputs.dtype == torch.float64
        return torch.tensor([[0.0, np.log(3.0)]])

    table = Halves().typed_predictions(["11", "12"], ["a", "b"], equal_for_sure, torch.float64)
    assert table["P(equal)"].tolist() == pytest.approx([0.75, 0.75])
    assert table["Prediction"].tolist() == ["equal", "equal"]
    assert table["Right answer"].tolist() == ["equal", "different"]

    def half(batch: Batch) -> Tensor:
        return torch.full((1, 1), 0.5)

    row = Adding().typed_predictions(["0.25* 1*"], ["a"], half, torch.float32).iloc[0]
    assert (row["Prediction"], row["Right answer"], row["Error"]) == (0.5, 1.25, 0.75)


def test_other_tasks_type_no_sequences() -> None:
    assert Series().typed_predictions(["1"], ["a"], lambda batch: batch.inputs, torch.float32) is None
