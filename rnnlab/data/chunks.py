"""Cuts many texts into tokens, a chunk at a time.

texts ──► chunks of a million characters ──► each: its distinct words, and ids that number those
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnnlab.data.remembered_cuts import SpacyRules
from rnnlab.data.tokenizers import Keep, Tokenizer, TokenizerName, kept, make_tokenizer

CHARACTERS = 2**20
"""Of a chunk, about; a text is in one chunk."""
REMEMBERED = 300_000
"""Pieces between white space that a tokenizer remembers before it begins anew; each takes 400 bytes."""


@dataclass(frozen=True)
class Encoding:
    """What turns texts into ids (`configs/data/base.yaml` has the meanings)."""

    tokenizer: TokenizerName = "spacy"
    lower_first: bool = False
    vocabulary: Literal["rnnlab", "torchtext"] = "rnnlab"
    min_count: int = 1
    max_vocabulary: int | None = None
    max_length: int | None = None
    keep: Keep = "first"
    strip_html: bool = True
    valid_fraction: float = 0.0

    def make_tokenizer(self, rules: SpacyRules | None = None) -> Tokenizer:
        """Returns what cuts texts into tokens; rules: see `rnnlab.data.tokenizers.make_tokenizer`."""
        return make_tokenizer(
            self.tokenizer, strip_html=self.strip_html, lower_first=self.lower_first, rules=rules
        )


class Chunk(NamedTuple):
    """Texts cut into tokens.

    words: the distinct tokens, in no order; ids: int32 (tokens of all texts,), indices into `words`;
    lengths: int64 (texts,), tokens of each text.
    """

    words: list[str]
    ids: NDArray[np.int32]
    lengths: NDArray[np.int64]


class ChunkEncoder:
    """Cuts chunk after chunk; what becomes of one does not depend on those before."""

    def __init__(self, encoding: Encoding) -> None:
        self._encoding = encoding
        self._tokenizer = encoding.make_tokenizer()

    def encode(self, texts: list[str]) -> Chunk:
        """Returns the texts' tokens, of each at most `max_length`, those that `keep` says."""
        if self._tokenizer.remembered > REMEMBERED:
            self._tokenizer = self._encoding.make_tokenizer()
        encoded = [self._cut(ids) for ids in self._tokenizer.encode(texts)]
        lengths = np.array([len(ids) for ids in encoded], dtype=np.int64)
        ids, strings = np.concatenate(encoded), self._tokenizer.strings
        used = np.flatnonzero(np.bincount(ids, minlength=len(strings)))
        number = np.zeros(len(strings), dtype=np.int32)
        number[used] = np.arange(len(used))
        return Chunk([strings[index] for index in used.tolist()], number[ids], lengths)

    def _cut(self, ids: NDArray[np.int32]) -> NDArray[np.int32]:
        parts = kept(len(ids), self._encoding.max_length, self._encoding.keep)
        return ids[parts[0]] if len(parts) == 1 else np.concatenate([ids[part] for part in parts])


def in_chunks(texts: Iterable[str]) -> Iterator[list[str]]:
    """Yields the texts in lists of at least CHARACTERS characters each, the last maybe shorter."""
    chunk: list[str] = []
    size = 0
    for text in texts:
        chunk.append(text)
        size += len(text)
        if size >= CHARACTERS:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
