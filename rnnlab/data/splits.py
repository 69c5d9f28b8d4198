"""Encoded texts end to end in one array, inserted tokens, and mini-batches of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from rnnlab.core.batch import Batch
from rnnlab.data.labels import NEG_POS, class_token

Insert = Literal["none", "start", "middle", "end"]


@dataclass(frozen=True)
class TextSplit:
    """Labelled texts as token ids.

    ids: int32 (tokens of all texts,), maybe a memory map; offsets: int64 (texts + 1,), text i being
    ids[offsets[i]:offsets[i + 1]]; labels: int64 (texts,), numbers of `classes`; precision: of the targets
    where there are two classes, those of more being int64.
    """

    ids: NDArray[np.int32]
    offsets: NDArray[np.int64]
    labels: NDArray[np.int64]
    precision: torch.dtype = torch.float32
    classes: tuple[str, ...] = NEG_POS

    def __len__(self) -> int:
        """Returns the number of texts."""
        return len(self.labels)

    @property
    def class_tokens(self) -> list[str]:
        """Returns the token that stands for each class."""
        return [class_token(label) for label in self.classes]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Returns the number of tokens of each text, int64 (texts,)."""
        return np.diff(self.offsets)

    def text(self, index: int) -> NDArray[np.int32]:
        """Returns the ids of one text."""
        return self.ids[self.offsets[index] : self.offsets[index + 1]]

    def by_length(self) -> NDArray[np.int64]:
        """Returns text numbers, shortest first, equals in their own order."""
        return np.argsort(self.lengths, kind="stable")

    def batches(self, order: NDArray[np.int64], batch_size: int) -> Iterator[Batch]:
        """Yields the texts numbered in `order`, padded with 0 to the longest of each batch."""
        targets = torch.from_numpy(self.labels[order])
        if len(self.classes) == 2:
            targets = targets.to(self.precision)
        starts, lengths = self.offsets[order], self.lengths[order]
        for begin in range(0, len(order), batch_size):
            part = slice(begin, begin + batch_size)
            inputs = np.zeros((len(lengths[part]), lengths[part].max()), dtype=np.int64)
            for row, start, length in zip(inputs, starts[part].tolist(), lengths[part].tolist(), strict=True):
                row[:length] = self.ids[start : start + length]
            yield Batch(torch.from_numpy(inputs), torch.from_numpy(lengths[part]), targets[part])

    def insert(self, where: Insert, class_tokens: Sequence[int]) -> "TextSplit":
        """Returns the split with its class's token at the start, before position len // 2, or at the end.

        class_tokens: the id of each label's token.
        """
        if where == "none":
            return self
        within = {"start": 0 * self.lengths, "middle": self.lengths // 2, "end": self.lengths}[where]
        return self.insert_at(within, np.array(class_tokens)[self.labels])

    def insert_at(self, positions: NDArray[np.int64], tokens: NDArray[np.int64]) -> "TextSplit":
        """Returns the split with tokens[i] put before position positions[i] (0 … length) of text i."""
        ids = np.insert(self.ids, self.offsets[:-1] + positions, tokens.astype(np.int32))
        return replace(self, ids=ids, offsets=self.offsets + np.arange(len(self.offsets)))

    def first(self, max_length: int) -> "TextSplit":
        """Returns the split with every text cut to its first `max_length` tokens."""
        lengths = np.minimum(self.lengths, max_length)
        offsets = np.concatenate([[0], lengths.cumsum()])
        # Each kept token lies as far from its text's new start as it lay from the old one.
        source = np.arange(offsets[-1]) + np.repeat(self.offsets[:-1] - offsets[:-1], lengths)
        return replace(self, ids=self.ids[source], offsets=offsets)

    def take(self, chosen: NDArray[np.int64]) -> "TextSplit":
        """Returns the split of the texts numbered in `chosen`, in that order."""
        parts = [self.text(int(index)) for index in chosen]
        lengths = np.array([len(part) for part in parts], dtype=np.int64)
        return replace(
            self,
            ids=np.concatenate(parts),
            offsets=np.concatenate([[0], lengths.cumsum()]),
            labels=self.labels[chosen],
        )

    def spread(self, number: int | None) -> "TextSplit":
        """Returns `number` of the texts, evenly spaced over them; all for None or if there are no more."""
        if number is None or number >= len(self):
            return self
        return self.take(np.linspace(0, len(self) - 1, number).round().astype(np.int64))

    def save(self, folder: Path, name: str) -> None:
        """Writes three .npy files into `folder`."""
        for part in ("ids", "offsets", "labels"):
            np.save(folder / f"{name}.{part}.npy", getattr(self, part))

    @classmethod
    def load(cls, folder: Path, name: str, classes: tuple[str, ...] = NEG_POS) -> "TextSplit":
        """Reads what `save` wrote, the ids as a read-only memory map."""
        # A plain view: slices of a np.memmap itself take several times as long to make.
        ids = np.asarray(np.load(folder / f"{name}.ids.npy", mmap_mode="r", allow_pickle=False))
        offsets, labels = (
            np.load(folder / f"{name}.{part}.npy", allow_pickle=False) for part in ("offsets", "labels")
        )
        return cls(ids=ids, offsets=offsets, labels=labels, classes=classes)


def stratified(labels: NDArray[np.int64], fraction: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Returns the numbers of the kept and the held-out examples, both rising, the same share of each class.

    The choice is the same whatever the run's seed, so that runs with other seeds stay comparable.
    """
    generator = np.random.default_rng(0)
    held = [
        generator.permutation(members)[: round(fraction * len(members))]
        for members in (np.flatnonzero(labels == label) for label in np.unique(labels))
    ]
    held_out = np.sort(np.concatenate(held))
    return np.setdiff1d(np.arange(len(labels)), held_out), held_out
