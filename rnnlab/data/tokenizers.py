"""Cuts texts into tokens, as a rule lower-cased.

A text is cut at white space into pieces, then every piece into tokens, which are lower-cased. Pieces recur
(the 13 million tokens of IMDb are 490,000 distinct pieces), so each is cut once and remembered.
"""

import html
import re
from collections.abc import Callable, Iterable, Iterator
from html.entities import html5
from itertools import chain
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rnnlab.data.remembered_cuts import SpacyRules

TokenizerName = Literal["spacy", "wordpunct", "whitespace"]
Keep = Literal["first", "last", "both"]


def kept(length: int, max_length: int | None, keep: Keep) -> tuple[slice, ...]:
    """Returns which tokens are kept of a text of `length`: at most `max_length`, all for None.

    Those at its start or its end, or of `both` ends one half each, the start having the odd one (as in Sun
    et al. 2019, "How to Fine-Tune BERT for Text Classification?").
    """
    if max_length is None or length <= max_length:
        return (slice(None),)
    if keep == "both":
        return slice((max_length + 1) // 2), slice(length - max_length // 2, None)
    return (slice(max_length) if keep == "first" else slice(length - max_length, None),)


# Only names of HTML elements, and attributes only with a value, so that `a <b and c> d`, `<3` and
# a reviewer's `<sigh>` stay what they are: text.
_ELEMENTS = (
    "a|abbr|b|big|blockquote|br|center|cite|code|dd|del|div|dl|dt|em|font|h[1-6]|hr|i|img|ins|li|ol|p|pre|q"
    "|s|small|span|strike|strong|sub|sup|table|tbody|td|th|thead|tr|tt|u|ul"
)
_ATTRIBUTE = r"""\s+[a-z-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>]+)"""
_TAG = re.compile(rf"</?(?:{_ELEMENTS})(?:{_ATTRIBUTE})*\s*/?>", re.IGNORECASE)
_WORD_OR_MARKS = re.compile(r"\w+|[^\w\s]+")
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-f]+|[a-z]\w*);", re.IGNORECASE)


class Tokenizer:
    """Cuts texts into tokens and numbers the distinct ones in the order of their first use.

    White space is never a token. Lower-casing comes last, as in the course: the rules of English cut
    `film.It` into three tokens, but leave `film.it` whole. lower_first has it come first, as it once did.
    """

    def __init__(
        self,
        cut: Callable[[str], Iterable[str]],
        *,
        strip_html: bool,
        lower: bool = True,
        lower_first: bool = False,
    ) -> None:
        self.strings: list[str] = []
        """The distinct tokens met so far; `encode` yields indices into this list."""
        self._strip_html, self._lower_first = strip_html, lower and lower_first
        self._pieces = _PieceIds(lower_cased(cut) if lower else cut, self.strings)

    @property
    def remembered(self) -> int:
        """How many distinct pieces between white space were met so far."""
        return len(self._pieces)

    def encode(self, texts: Iterable[str]) -> Iterator[NDArray[np.int32]]:
        """Yields for every text the indices of its tokens in `strings`, an array of shape (tokens,).

        The numbering is this tokenizer's own: map it to a vocabulary with
        `vocabulary.encode(tokenizer.strings)[indices]`.
        """
        for text in texts:
            if self._strip_html:
                text = strip_html(text)
            pieces = map(self._pieces.__getitem__, (text.lower() if self._lower_first else text).split())
            yield np.fromiter(chain.from_iterable(pieces), dtype=np.int32)

    def tokenize(self, texts: Iterable[str]) -> Iterator[list[str]]:
        """Yields the tokens of every text."""
        for indices in self.encode(texts):
            yield [self.strings[index] for index in indices]


def lower_cased(cut: Callable[[str], Iterable[str]]) -> Callable[[str], Iterable[str]]:
    """Returns what cuts a text and lower-cases its tokens."""
    return lambda text: [token.lower() for token in cut(text)]


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
    name: TokenizerName,
    *,
    strip_html: bool,
    lower: bool = True,
    lower_first: bool = False,
    rules: Callable[[str], list[str]] | None = None,
) -> Tokenizer:
    """Returns the tokenizer of that name.

    `spacy` has the rules of blank English (no model), applied to every piece between white space;
    `wordpunct` takes runs of letters, digits and underscores, and runs of other marks, as NLTK's
    WordPunctTokenizer does; `whitespace` takes the pieces as they are. With `strip_html`, tags and entities
    are taken out first; for `lower` and `lower_first` see `Tokenizer`. rules: those of `spacy`, if they are
    to remember what they cut.
    """
    return Tokenizer(
        _cutter(name, rules or SpacyRules()), strip_html=strip_html, lower=lower, lower_first=lower_first
    )


def _cutter(name: TokenizerName, rules: Callable[[str], list[str]]) -> Callable[[str], list[str]]:
    if name == "whitespace":
        return lambda piece: [piece]
    if name == "wordpunct":
        return _WORD_OR_MARKS.findall
    return rules


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
