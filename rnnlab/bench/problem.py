"""The training that all contestants do, as arrays, so that nobody needs another's library for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Gradients = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class RawTexts:
    """Texts as they stand in a file, the words that a net knows, and what cuts the one into the other."""

    texts: list[str]
    ids: Mapping[str, int]
    unknown: int


@dataclass(frozen=True)
class Problem:
    """One epoch of SGD on a two-class loss: embedding, recurrent layer or mean, hidden Linear, output Linear.

    title: what the model is called; cell: which equations its layer has (`rnn`, `gru`, `lstm`, `ugrnn`),
    `mean` for a bag of embeddings, None for others, whom only rnnlab's own engines train; texts: word ids,
    each int64 (time,); labels: float32 (texts,); parameters: by torch's names; frozen: whether the word
    vectors stay as they are; lr: the learning rate; raw: the same texts before they were encoded.
    """

    title: str
    cell: str | None
    texts: list[NDArray[np.int64]]
    labels: NDArray[np.float32]
    parameters: dict[str, NDArray[np.float32]]
    frozen: bool
    batch_size: int
    lr: float
    raw: RawTexts | None = None

    @property
    def bidirectional(self) -> bool:
        """Whether the layer reads in both directions."""
        return "recurrent.weight_ih_l0_reverse" in self.parameters

    @property
    def trained(self) -> list[str]:
        """The names of the parameters that change."""
        return [name for name in self.parameters if not (self.frozen and name == "embedding.weight")]

    @cached_property
    def tokens(self) -> int:
        """How many words an epoch reads."""
        return sum(map(len, self.texts))

    def batches(self, order: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
        """Yields the numbers of each batch's texts."""
        yield from np.split(order, range(self.batch_size, len(order), self.batch_size))

    @property
    def flops(self) -> int:
        """Additions and multiplications of an epoch's matrix products, forward and back; nothing else counts.

        A weight costs two operations a row forward, two for its own gradient and two for that of what it was
        multiplied with, which of frozen word vectors nobody needs.
        """
        total = 0
        for name, array in self.parameters.items():
            if array.ndim < 2 or name == "embedding.weight":
                continue
            rows = self.tokens if name.startswith("recurrent.") else len(self.texts)
            first = "weight_ih_l0" in name or (self.cell == "mean" and name.startswith("head.hidden."))
            total += rows * array.size * (4 if first and self.frozen else 6)
        return total


@runtime_checkable
class Contestant(Protocol):
    """Somebody who trains a problem's net, from the problem's parameters on."""

    def warm_up(self, orders: list[NDArray[np.int64]]) -> None:
        """Prepares for epochs in these orders, as far as that takes time once only; trains nothing."""

    def epoch(self, order: NDArray[np.int64]) -> float:
        """Trains an epoch of the texts in this order; returns the mean over texts of the running loss."""
        ...


@runtime_checkable
class PlainContestant(Contestant, Protocol):
    """A contestant outside rnnlab, whose gradients can be asked for."""

    def gradients(self, chosen: NDArray[np.int64]) -> tuple[float, Gradients]:
        """Returns mean loss and gradients, by torch's names, of the texts with these numbers."""
        ...
