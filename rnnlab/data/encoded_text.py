"""Texts that a person hands to a trained net, as the net reads them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rnnlab.core.errors import InputError
from rnnlab.data.hashed_ngrams import HashedNgrams
from rnnlab.data.tokenizers import Keep, kept
from rnnlab.data.vocabulary import UNK_ID


@dataclass(frozen=True)
class EncodedText:
    """A text, its tokens, at least one, and their ids int32 (tokens,); one unknown to the net has UNK_ID.

    place: where the text comes from, as in `texts.txt, line 3`; ngrams: what the net reads beside the tokens.
    """

    text: str
    tokens: list[str]
    ids: NDArray[np.int32]
    place: str = ""
    ngrams: HashedNgrams | None = None

    def with_ngrams(self) -> "EncodedText":
        """Returns the text with its n-grams as further tokens, one for each id that the net reads."""
        if self.ngrams is None:
            return self
        ids, _ = self.ngrams.append(self.ids[None].astype(np.int64), np.array([len(self.ids)]))
        tokens = self.ngrams.names(self.tokens)
        return EncodedText(self.text, tokens, ids[0].astype(np.int32), self.place)

    @property
    def known(self) -> list[bool]:
        """Whether the net has a word vector of its own for each token."""
        return (self.ids != UNK_ID).tolist()

    @property
    def unknown(self) -> list[str]:
        """The distinct tokens that are unknown to the net."""
        return list(
            dict.fromkeys(token for token, known in zip(self.tokens, self.known, strict=True) if not known)
        )


Numbering = Callable[[list[str]], NDArray[np.int32]]


@dataclass(frozen=True)
class TextEncoder:
    """Cuts texts into tokens and numbers those.

    cut: gives each text's tokens; number: the ids (tokens,) of a text's tokens; max_length: how many tokens
    of a text are kept, all for None; keep: which (see `kept`); ngrams: what the net reads beside them.
    """

    cut: Callable[[Sequence[str]], Sequence[list[str]]]
    number: Numbering
    max_length: int | None = None
    keep: Keep = "first"
    ngrams: HashedNgrams | None = None

    def encode(self, texts: Sequence[str], places: Sequence[str] | None = None) -> list[EncodedText]:
        """Returns the texts as a net reads them; `places` are by default `text 1` and so on.

        Raises InputError for a text that holds no token, naming its place.
        """
        places = places or [f"text {number}" for number in range(1, len(texts) + 1)]
        encoded = []
        for text, tokens, place in zip(texts, self.cut(texts), places, strict=True):
            if not tokens:
                raise InputError(f"{place}: is empty; expected a text of at least one word")
            parts = kept(len(tokens), self.max_length, self.keep)
            read = [token for part in parts for token in tokens[part]]
            encoded.append(EncodedText(text, read, self.number(read), place, self.ngrams))
        return encoded
