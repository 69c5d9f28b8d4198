"""Finite splits of sequences of different lengths, kept end to end."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rnnlab.core.batch import UNCOUNTED, Batch


@dataclass(frozen=True)
class TaggedSplit:
    """Sequences of token ids with a class for every token.

    ids, targets: int64 (tokens of all sequences,), targets UNCOUNTED where no class is known; offsets: int64
    (sequences + 1,), sequence i lying at offsets[i]:offsets[i + 1].
    """

    ids: NDArray[np.int64]
    targets: NDArray[np.int64]
    offsets: NDArray[np.int64]

    @classmethod
    def of(cls, ids: list[NDArray[Any]], targets: list[NDArray[Any]]) -> "TaggedSplit":
        """Returns the split of sequences, ids[i] and targets[i] being equally long."""
        offsets = np.concatenate([[0], np.cumsum([len(part) for part in ids])])
        return cls(np.concatenate(ids).astype(np.int64), np.concatenate(targets).astype(np.int64), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def by_length(self) -> NDArray[np.int64]:
        """Returns sequence numbers, shortest first, equals in their own order."""
        return np.argsort(np.diff(self.offsets), kind="stable")

    def batches(self, order: NDArray[np.int64], batch_size: int) -> Iterator[Batch]:
        """Yields the sequences numbered in `order`, ids padded with 0 and targets with UNCOUNTED."""
        for begin in range(0, len(order), batch_size):
            chosen = order[begin : begin + batch_size]
            yield padded(
                [self.ids[self.offsets[i] : self.offsets[i + 1]] for i in chosen],
                [self.targets[self.offsets[i] : self.offsets[i + 1]] for i in chosen],
            )


def padded(ids: list[NDArray[np.int64]], targets: list[NDArray[np.int64]]) -> Batch:
    """Returns one batch of sequences."""
    lengths = np.array([len(part) for part in ids])
    inputs = np.zeros((len(ids), lengths.max()), dtype=np.int64)
    classes = np.full_like(inputs, UNCOUNTED)
    for row, part, row_of_targets, wanted in zip(inputs, ids, classes, targets, strict=True):
        row[: len(part)], row_of_targets[: len(part)] = part, wanted
    return Batch(torch.from_numpy(inputs), torch.from_numpy(lengths), torch.from_numpy(classes))
