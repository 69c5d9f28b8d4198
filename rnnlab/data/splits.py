"""Encoded texts end to end in one array, inserted tokens, and mini-batches of them."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from rnnlab.core.batch import Batch
from rnnlab.data.hashed_ngrams import HashedNgrams
from rnnlab.data.labels import NEG_POS, class_token
from rnnlab.data.token_file import TOKENS, Ids, open_ids

Insert = Literal["none", "start", "middle", "end"]


class Inserted(NamedTuple):
    """A token put into each text: `tokens` int64 (texts,) before the positions int64 (texts,), 0 … length."""

    positions: NDArray[np.int64]
    tokens: NDArray[np.int64]


@dataclass(frozen=True)
class TextSplit:
    """Labelled texts as token ids.

    ids: int32 (tokens of all texts,), maybe in a file; offsets: int64 (texts + 1,), text i being
    ids[offsets[i]:offsets[i + 1]]; labels: int64 (texts,), numbers of `classes`; precision: of the targets
    where there are two classes, those of more being int64; inserted: what is put into each text when it is
    read, so that the ids may stay where they are; ngrams: what batches have after a text's words.
    """

    ids: Ids
    offsets: NDArray[np.int64]
    labels: NDArray[np.int64]
    precision: torch.dtype = torch.float32
    classes: tuple[str, ...] = NEG_POS
    inserted: Inserted | None = None
    ngrams: HashedNgrams | None = None

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
        return np.diff(self.offsets) + (self.inserted is not None)

    def text(self, index: int) -> NDArray[np.int32]:
        """Returns the ids of one text."""
        ids = self.ids[self.offsets[index] : self.offsets[index + 1]]
        if self.inserted is None:
            return ids
        return np.insert(ids, self.inserted.positions[index], self.inserted.tokens[index])

    def share(self, words: NDArray[np.bool_]) -> float:
        """Returns the share, 0 to 1, of the texts' tokens that are among `words`, bool (vocabulary,)."""
        among = 0
        for begin in range(0, len(self.ids), TOKENS):
            among += int(words[self.ids[begin : begin + TOKENS]].sum())
        return among / len(self.ids)

    def by_length(self) -> NDArray[np.int64]:
        """Returns text numbers, shortest first, equals in their own order."""
        return np.argsort(self.lengths, kind="stable")

    def batches(self, order: NDArray[np.int64], batch_size: int) -> Iterator[Batch]:
        """Yields the texts numbered in `order`, padded with 0 to the longest of each batch."""
        targets = self.labels  # taken from by NumPy, in a fifth of torch's time
        if len(self.classes) == 2:
            targets = torch.from_numpy(targets).to(self.precision).numpy()
        for begin in range(0, len(order), batch_size):
            numbers = order[begin : begin + batch_size]
            inputs, lengths = self._pad(numbers)
            if self.ngrams is not None:
                inputs, lengths = self.ngrams.append(inputs, lengths)
            yield Batch(
                torch.from_numpy(inputs), torch.from_numpy(lengths), torch.from_numpy(targets[numbers])
            )

    def _pad(self, numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Returns texts padded with 0 to the longest of them, and their lengths."""
        ids, starts, ends = self.ids, self.offsets[numbers], self.offsets[numbers + 1]
        if self.inserted is None:
            lengths = ends - starts
            inputs = np.zeros((len(numbers), max(lengths.tolist())), dtype=np.int64)
            for row, start, end in zip(inputs, starts.tolist(), ends.tolist(), strict=True):
                row[: end - start] = ids[start:end]
            return inputs, lengths
        lengths = ends - starts + 1
        inputs = np.zeros((len(numbers), max(lengths.tolist())), dtype=np.int64)
        places, tokens = self.inserted.positions[numbers], self.inserted.tokens[numbers]
        spans = zip(inputs, starts.tolist(), ends.tolist(), places.tolist(), tokens.tolist(), strict=True)
        for row, start, end, place, token in spans:
            row[:place] = ids[start : start + place]
            row[place] = token
            row[place + 1 : end - start + 1] = ids[start + place : end]
        return inputs, lengths

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
        split = self if self.inserted is None else self.take(np.arange(len(self)))
        return replace(split, inserted=Inserted(positions, tokens))

    def take(self, chosen: NDArray[np.int64]) -> "TextSplit":
        """Returns a copy of the texts numbered in `chosen`, in that order."""
        parts = [self.text(int(index)) for index in chosen]
        lengths = np.array([len(part) for part in parts], dtype=np.int64)
        return replace(
            self,
            ids=np.concatenate(parts),
            offsets=np.concatenate([[0], lengths.cumsum()]),
            labels=self.labels[chosen],
            inserted=None,
        )

    def spread(self, number: int | None) -> "TextSplit":
        """Returns `number` of the texts, evenly spaced over them; all for None or if there are no more."""
        if number is None or number >= len(self):
            return self
        return self.take(np.linspace(0, len(self) - 1, number).round().astype(np.int64))

    @classmethod
    def load(cls, folder: Path, name: str, classes: tuple[str, ...] = NEG_POS) -> "TextSplit":
        """Reads a split of the cache, whose ids stay in their file."""
        with (folder / f"{name}.ids.npy").open("rb") as file:
            np.lib.format.read_magic(file)
            (size,), _, dtype = np.lib.format.read_array_header_1_0(file)
            if dtype != np.int32 or os.fstat(file.fileno()).st_size != file.tell() + 4 * size:
                raise ValueError(f"{name}.ids.npy holds other ids than it says")
            ids = open_ids(file, size)
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
