"""What flows from data through a model into a loss."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np
from torch import Tensor


class Batch(NamedTuple):
    """A mini-batch of padded sequences.

    inputs: token ids, int64 (batch, time), 0 where padded; or numbers, float (batch, time, features).
    lengths: int64 (batch,), at least 1, always on the CPU.
    targets: what the task compares with; for sentiment float (batch,), 0 negative and 1 positive.
    """

    inputs: Tensor
    lengths: Tensor
    targets: Tensor

    def to(self, device: str) -> "Batch":
        """Returns the batch with inputs and targets on `device`; lengths stay on the CPU."""
        return Batch(self.inputs.to(device), self.lengths, self.targets.to(device))


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


class Objective(Protocol):
    """What a task asks of a model's outputs."""

    metrics: tuple[str, ...]
    output_size: int

    def measure(self, logits: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """Returns each metric's values (units,), to be averaged over units; `loss` is what is minimized.

        A unit is what the task counts: a text for a classifier, a token for a tagger.
        """
        ...
