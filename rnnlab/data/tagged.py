"""Reads sentences with a tag for every word."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rnnlab.core.batch import UNCOUNTED
from rnnlab.core.errors import InputError
from rnnlab.data.open_file import decoded_lines, quote, show_path


@dataclass(frozen=True)
class TaggedSentences:
    """Words and tags of every sentence, words[i] and tags[i] being equally long, at least one."""

    words: list[list[str]]
    tags: list[list[str]]


def read_tagged(path: Path, *, column: int = 2) -> TaggedSentences:
    """Reads lines of `word<TAB>tag` (more columns may follow), blank lines between sentences, plain or .gz.

    column: that of the tags, counted from 1. Raises InputError naming the line of a missing column, of an
    empty word or tag, or of bytes that are not UTF-8, and for a file without any sentence.
    """
    words: list[list[str]] = [[]]
    tags: list[list[str]] = [[]]
    for place, line in decoded_lines(path):
        if line.strip():
            word, tag = _word_and_tag(line.rstrip("\r\n"), column, place)
            words[-1].append(word)
            tags[-1].append(tag)
        elif words[-1]:
            words.append([])
            tags.append([])
    kept = [number for number, sentence in enumerate(words) if sentence]
    if not kept:
        raise InputError(f"{show_path(path)}: holds no sentence; expected lines of word<TAB>tag")
    return TaggedSentences([words[number] for number in kept], [tags[number] for number in kept])


def tag_ids(
    sentences: TaggedSentences, tags: tuple[str, ...]
) -> tuple[list[NDArray[np.int64]], Counter[str]]:
    """Returns the numbers of each sentence's tags in `tags`, and how often tags occur that are not in it.

    Those are UNCOUNTED.
    """
    numbers = {tag: number for number, tag in enumerate(tags)}
    unknown = Counter(tag for of_sentence in sentences.tags for tag in of_sentence if tag not in numbers)
    ids = [
        np.array([numbers.get(tag, UNCOUNTED) for tag in of_sentence], dtype=np.int64)
        for of_sentence in sentences.tags
    ]
    return ids, unknown


def _word_and_tag(line: str, column: int, place: str) -> tuple[str, str]:
    cells = line.split("\t")
    if len(cells) < column:
        raise InputError(
            f"{place}: expected a word and tags in {column} columns with tabs between, found {quote(line)}"
        )
    word, tag = cells[0].strip(), cells[column - 1].strip()
    if not word or not tag:
        raise InputError(f"{place}: expected a word and a tag, found {quote(line)}")
    return word, tag
