"""Cuts texts into tokens, as a rule lower-cased.

A text is lower-cased, then cut at white space into pieces, then every piece into tokens. Pieces recur
(the 13 million tokens of IMDb are 365,000 distinct pieces), so each is cut once and remembered.
"""

import html
import re
from collections.abc import Callable, Iterable, Iterator
from html.entities import html5
from itertools import chain
from typing import Literal

import numpy as np
from numpy.typing import NDArray

# Only names of HTML elements, and attributes only with a value, so that `a <b and c> d`, `<3` and
# a reviewer's `<sigh>` stay what they are: text.
_ELEMENTS = (
    "a|abbr|b|big|blockquote|br|center|cite|code|dd|del|div|dl|dt|em|font|h[1-6]|hr|i|img|ins|li|ol|p|pre|q"
    "|s|small|span|strike|strong|sub|sup|table|tbody|td|th|thead|tr|tt|u|ul"
)
_ATTRIBUTE = r"""\s+[a-z-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>]+)"""
_TAG = re.compile(rf"</?(?:{_ELEMENTS})(?:{_ATTRIBUTE})*\s*/?>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-f]+|[a-z]\w*);", re.IGNORECASE)


class Tokenizer:
    """Cuts texts into tokens and numbers the distinct ones in the order of their first use.

    Lower-casing comes first: the word list of the course's GloVe sample holds `dr` and `mrs`, which the
    rules of English find in `dr.` and `mrs.` but not in `Dr.` and `Mrs.`. White space is never a token.
    """

    def __init__(self, cut: Callable[[str], Iterable[str]], *, strip_html: bool, lower: bool = True) -> None:
        self.strings: list[str] = []
        """The distinct tokens met so far; `encode` yields indices into this list."""
        self._strip_html, self._lower = strip_html, lower
        self._pieces = _PieceIds(cut, self.strings)

    def encode(self, texts: Iterable[str]) -> Iterator[NDArray[np.int32]]:
        """Yields for every text the indices of its tokens in `strings`, an array of shape (tokens,).

        The numbering is this tokenizer's own: map it to a vocabulary with
        `vocabulary.encode(tokenizer.strings)[indices]`.
        """
        for text in texts:
            if self._strip_html:
                text = strip_html(text)
            pieces = map(self._pieces.__getitem__, (text.lower() if self._lower else text).split())
            yield np.fromiter(chain.from_iterable(pieces), dtype=np.int32)

    def tokenize(self, texts: Iterable[str]) -> Iterator[list[str]]:
        """Yields the tokens of every text."""
        for indices in self.encode(texts):
            yield [self.strings[index] for index in indices]


class _PieceIds(dict[str, tuple[int, ...]]):
    """The token indices of every piece, computed when first asked for."""

    def __init__(self, cut: Callable[[str], Iterable[str]], strings: list[str]) -> None:
        self._cut = cut
        self._strings = strings
        self._ids: dict[str, int] = {}

    def __missing__(self, piece: str) -> tuple[int, ...]:
        indices = tuple(self._number(token) for token in self._cut(piece))
        self[piece] = indices
        return indices

    def _number(self, token: str) -> int:
        index = self._ids.setdefault(token, len(self._strings))
        if index == len(self._strings):
            self._strings.append(token)
        return index


def make_tokenizer(
    name: Literal["spacy", "whitespace"], *, strip_html: bool, lower: bool = True
) -> Tokenizer:
    """Returns the tokenizer of that name.

    `spacy` has the rules of blank English (no model), applied to every piece between white space;
    `whitespace` takes the pieces as they are. With `strip_html`, tags and entities are taken out first.
    """
    if name == "whitespace":
        return Tokenizer(lambda piece: (piece,), strip_html=strip_html, lower=lower)
    import spacy

    rules = spacy.blank("en").tokenizer
    return Tokenizer(lambda piece: [token.text for token in rules(piece)], strip_html=strip_html, lower=lower)


def strip_html(text: str) -> str:
    """Returns `text` with a space for every HTML tag and with entities such as `&amp;` unescaped."""
    if "<" in text:
        text = _TAG.sub(" ", text)
    if "&" in text:
        text = _ENTITY.sub(_unescape, text)
    return text


def _unescape(match: re.Match[str]) -> str:
    # html.unescape would also take `&para` out of `&parasites;`.
    entity = match[0]
    return html.unescape(entity) if entity[1] == "#" or entity[1:] in html5 else entity
