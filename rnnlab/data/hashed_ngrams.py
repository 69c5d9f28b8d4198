"""Pairs, triples … of neighbouring words as further ids, so that a bag knows a little of their order."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnlab.data.vocabulary import Vocabulary


@dataclass(frozen=True)
class HashedNgrams:
    """Gives every n-gram of word ids, n = 2 … largest, one of `buckets` ids that begin at `first`.

    The hashing trick (Weinberger et al. 2009) as fastText has it (Joulin et al. 2017): which n-grams there
    are need not be known, and those that share a bucket share a vector.
    """

    largest: int
    buckets: int
    first: int

    def append(
        self, words: NDArray[np.int64], lengths: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Returns texts with their n-grams after their words, and the lengths of both together.

        words: ids (texts, time), 0 where padded, as are those returned; first all pairs of a text come, then
        its triples, each in the order of the words.
        """
        numbers = [np.maximum(lengths - n + 1, 0) for n in range(2, self.largest + 1)]
        ends = lengths + sum(numbers)
        rows = np.zeros((len(words), int(ends.max())), dtype=np.int64)
        rows[:, : words.shape[1]] = words
        begins = lengths
        for n, counts in enumerate(numbers, start=2):
            hashed = self._ids(words, n)
            for row, found, begin, count in zip(rows, hashed, begins.tolist(), counts.tolist(), strict=True):
                row[begin : begin + count] = found[:count]
            begins = begins + counts
        return rows, ends

    def names(self, words: Sequence[str]) -> list[str]:
        """Returns what a text's words and n-grams are called, in the order of `append`: `not good`."""
        ngrams = [
            " ".join(words[begin : begin + n])
            for n in range(2, self.largest + 1)
            for begin in range(len(words) - n + 1)
        ]
        return [*words, *ngrams]

    def _ids(self, words: NDArray[np.int64], n: int) -> NDArray[np.int64]:
        """Returns the id of the n-gram that begins at each place, (texts, time − n + 1)."""
        places = max(words.shape[1] - n + 1, 0)
        mixed = np.full((len(words), places), n, dtype=np.uint64)
        for k in range(n):
            word: NDArray[np.uint64] = words[:, k : k + places].astype(np.uint64)
            mixed = _mix(np.bitwise_xor(mixed, word))
        return self.first + (mixed % np.uint64(self.buckets)).astype(np.int64)


def names_of(ids: Sequence[int], vocabulary: Vocabulary, ngrams: HashedNgrams | None) -> list[str]:
    """Returns what a text's ids stand for, its n-grams after its words."""
    words = [vocabulary.words[number] for number in ids if number < len(vocabulary)]
    return words if ngrams is None else ngrams.names(words)


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Returns a permutation of 64-bit numbers, every bit of which depends on every bit of the old one.

    A step of SplitMix64 (Steele, Lea & Flood 2014, "Fast Splittable Pseudorandom Number Generators").
    """
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
