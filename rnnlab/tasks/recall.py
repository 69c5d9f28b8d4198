"""Remember the first number: what a recurrent state keeps, and for how long."""

from typing import Annotated, ClassVar

import numpy as np
import pandas as pd
from annotated_types import Gt
from torch import Tensor

from rnnlab.core.batch import Criterion
from rnnlab.tasks.base import InputOutputSizes, PredictFn, TaskData
from rnnlab.tasks.drawn import Arrays, DrawnTask, number_answer, scatter
from rnnlab.tasks.typed import number, words_of


class Recall(DrawnTask):
    """Sequences of `length` numbers, uniform in [−1, 1]; the target is the first of them.

    The error is squared; without memory the best guess is 0, whose error is the variance, 1/3.
    """

    criterion: ClassVar[Criterion] = "mean_squared_error"
    sizes = InputOutputSizes(output_size=1, features=1)
    baselines: ClassVar = {"loss": {"no memory (1/3)": 1 / 3}}

    def __init__(
        self, *, length: Annotated[int, Gt(0)] = 10, valid_examples: Annotated[int, Gt(0)] = 1024
    ) -> None:
        self.length, self.valid_examples = length, valid_examples

    def draw(self, examples: int, rng: np.random.Generator) -> Arrays:
        """Returns inputs (examples, length, 1) and targets (examples, 1), both in [−1, 1]."""
        inputs = rng.uniform(-1, 1, (examples, self.length, 1))
        return Arrays(inputs, np.full(examples, self.length), inputs[:, 0])

    def typed(self, text: str, place: str) -> Arrays:
        """Returns numbers from −1 to 1, of any count, and the first of them."""
        words = words_of(text, place, "numbers from -1 to 1")
        inputs = np.array([[[number(word, place, -1, 1)] for word in words]])
        return Arrays(inputs, np.array([len(words)]), inputs[:, 0])

    def answer(self, output: Tensor, target: Tensor) -> dict[str, str | float]:
        """Returns the number that is recalled, and the first one."""
        return number_answer(output, target)

    def tables(self, predict_fn: PredictFn, task_data: TaskData) -> dict[str, pd.DataFrame]:
        """Returns the table `scatter`: true first number and prediction of some test examples."""
        return {"scatter": scatter(predict_fn, task_data.splits["test"])}
