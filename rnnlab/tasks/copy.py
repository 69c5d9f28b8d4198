"""Repeat ten symbols after a long blank: memory for more than one number."""

import math
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Gt
from numpy.typing import NDArray
from torch import Tensor

from rnnlab.core.batch import Criterion
from rnnlab.core.errors import InputError
from rnnlab.tasks.base import InputOutputSizes, Measures
from rnnlab.tasks.drawn import Arrays, DrawnTask
from rnnlab.tasks.typed import symbols

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
    classes: ClassVar[tuple[str, ...]] = (*map(str, range(SYMBOLS)), "blank")
    sizes = InputOutputSizes(output_size=SYMBOLS + 1, features=SYMBOLS + 2, every_step=True)

    def __init__(
        self, *, length: Annotated[int, Gt(0)] = 20, valid_examples: Annotated[int, Gt(0)] = 512
    ) -> None:
        self.length, self.valid_examples = length, valid_examples

    @property
    def longest_input(self) -> int:
        """The symbols, the blanks, and as many steps again to answer."""
        return self.length + 2 * KEPT

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
        return self._sequences(rng.integers(SYMBOLS, size=(examples, KEPT)))

    def _sequences(self, kept: NDArray[np.int64]) -> Arrays:
        """Returns the examples whose symbols are `kept` (examples, 10)."""
        steps = np.full((len(kept), self.length + 2 * KEPT), BLANK)
        targets = steps.copy()
        steps[:, :KEPT] = targets[:, -KEPT:] = kept
        steps[:, -KEPT - 1] = DELIMITER
        one_hot = np.eye(SYMBOLS + 2, dtype=np.float32)
        return Arrays(one_hot[steps], np.full(len(kept), steps.shape[1]), targets)

    def typed(self, text: str, place: str) -> Arrays:
        """Returns the ten symbols with blanks and delimiter behind them, and what is to be answered."""
        expected = f"{KEPT} symbols (blanks and delimiter follow by themselves)"
        kept = symbols(text, place, SYMBOLS, expected)
        if len(kept) != KEPT:
            raise InputError(f"{place}: expected {expected}, found {len(kept)}")
        return self._sequences(np.array([kept]))

    def answer(self, output: Tensor, target: Tensor) -> dict[str, str | float]:
        """Returns the symbols that are answered at the last ten steps, the right ones, and how many fit."""
        said, right = output[-KEPT:].argmax(dim=1), target[-KEPT:]
        names = [" ".join(self.classes[int(symbol)] for symbol in row) for row in (said, right)]
        return {
            "Prediction": names[0],
            "Right answer": names[1],
            "Share right": float((said == right).double().mean()),
        }

    def measure(self, logits: Tensor, targets: Tensor) -> Measures:
        """Returns loss and accuracy of every step, and accuracy of the last ten steps."""
        recalled = super().measure(logits[:, -KEPT:], targets[:, -KEPT:])
        return {**super().measure(logits, targets), "recall_acc": recalled["acc"]}
