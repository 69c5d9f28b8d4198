"""What flows from data through a model into a loss."""

from collections.abc import Callable, Iterator
from typing import ClassVar, Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np
from torch import Tensor

UNCOUNTED = -100
"""The class of a step at which nothing is asked; torch's own cross-entropy leaves it out, too."""

EVALUATION_BATCH = 64  # examples: a language model gives a number per word of the vocabulary at every step

Criterion = Literal["classification", "binary_cross_entropy", "cross_entropy", "mean_squared_error"]
"""What is minimized; `classification` is a logistic loss of one logit, a softmax's of several."""


class Batch(NamedTuple):
    """A mini-batch of padded sequences.

    inputs: token ids, int64 (batch, time), 0 where padded; or numbers, float (batch, time, features).
    lengths: int64 (batch,), at least 1, always on the CPU.
    targets: what the task compares with; for two classes of texts float (batch,), 0 or 1. Classes
    are int64, UNCOUNTED where nothing is asked (padding); numbers are float (batch, outputs).
    """

    inputs: Tensor
    lengths: Tensor
    targets: Tensor

    def to(self, device: str) -> "Batch":
        """Returns the batch with inputs and targets on `device`; lengths stay on the CPU."""
        if device == "cpu" and self.inputs.is_cpu and self.targets.is_cpu:  # or .to() would look at each
            return self
        return Batch(self.inputs.to(device), self.lengths, self.targets.to(device))

    def double(self) -> "Batch":
        """Returns the batch with numbers in float64, ids and classes as they are."""
        inputs, targets = (
            part.double() if part.is_floating_point() else part for part in (self.inputs, self.targets)
        )
        return Batch(inputs, self.lengths, targets)


PredictFn = Callable[[Batch], Tensor]
"""Gives a trained net's logits for a batch, on the CPU."""


@runtime_checkable
class Split(Protocol):
    """A finite set of examples that can be read in any order."""

    def __len__(self) -> int:
        """Returns the number of examples."""
        ...

    def batches(self, order: np.ndarray, batch_size: int) -> Iterator[Batch]:
        """Yields the examples numbered in `order`, `batch_size` at a time, the last batch maybe smaller."""
        ...

    def by_length(self) -> np.ndarray:
        """Returns example numbers, int64 (examples,), shortest first: batches of it hold little padding."""
        ...


@runtime_checkable
class Stream(Protocol):
    """Examples without end, drawn when they are asked for."""

    def draw(self, start: int, number: int, batch_size: int) -> Iterator[Batch]:
        """Yields `number` batches from number `start`, 0 or more, on.

        A batch follows from the stream's seed, its own number and `batch_size` alone, so that a training
        may stop at any batch and go on from there.
        """
        ...


@runtime_checkable
class Objective(Protocol):
    """What a task asks of a model's outputs.

    metrics: the names of its figures, `loss` among them; criterion: what is minimized.
    """

    metrics: ClassVar[tuple[str, ...]]
    criterion: ClassVar[Criterion]

    def measure(self, logits: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """Returns measures (units,) by name, each to be averaged over units; `loss` is what is minimized.

        A unit is what the task counts: a text for a classifier, a token for a tagger.
        """
        ...

    def figures(self, means: dict[str, float]) -> dict[str, float]:
        """Returns the metrics from the means of the measures over units."""
        ...
