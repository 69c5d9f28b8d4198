"""Words and their numbers."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rnnlab.core.errors import InputError
from rnnlab.core.files import read_regular, write_text
from rnnlab.data.labels import NEG_POS, class_token, is_class_token
from rnnlab.data.open_file import quote, show_path

PAD, UNK = "<pad>", "<unk>"
NEWNEG, NEWPOS = map(class_token, NEG_POS)
PAD_ID, UNK_ID = 0, 1

_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}
_PLAIN = {escape: plain for plain, escape in _ESCAPES.items()}


def is_reserved(word: str) -> bool:
    """Returns whether a word stands for no text: `<pad>`, `<unk>` or the token of a class, `<newLABEL>`.

    One that occurs in a text all the same is an unknown word there.
    """
    return word in (PAD, UNK) or is_class_token(word)


@dataclass(frozen=True)
class Vocabulary:
    """Distinct words in the order of their ids; the first two are `<pad>` and `<unk>`.

    Raises InputError if the first two are others or a word occurs twice.
    """

    words: tuple[str, ...]
    ids: Mapping[str, int] = field(init=False, repr=False, compare=False)
    """The id of every word, reserved ones included."""

    def __post_init__(self) -> None:
        if self.words[:2] != (PAD, UNK):
            found = ", ".join(map(quote, self.words[:2])) or "nothing"
            raise InputError(f"a vocabulary begins with the words {PAD} and {UNK}; found {found}")
        ids: dict[str, int] = {}
        for index, word in enumerate(self.words):
            if ids.setdefault(word, index) != index:
                raise InputError(f"{quote(word)} occurs twice, with ids {ids[word]} and {index}")
        object.__setattr__(self, "ids", ids)

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self.ids

    def __getitem__(self, word: str) -> int:
        return self.ids.get(word, UNK_ID)

    def encode(self, tokens: Iterable[str]) -> NDArray[np.int32]:
        """Returns the ids of a text's tokens, shape (tokens,); unknown and reserved words become `<unk>`.

        So a text in which somebody wrote `<newpos>` or `<pad>` neither tells its label nor is padding.
        """
        ids = (UNK_ID if is_reserved(token) else self[token] for token in tokens)
        return np.fromiter(ids, dtype=np.int32)

    def save(self, path: Path) -> None:
        r"""Writes one word per line in the order of ids, atomically.

        Backslash, line feed and carriage return are written as `\\`, `\n` and `\r`, all else as it is.
        """
        lines = (re.sub(r"[\\\n\r]", lambda match: _ESCAPES[match[0]], word) for word in self.words)
        write_text(path, "".join(f"{line}\n" for line in lines))

    @classmethod
    def load(cls, path: Path) -> "Vocabulary":
        """Reads what `save` wrote; raises InputError naming the file, and the line if one is broken."""
        name = show_path(path)
        try:
            *lines, rest = read_regular(path).split(b"\n")
        except OSError as error:
            raise InputError(f"{name}: cannot be read ({error.strerror})") from error
        if rest or not lines:
            raise InputError(f"{name}: is {'cut off in its last line' if rest else 'empty'}; expected words")
        words = tuple(_read_word(line, f"{name}, line {n}") for n, line in enumerate(lines, start=1))
        try:
            return cls(words)
        except InputError as error:
            raise InputError(f"{name}: {error}") from error


def build_vocabulary(
    counts: Mapping[str, int],
    *,
    min_count: int,
    max_vocabulary: int | None,
    extra: tuple[str, ...] = (NEWNEG, NEWPOS),
) -> Vocabulary:
    """Returns `<pad>`, `<unk>`, the counted words by falling count, ties by code points, then `extra`.

    Words with fewer than `min_count` occurrences are left out, and all but the first `max_vocabulary`;
    neither limit touches `<pad>`, `<unk>` and `extra`, which stand beside the counted words. A reserved
    word among the counted ones is left out.
    """
    kept = [word for word, count in counts.items() if count >= max(min_count, 1) and not is_reserved(word)]
    kept.sort(key=lambda word: (-counts[word], word))
    return Vocabulary((PAD, UNK, *kept[:max_vocabulary], *extra))


def _read_word(line: bytes, where: str) -> str:
    try:
        word = line.decode()
    except UnicodeDecodeError as error:
        raise InputError(f"{where}: is not UTF-8") from error
    if not re.fullmatch(r"(?:[^\\\r]|\\[\\nr])*", word):
        raise InputError(
            f"{where}: {quote(word)} is not a word; expected every \\ to be followed by \\, n or r"
        )
    return re.sub(r"\\.", lambda match: _PLAIN[match[0]], word)
