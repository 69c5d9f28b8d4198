"""What is trained on between two looks at the validation data: a round."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rnnlab.core.batch import EVALUATION_BATCH, Batch, Split, Stream
from rnnlab.core.seeds import epoch_order


@dataclass(frozen=True, kw_only=True)
class Epochs:
    """Rounds that are epochs: every example of a split once, in an order that follows from (seed, epoch)."""

    split: Split
    epochs: int
    batch_size: int
    seed: int
    unit = "epoch"

    @property
    def rounds(self) -> int:
        """The number of rounds."""
        return self.epochs

    def place(self, rounds: int) -> int:
        """Returns how far a training is after so many rounds, in epochs."""
        return rounds

    def steps(self, number: int) -> int:
        """Returns the number of batches of round `number` (1, 2, …)."""
        return math.ceil(len(self.split) / self.batch_size)

    def name(self, number: int, batch: int) -> str:
        """Returns what to call a batch (1, 2, …) of round `number`."""
        return f"epoch {number}, batch {batch}"

    def batches(self, number: int) -> Iterator[Batch]:
        """Yields the batches of round `number`."""
        order = epoch_order(len(self.split), seed=self.seed, epoch=number)
        return self.split.batches(order, self.batch_size)

    def sample(self) -> Iterable[Batch]:
        """Yields what the untrained net is measured on: every example."""
        return self.split.batches(self.split.by_length(), EVALUATION_BATCH)


@dataclass(frozen=True, kw_only=True)
class Steps:
    """Rounds of `validate_every` steps, the last maybe fewer, each step on a fresh batch of a stream."""

    stream: Stream
    total: int
    validate_every: int
    batch_size: int
    unit = "step"

    @property
    def rounds(self) -> int:
        """The number of rounds."""
        return math.ceil(self.total / self.validate_every)

    def place(self, rounds: int) -> int:
        """Returns how far a training is after so many rounds, in steps."""
        return min(rounds * self.validate_every, self.total)

    def steps(self, number: int) -> int:
        """Returns the number of batches of round `number` (1, 2, …)."""
        return self.place(number) - self.place(number - 1)

    def name(self, number: int, batch: int) -> str:
        """Returns what to call a batch (1, 2, …) of round `number`."""
        return f"step {self.place(number - 1) + batch}"

    def batches(self, number: int) -> Iterator[Batch]:
        """Yields the batches of round `number`."""
        return self.stream.draw(self.place(number - 1), self.steps(number), self.batch_size)

    def sample(self) -> Iterable[Batch]:
        """Yields what the untrained net is measured on: the first batch."""
        return self.stream.draw(0, 1, self.batch_size)


Plan = Epochs | Steps
