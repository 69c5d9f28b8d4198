"""Repeat ten symbols after a long blank: memory for more than one number."""

import math
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Gt
from torch import Tensor

from rnnlab.core.batch import Criterion
from rnnlab.tasks.base import InputOutputSizes, Measures
from rnnlab.tasks.drawn import Arrays, DrawnTask

KEPT = 10  # symbols to be remembered
SYMBOLS = 8  # of which each is one; 8 itself is the blank, 9 the delimiter
BLANK, DELIMITER = SYMBOLS, SYMBOLS + 1


class Copy(DrawnTask):
    """Ten symbols of eight, blanks, a delimiter `length` steps after the last symbol, and ten blanks more.

    During those last ten the symbols are to be answered in order, before them blanks: the copying memory
    problem of Hochreiter & Schmidhuber 1997 as Arjovsky, Shah & Bengio 2016 pose it, their T being `length`
    and T + 20 the number of steps. Without memory the best answer is a blank, then every symbol with
    probability 1/8, whose cross-entropy over all steps is 10 ln 8 / (T + 20). `recall_acc` is the accuracy
    over the last ten steps.
    """

    metrics: ClassVar[tuple[str, ...]] = ("acc", "loss", "recall_acc")
    unit: ClassVar[str] = "steps"
    criterion: ClassVar[Criterion] = "cross_entropy"
    sizes = InputOutputSizes(output_size=SYMBOLS + 1, features=SYMBOLS + 2, every_step=True)

    def __init__(
        self, *, length: Annotated[int, Gt(0)] = 20, valid_examples: Annotated[int, Gt(0)] = 512
    ) -> None:
        self.length, self.valid_examples = length, valid_examples

    @property
    def baselines(self) -> dict[str, dict[str, float]]:
        """Accuracies and cross-entropy of the best answer without memory."""
        total = self.length + 2 * KEPT
        rule = "no memory"
        return {
            "acc": {rule: (self.length + KEPT + KEPT / SYMBOLS) / total},
            "loss": {f"{rule} (10 ln 8 / (T + 20))": KEPT * math.log(SYMBOLS) / total},
            "recall_acc": {f"{rule} (1/8)": 1 / SYMBOLS},
        }

    def draw(self, examples: int, rng: np.random.Generator) -> Arrays:
        """Returns one-hot inputs (examples, length + 20, 10) and classes (examples, length + 20), 0 to 8."""
        kept = rng.integers(SYMBOLS, size=(examples, KEPT))
        steps = np.full((examples, self.length + 2 * KEPT), BLANK)
        targets = steps.copy()
        steps[:, :KEPT] = targets[:, -KEPT:] = kept
        steps[:, -KEPT - 1] = DELIMITER
        one_hot = np.eye(SYMBOLS + 2, dtype=np.float32)
        return Arrays(one_hot[steps], np.full(examples, steps.shape[1]), targets)

    def measure(self, logits: Tensor, targets: Tensor) -> Measures:
        """Returns loss and accuracy of every step, and accuracy of the last ten steps."""
        recalled = super().measure(logits[:, -KEPT:], targets[:, -KEPT:])
        return {**super().measure(logits, targets), "recall_acc": recalled["acc"]}
