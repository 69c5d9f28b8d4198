from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnlab.core.errors import InputError
from rnnlab.data.vocabulary import NEWNEG, NEWPOS, PAD, PAD_ID, UNK, UNK_ID, Vocabulary, build_vocabulary


def build(counts: dict[str, int], min_count: int = 1, max_vocabulary: int | None = None) -> Vocabulary:
    return build_vocabulary(counts, min_count=min_count, max_vocabulary=max_vocabulary)


def test_order_is_by_falling_count_then_code_points_between_the_reserved_words() -> None:
    vocabulary = build({"b": 2, "é": 2, "a": 2, "z": 9, "Z": 2, "10": 2, "9": 2})
    assert vocabulary.words == (PAD, UNK, "z", "10", "9", "Z", "a", "b", "é", NEWNEG, NEWPOS)
    assert [vocabulary[word] for word in vocabulary.words] == list(range(11))
    assert (vocabulary[PAD], vocabulary[UNK], vocabulary["absent"]) == (PAD_ID, UNK_ID, UNK_ID)
    assert "z" in vocabulary and "absent" not in vocabulary and len(vocabulary) == 11


def test_limits_touch_counted_words_only() -> None:
    counts = {"a": 3, "b": 2, "c": 2, "d": 1}
    assert build(counts, min_count=2).words == (PAD, UNK, "a", "b", "c", NEWNEG, NEWPOS)
    assert build(counts, max_vocabulary=2).words == (PAD, UNK, "a", "b", NEWNEG, NEWPOS)
    assert build(counts, max_vocabulary=99) == build(counts)
    assert build({"a": 1, "b": 0}).words == (PAD, UNK, "a", NEWNEG, NEWPOS)
    assert build({}).words == (PAD, UNK, NEWNEG, NEWPOS)


def test_extra_words_may_be_left_out() -> None:
    assert build_vocabulary({"a": 1}, min_count=1, max_vocabulary=None, extra=()).words == (PAD, UNK, "a")


def test_a_reserved_word_in_a_text_is_an_unknown_word() -> None:
    vocabulary = build({"good": 1, NEWPOS: 50, NEWNEG: 40, PAD: 30, UNK: 20})
    assert vocabulary.words == (PAD, UNK, "good", NEWNEG, NEWPOS)
    ids = vocabulary.encode([NEWPOS, "good", NEWNEG, PAD, UNK, "bad"])
    assert ids.tolist() == [UNK_ID, 2, UNK_ID, UNK_ID, UNK_ID, UNK_ID]
    assert ids.dtype == np.int32
    assert vocabulary[NEWPOS] == 4


def test_a_vocabulary_cannot_be_changed() -> None:
    vocabulary = build({"a": 1})
    with pytest.raises(AttributeError):
        vocabulary.words = ()  # type: ignore[misc]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "begins with the words <pad> and <unk>; found nothing"),
        ((UNK, PAD), "found '<unk>', '<pad>'"),
        ((PAD, UNK, "a", "b", "a"), "'a' occurs twice, with ids 2 and 4"),
    ],
)
def test_broken_vocabularies_are_refused(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Vocabulary(words)


@given(
    st.sets(
        st.text(st.characters(exclude_categories=["Cs"])) | st.text("\\nr\n\r \u2028\x85\x1c"), max_size=8
    )
)
def test_a_saved_vocabulary_is_read_back(tmp_path_factory: pytest.TempPathFactory, words: set[str]) -> None:
    path = tmp_path_factory.mktemp("vocabulary") / "vocabulary.txt"
    vocabulary = build(dict.fromkeys(words, 1))
    vocabulary.save(path)
    assert Vocabulary.load(path) == vocabulary
    assert path.read_bytes().count(b"\n") == len(vocabulary)
    assert [child.name for child in path.parent.iterdir()] == ["vocabulary.txt"]


def test_the_file_has_one_word_a_line_in_order_of_ids(tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.txt"
    build({"it's": 3, "¯\\(ツ)/¯": 2, "a\nb\r": 1}).save(path)
    assert path.read_text("utf-8").split("\n") == [
        *("<pad>", "<unk>", "it's", "¯\\\\(ツ)/¯", "a\\nb\\r", "<newneg>", "<newpos>", "")
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "vocabulary.txt: is empty"),
        (b"<pad>\n<unk>\nwor", "vocabulary.txt: is cut off in its last line"),
        (b"<pad>\n<unk>\n\xff\n", "vocabulary.txt, line 3: is not UTF-8"),
        (b"<pad>\n<unk>\na\\b\n", r"vocabulary.txt, line 3: 'a\\\\b' is not a word"),
        (b"<pad>\n<unk>\na\\", r"vocabulary.txt: is cut off"),
        (b"<pad>\r\n<unk>\r\n", r"vocabulary.txt, line 1: '<pad>\\r' is not a word"),
        (b"a\nb\n", "vocabulary.txt: a vocabulary begins with the words <pad> and <unk>; found 'a', 'b'"),
        (b"<pad>\n<unk>\na\na\n", "vocabulary.txt: 'a' occurs twice"),
    ],
)
def test_a_broken_file_is_refused_in_one_line(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "vocabulary.txt"
    path.write_bytes(data)
    with pytest.raises(InputError, match=message) as caught:
        Vocabulary.load(path)
    assert "\n" not in str(caught.value)


def test_an_absent_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"vocabulary\.txt: cannot be read \(No such file"):
        Vocabulary.load(tmp_path / "vocabulary.txt")
