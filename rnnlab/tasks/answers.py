"""Which class a net gives every unit of a split, and how sure it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from rnnlab.core.batch import EVALUATION_BATCH, UNCOUNTED, PredictFn, Split
from rnnlab.core.metrics import chosen_classes, class_probabilities, confusion_counts


@dataclass(frozen=True)
class ClassAnswers:
    """What a net says of units that have a class each: texts, or steps of sequences, in the split's order.

    logits: one of the second of two classes, or one of every class; targets: numbers of `classes`.
    """

    logits: Float[np.ndarray, "units outputs"]
    targets: Int[np.ndarray, " units"]
    classes: tuple[str, ...]

    @cached_property
    def probabilities(self) -> Float[np.ndarray, "units classes"]:
        """Of every class."""
        return class_probabilities(self.logits)

    @property
    def chosen(self) -> Int[np.ndarray, " units"]:
        """The number of the most probable class."""
        return chosen_classes(self.logits)

    @property
    def right(self) -> Bool[np.ndarray, " units"]:
        """Whether that is the unit's own."""
        return self.chosen == self.targets

    @property
    def confusion(self) -> pd.DataFrame:
        """How many units of each class (row) are called what (column)."""
        return confusion_counts(self.targets, self.chosen, self.classes)


def class_answers(predict_fn: PredictFn, examples: Split, classes: Sequence[str]) -> ClassAnswers:
    """Returns what a net that chooses among classes says of all examples; nameless classes are numbered."""
    found: dict[int, tuple[NDArray[np.float64], NDArray[np.int64]]] = {}
    order = examples.by_length()
    places = iter(order.tolist())
    for batch in examples.batches(order, EVALUATION_BATCH):
        answers = predict_fn(batch).double().numpy()
        for logits, targets in zip(answers, batch.targets.numpy(), strict=True):
            asked = targets.reshape(-1) != UNCOUNTED
            of_units = logits.reshape(len(asked), -1)[asked]
            found[next(places)] = of_units, targets.reshape(-1)[asked].astype(np.int64)
    in_order = [found[number] for number in range(len(examples))]
    logits, targets = map(np.concatenate, zip(*in_order, strict=True))
    names = classes or [str(number) for number in range(max(2, logits.shape[1]))]
    return ClassAnswers(logits, targets, tuple(names))
