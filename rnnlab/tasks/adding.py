"""Add the two marked numbers: what is kept must be chosen first."""

from typing import Annotated, ClassVar

import numpy as np
import pandas as pd
from annotated_types import Ge, Gt
from torch import Tensor

from rnnlab.core.batch import Criterion
from rnnlab.core.errors import InputError
from rnnlab.tasks.base import InputOutputSizes, PredictFn, TaskData
from rnnlab.tasks.drawn import Arrays, DrawnTask, number_answer, scatter
from rnnlab.tasks.typed import number, words_of


class Adding(DrawnTask):
    """`length` numbers, uniform in [0, 1], one in each half marked; the target is the sum of those two.

    The adding problem of Hochreiter & Schmidhuber 1997 with the numbers of Arjovsky, Shah & Bengio 2016. The
    error is squared; without memory the best guess is 1, whose error is the variance of the sum, 1/6.
    """

    criterion: ClassVar[Criterion] = "mean_squared_error"
    sizes = InputOutputSizes(output_size=1, features=2)
    baselines: ClassVar = {"loss": {"always 1 (1/6)": 1 / 6}}

    def __init__(
        self, *, length: Annotated[int, Ge(2)] = 20, valid_examples: Annotated[int, Gt(0)] = 1024
    ) -> None:
        self.length, self.valid_examples = length, valid_examples

    def draw(self, examples: int, rng: np.random.Generator) -> Arrays:
        """Returns inputs (examples, length, 2), number and mark (1, else 0), and targets (examples, 1)."""
        inputs = np.zeros((examples, self.length, 2))
        inputs[:, :, 0] = rng.random((examples, self.length))
        row, middle = np.arange(examples), self.length // 2
        first, second = rng.integers(middle, size=examples), rng.integers(middle, self.length, examples)
        inputs[row, first, 1] = inputs[row, second, 1] = 1
        targets = inputs[row, first, 0] + inputs[row, second, 0]
        return Arrays(inputs, np.full(examples, self.length), targets[:, None])

    def typed(self, text: str, place: str) -> Arrays:
        """Returns numbers from 0 to 1, one in each half marked by a `*` behind it, and their sum."""
        words = words_of(text, place, "numbers from 0 to 1, one in each half marked as in 0.3*")
        marks = np.array([word.endswith("*") for word in words])
        middle = len(words) // 2
        halves = int(marks[:middle].sum()), int(marks[middle:].sum())
        if halves != (1, 1):
            raise InputError(
                f"{place}: expected one number marked as in 0.3* in each half, found {halves[0]} in the "
                f"first and {halves[1]} in the second"
            )
        values = np.array([number(word.removesuffix("*"), place, 0, 1) for word in words])
        inputs = np.stack([values, marks.astype(float)], axis=1)[None]
        return Arrays(inputs, np.array([len(words)]), np.array([[values[marks].sum()]]))

    def answer(self, output: Tensor, target: Tensor) -> dict[str, str | float]:
        """Returns the sum that the net gives, and the right one."""
        return number_answer(output, target)

    def tables(self, predict_fn: PredictFn, task_data: TaskData) -> dict[str, pd.DataFrame]:
        """Returns the table `scatter`: true sum and prediction of some test examples."""
        return {"scatter": scatter(predict_fn, task_data.splits["test"])}
