"""Pretrained word vectors in GloVe or word2vec text form."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BufferedIOBase
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rnnlab.core.errors import InputError
from rnnlab.core.memory import require
from rnnlab.data.open_file import open_bytes, quote, read_lines, show_path

_NUMBER_CHARACTERS = b"0123456789+-.eE "
_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Vectors:
    """Vectors for a list of words.

    `matrix` is float32 of shape (words, dim), a row of zeros for a word that the file does not have;
    `found` is one bool per word.
    """

    matrix: NDArray[np.float32]
    found: NDArray[np.bool_]


def load_vectors(path: Path, words: Sequence[str], *, embedding_dim: int | None) -> Vectors:
    """Reads the vectors of `words` (distinct) from lines `word v1 … vD`, plain or .gz.

    A first line `count D` of two whole numbers is a word2vec header. Of a word that is there twice, the
    first vector counts. A word may hold spaces (GloVe 840B has some): the last D fields are the numbers.
    Words that are not UTF-8 (word2vec cuts long ones between bytes) match nothing. `embedding_dim` is the
    dimension that is asked for, or None for any.

    Raises InputError for a file that cannot be read or ends before the header's count, for a wrong width
    or what is not a finite number (naming the line), and for another dimension than `embedding_dim`. On every
    line the width is checked, and that numbers have only characters of numbers; read as numbers are those
    of wanted words.
    """
    name = show_path(path)
    rows = {word.encode(): row for row, word in enumerate(words)}
    vectors: dict[int, NDArray[np.float64]] = {}
    with open_bytes(path) as file:
        promised, dim, lines = _begin(file, name)
        if embedding_dim not in (None, dim):
            raise InputError(f"{name}: has vectors of dimension {dim}; asked for is {embedding_dim}")
        count = 0
        for number, line in lines:
            count += 1
            word, numbers = _split(line, dim, name, number)
            row = rows.get(word)
            if row is not None and row not in vectors:
                vectors[row] = _parse(numbers, name, number)
    if count < max(promised, 1):
        raise InputError(f"{name}: cut off: its header promises {promised:,} words, found {count:,}")
    require(len(words) * dim * 4, f"{name}: {len(words):,} vectors of {dim:,} numbers")
    matrix = np.zeros((len(words), dim), dtype=np.float32)
    found = np.zeros(len(words), dtype=np.bool_)
    for row, values in vectors.items():
        matrix[row] = values
        found[row] = True
    return Vectors(matrix, found)


def _begin(file: BufferedIOBase, name: str) -> tuple[int, int, Iterator[tuple[int, bytes]]]:
    """Returns how many words a header promises (0 without one), the dimension and the numbered lines."""
    lines = read_lines(file, name)
    if not (first := next(lines, b"")):
        raise InputError(f"{name}: is empty")
    header = re.fullmatch(rb"(\d{1,9})\s+([1-9]\d{0,5})\s*", first)
    if header:
        return int(header[1]), int(header[2]), enumerate(lines, start=2)
    dim = len(first.split()) - 1
    if dim < 1:
        raise InputError(f"{name}, line 1: expected a word and its numbers, found {_show(first.strip())}")
    # A first line without numbers is not taken for a dimension.
    _parse(_split(first, dim, name, 1)[1], name, 1)
    return 0, dim, enumerate(chain([first], lines), start=1)


def _split(line: bytes, dim: int, name: str, number: int) -> tuple[bytes, bytes]:
    """Returns a line's word and its `dim` numbers as one piece, in which only characters of numbers stand."""
    line = line.rstrip()
    word, _, numbers = line.partition(b" ")
    strange = b"  " in line or numbers.translate(None, _NUMBER_CHARACTERS)
    if word and numbers and numbers.count(b" ") == dim - 1 and not strange:
        return word, numbers
    fields = line.split()
    extra = len(fields) - 1 - dim
    if extra < 0 or any(map(_is_number, fields[1 : extra + 1])):
        expected = f"expected a word and {dim} numbers"
        raise InputError(f"{name}, line {number}: {expected}, found {max(len(fields) - 1, 0)} after the word")
    numbers = b" ".join(fields[extra + 1 :])
    if numbers.translate(None, _NUMBER_CHARACTERS):
        raise _not_a_number(numbers, name, number)
    return b" ".join(fields[: extra + 1]), numbers


def _parse(numbers: bytes, name: str, number: int) -> NDArray[np.float64]:
    try:
        values = np.array(list(map(float, numbers.split(b" "))))
    except ValueError as error:
        raise _not_a_number(numbers, name, number) from error
    if not (np.abs(values) <= _LARGEST).all():
        raise _not_a_number(numbers, name, number)
    return values


def _not_a_number(numbers: bytes, name: str, number: int) -> InputError:
    bad = next(field for field in numbers.split() if not _is_number(field))
    return InputError(f"{name}, line {number}: expected a finite float32 number, found {_show(bad)}")


def _is_number(field: bytes) -> bool:
    if field.translate(None, _NUMBER_CHARACTERS):
        return False
    try:
        return abs(float(field)) <= _LARGEST
    except ValueError:
        return False


def _show(field: bytes) -> str:
    return quote(field.decode(errors="backslashreplace"))
