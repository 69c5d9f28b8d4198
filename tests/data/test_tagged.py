import gzip
from pathlib import Path

import numpy as np
import pytest

from rnnlab.core.batch import UNCOUNTED
from rnnlab.core.errors import InputError
from rnnlab.data.tagged import TaggedSentences, read_tagged, tag_ids

LINES = "The\tDET\tDT\ndog\tNOUN\tNN\n\n\nIt\tPRON\tPRP\n"
WORDS = [["The", "dog"], ["It"]]
FORMS = {
    "plain": LINES.encode(),
    "CRLF": LINES.replace("\n", "\r\n").encode(),
    "BOM": b"\xef\xbb\xbf" + LINES.encode(),
    "no last line feed": LINES.rstrip("\n").encode(),
    "blank lines around, with spaces": b"\n \n" + LINES.encode() + b"\n \t\n",
    "spaces around cells": LINES.replace("\t", " \t ").encode(),
}


def write(folder: Path, content: bytes) -> Path:
    path = folder / "tagged.tsv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("content", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize(
    ("column", "tags"), [(2, [["DET", "NOUN"], ["PRON"]]), (3, [["DT", "NN"], ["PRP"]])], ids=["2", "3"]
)
def test_words_and_tags_are_those_of_the_file(
    content: bytes, column: int, tags: list[list[str]], tmp_path: Path
) -> None:
    assert read_tagged(write(tmp_path, content), column=column) == TaggedSentences(WORDS, tags)


def test_a_compressed_file_reads_as_the_plain_one(tmp_path: Path) -> None:
    path = tmp_path / "tagged.tsv.gz"
    path.write_bytes(gzip.compress(LINES.encode()))
    assert read_tagged(path) == read_tagged(write(tmp_path, LINES.encode()))


BAD = {
    "missing column": (b"The\tDET\ndog\n", 2, ["line 2", "2 columns", "'dog'"]),
    "missing third column": (b"The\tDET\tDT\n\ndog\tNOUN\n", 3, ["line 3", "3 columns", r"'dog\tNOUN'"]),
    "space for a tab": (b"The DET\n", 2, ["line 1", "tabs", "'The DET'"]),
    "empty word": (b"The\tDET\n\tNOUN\n", 2, ["line 2", "a word and a tag", r"'\tNOUN'"]),
    "empty tag": (b"The\tDET\ndog\t\n", 2, ["line 2", "a word and a tag", r"'dog\t'"]),
    "empty tag between": (b"dog\t \tNN\n", 2, ["line 1", "a word and a tag"]),
    "not UTF-8": (b"The\tDET\ncaf\xe9\tNOUN\n", 2, ["line 2", "UTF-8", "0xe9", "byte 4"]),
    "nothing": (b"", 2, ["no sentence", "word<TAB>tag"]),
    "blank lines alone": (b"\n \n\n", 2, ["no sentence"]),
}


@pytest.mark.parametrize(("content", "column", "parts"), BAD.values(), ids=BAD.keys())
def test_a_bad_line_is_told_in_one_line_with_its_number(
    content: bytes, column: int, parts: list[str], tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        read_tagged(write(tmp_path, content), column=column)
    message = str(caught.value)
    assert "\n" not in message and "tagged.tsv" in message
    for part in parts:
        assert part in message


def test_tags_unknown_to_training_are_counted_and_not_asked_for() -> None:
    sentences = TaggedSentences([["a", "b"], ["c", "d"]], [["X", "NEW"], ["Y", "NEW"]])
    ids, unknown = tag_ids(sentences, ("X", "Y"))
    assert [part.tolist() for part in ids] == [[0, UNCOUNTED], [1, UNCOUNTED]]
    assert all(part.dtype == np.int64 for part in ids)
    assert unknown == {"NEW": 2}
