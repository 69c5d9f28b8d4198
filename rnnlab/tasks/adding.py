"""Add the two marked numbers: what is kept must be chosen first."""

from typing import Annotated, ClassVar

import numpy as np
import pandas as pd
from annotated_types import Ge, Gt

from rnnlab.core.batch import Criterion
from rnnlab.tasks.base import InputOutputSizes, PredictFn, TaskData
from rnnlab.tasks.drawn import Arrays, DrawnTask, scatter


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

    def tables(self, predict_fn: PredictFn, task_data: TaskData) -> dict[str, pd.DataFrame]:
        """Returns the table `scatter`: true sum and prediction of some test examples."""
        return {"scatter": scatter(predict_fn, task_data.splits["test"])}
