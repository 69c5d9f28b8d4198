"""What is trained on between two looks at the validation data: a round."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray

from rnnlab.core.batch import EVALUATION_BATCH, Batch, Split, Stream
from rnnlab.core.seeds import epoch_order
from rnnlab.data.vocabulary import PAD_ID, UNK_ID

WORD_DROPOUT = 1  # beside seed and epoch, so that it draws apart from the order
POOL = 100  # batches whose examples are sorted together


@dataclass(frozen=True, kw_only=True)
class Epochs:
    """Rounds that are epochs: every example of a split once, in an order that follows from (seed, epoch).

    by_length: whether a batch's examples are about equally long; word_dropout: how likely each word is read
    as an unknown one (Iyyer et al. 2015 leave them out).
    """

    split: Split
    epochs: int
    batch_size: int
    seed: int
    by_length: bool = False
    word_dropout: float = 0.0
    unit = "epoch"

    @property
    def rounds(self) -> int:
        """The number of rounds."""
        return self.epochs

    @property
    def examples(self) -> int:
        """How many examples are trained on, repetitions counted."""
        return len(self.split) * self.epochs

    def steps_after(self, rounds: int) -> int:
        """Returns the number of batches of all rounds after so many."""
        return (self.epochs - rounds) * self.steps(1)

    def place(self, rounds: int) -> int:
        """Returns how far a training is after so many rounds, in epochs."""
        return rounds

    def steps(self, number: int) -> int:
        """Returns the number of batches of round `number` (1, 2, …)."""
        return math.ceil(len(self.split) / self.batch_size)

    def name(self, number: int, batch: int) -> str:
        """Returns what to call a batch (1, 2, …) of round `number`."""
        return f"epoch {number}, batch {batch}"

    def batches(self, number: int, first: int = 0) -> Iterator[Batch]:
        """Yields the batches of round `number`, but for its first so many."""
        order = epoch_order(len(self.split), seed=self.seed, epoch=number)
        if self.by_length:
            order = bucketed(order, self.split.by_length(), self.batch_size)
        if not self.word_dropout:
            return self.split.batches(order[first * self.batch_size :], self.batch_size)
        rng = np.random.default_rng([self.seed, number, WORD_DROPOUT])
        batches = self.split.batches(order, self.batch_size)
        # What is drawn for a batch follows after what is drawn for those before it.
        return islice((without_words(batch, self.word_dropout, rng) for batch in batches), first, None)

    def sample(self) -> Iterable[Batch]:
        """Yields what a net is measured on that does not train: every example, little padding."""
        return self.split.batches(self.split.by_length(), EVALUATION_BATCH)


def without_words(batch: Batch, rate: float, rng: np.random.Generator) -> Batch:
    """Returns a batch of words in which each is unknown with probability `rate`; padding stays."""
    dropped = torch.from_numpy(rng.random(tuple(batch.inputs.shape), np.float32) < rate)
    return batch._replace(inputs=batch.inputs.masked_fill(dropped & (batch.inputs != PAD_ID), UNK_ID))


def bucketed(order: NDArray[np.int64], by_length: NDArray[np.int64], batch_size: int) -> NDArray[np.int64]:
    """Returns a random order in which each batch's examples are about equally long, and batches come anyhow.

    The examples of POOL batches are sorted by length and cut into batches; these then come in an order drawn
    from `order` alone. A last batch that is smaller stays the last.

    Args:
        order: a random permutation of the examples' numbers.
        by_length: these numbers, shortest first.
        batch_size: examples a batch.
    """
    rank = np.empty_like(by_length)
    rank[by_length] = np.arange(len(by_length))
    pools = [order[begin : begin + POOL * batch_size] for begin in range(0, len(order), POOL * batch_size)]
    ranked = np.concatenate([pool[np.argsort(rank[pool])] for pool in pools])
    whole = len(order) // batch_size * batch_size
    batches = ranked[:whole].reshape(-1, batch_size)
    return np.concatenate([batches[np.argsort(order[: len(batches)])].reshape(-1), ranked[whole:]])


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

    @property
    def examples(self) -> int:
        """How many examples are trained on."""
        return self.total * self.batch_size

    def steps_after(self, rounds: int) -> int:
        """Returns the number of batches of all rounds after so many."""
        return self.total - self.place(rounds)

    def place(self, rounds: int) -> int:
        """Returns how far a training is after so many rounds, in steps."""
        return min(rounds * self.validate_every, self.total)

    def steps(self, number: int) -> int:
        """Returns the number of batches of round `number` (1, 2, …)."""
        return self.place(number) - self.place(number - 1)

    def name(self, number: int, batch: int) -> str:
        """Returns what to call a batch (1, 2, …) of round `number`."""
        return f"step {self.place(number - 1) + batch}"

    def batches(self, number: int, first: int = 0) -> Iterator[Batch]:
        """Yields the batches of round `number`, but for its first so many."""
        return self.stream.draw(self.place(number - 1) + first, self.steps(number) - first, self.batch_size)

    def sample(self) -> Iterable[Batch]:
        """Yields what the untrained net is measured on: the first batch."""
        return self.stream.draw(0, 1, self.batch_size)


Plan = Epochs | Steps
