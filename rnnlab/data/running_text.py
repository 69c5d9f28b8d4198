"""Running text: its tokens, chosen and numbered."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rnnlab.core.errors import InputError, did_you_mean
from rnnlab.data.open_file import quote, read_whole, show_path
from rnnlab.data.tokenizers import TokenizerName, make_tokenizer

Unit = Literal["word", "character"]


@dataclass(frozen=True)
class Choice:
    """Which tokens of a text are kept, in this order.

    unit: words or characters; tokenizer: what cuts words; lower: lower-cased, after the cut or, with
    lower_first, before it; max_tokens: only the first so many tokens; word_list: of these only those in the
    list; stop_words: and none of those.
    """

    unit: Unit = "word"
    tokenizer: TokenizerName = "whitespace"
    lower: bool = False
    lower_first: bool = False
    max_tokens: int | None = None
    word_list: frozenset[str] | None = None
    stop_words: frozenset[str] = frozenset()


def tokens_of(text: str, choice: Choice) -> list[str]:
    """Returns the chosen tokens of a text, in their order; white space among characters becomes one space."""
    if choice.unit == "character":
        tokens = list(re.sub(r"\s+", " ", text.lower() if choice.lower else text))
    else:
        tokenizer = make_tokenizer(
            choice.tokenizer, strip_html=False, lower=choice.lower, lower_first=choice.lower_first
        )
        (tokens,) = tokenizer.tokenize([text])
    kept: Iterable[str] = tokens[: choice.max_tokens]
    if choice.word_list is not None:
        kept = (token for token in kept if token in choice.word_list)
    return [token for token in kept if token not in choice.stop_words]


def read_text(path: Path) -> str:
    """Returns a plain text file's text, decompressed if it ends in .gz; raises InputError unless UTF-8."""
    content = read_whole(path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{show_path(path)}, line {line}: not UTF-8 (0x{content[error.start]:02x})"
        ) from None


def read_word_list(path: Path) -> frozenset[str]:
    """Returns the words of a file with one a line, as they are written; raises InputError if it has none."""
    words = frozenset(line.strip() for line in read_text(path).splitlines()) - {""}
    if not words:
        raise InputError(f"{show_path(path)}: is empty; expected one word per line")
    return words


@dataclass(frozen=True)
class WordIndex:
    """Distinct tokens in sorted order (by code points), and the index of each, from 0."""

    words: tuple[str, ...]
    index: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", {word: number for number, word in enumerate(self.words)})

    @classmethod
    def of(cls, tokens: Iterable[str]) -> "WordIndex":
        """Returns the index of the distinct tokens."""
        return cls(tuple(sorted(set(tokens))))

    def encode(self, tokens: Iterable[str]) -> NDArray[np.int64]:
        """Returns the indices of tokens, (tokens,); raises InputError naming one that is not there."""
        found = []
        for token in tokens:
            if token not in self.index:
                raise InputError(f"{quote(token)}: no such word{did_you_mean(token, self.words)}")
            found.append(self.index[token])
        return np.array(found, dtype=np.int64)

    def one_hot(self, tokens: Iterable[str]) -> Tensor:
        """Returns a one in each token's row, at its word's column: sparse COO, float32 (tokens, words).

        Held densely, a novel would take gigabytes.
        """
        columns = torch.from_numpy(self.encode(tokens))
        places = torch.stack([torch.arange(len(columns)), columns])
        ones, shape = torch.ones(len(columns)), (len(columns), len(self.words))
        return torch.sparse_coo_tensor(places, ones, shape, check_invariants=True, is_coalesced=True)
