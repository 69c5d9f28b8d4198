import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnlab.core.errors import InputError
from rnnlab.data.vectors import load_vectors

GLOVE = b"the 0.5 -1e-3\n, 2 3\nfilm +4. 5\n"


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(gzip.compress(content) if path.name.endswith(".gz") else content)
    return path


def error_of(path: Path, words: list[str], embedding_dim: int | None = None) -> str:
    with pytest.raises(InputError) as caught:
        load_vectors(path, words, embedding_dim=embedding_dim)
    message = str(caught.value)
    assert "\n" not in message
    assert message.isprintable()
    return message


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("glove.txt", GLOVE),
        ("glove.txt.gz", GLOVE),
        ("word2vec.txt", b"3 2\nthe 0.5 -1e-3 \n, 2 3 \nfilm +4. 5 \n"),
        ("crlf.txt", GLOVE.replace(b"\n", b"\r\n")),
        ("tabs.txt", GLOVE.replace(b" ", b"\t")),
        ("wide.txt", GLOVE.replace(b" ", b"  ")),
        ("no_last_newline.txt", GLOVE.rstrip()),
    ],
)
@pytest.mark.parametrize("embedding_dim", [None, 2])
def test_every_form_of_file_gives_the_same_vectors(
    tmp_path: Path, name: str, content: bytes, embedding_dim: int | None
) -> None:
    path = write(tmp_path / name, content)
    vectors = load_vectors(path, ["<pad>", "film", "the", "absent"], embedding_dim=embedding_dim)
    expected = np.array([[0, 0], [4, 5], [0.5, -1e-3], [0, 0]], dtype=np.float32)
    assert vectors.matrix.dtype == np.float32
    np.testing.assert_array_equal(vectors.matrix, expected)
    assert vectors.found.tolist() == [False, True, True, False]


def test_of_a_word_that_is_there_twice_the_first_vector_counts(tmp_path: Path) -> None:
    vectors = load_vectors(write(tmp_path / "v", b"a 1 2\nb 3 4\na 5 6\n"), ["b", "a"], embedding_dim=None)
    assert vectors.matrix.tolist() == [[3, 4], [1, 2]]


def test_words_may_be_numbers_or_hold_spaces_or_broken_characters(tmp_path: Path) -> None:
    content = b"1 1 2\n. . . 3 4\nat name@domain.com 5 6\ncaf\xc3 7 8\n\xc2\xa0 9 10\n1990s 11 12\n"
    words = ["1", ". . .", "at name@domain.com", "caf", "\xa0", "1990s", "."]
    vectors = load_vectors(write(tmp_path / "v", content), words, embedding_dim=2)
    assert vectors.found.tolist() == [True, True, True, False, True, True, False]
    assert vectors.matrix.tolist() == [[1, 2], [3, 4], [5, 6], [0, 0], [9, 10], [11, 12], [0, 0]]


@settings(max_examples=50, deadline=None)
@given(
    table=st.dictionaries(
        st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"]), min_size=1),
        st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=3, max_size=3),
        min_size=1,
    )
)
def test_float32_numbers_survive_as_they_are(
    tmp_path_factory: pytest.TempPathFactory, table: dict[str, list[float]]
) -> None:
    lines = [f"{word} {' '.join(map(repr, numbers))}\n" for word, numbers in table.items()]
    path = write(tmp_path_factory.getbasetemp() / "survive.txt", "".join(lines).encode())
    vectors = load_vectors(path, list(table), embedding_dim=3)
    assert vectors.found.all()
    np.testing.assert_array_equal(vectors.matrix, np.array(list(table.values()), dtype=np.float32))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "v.txt: is empty"),
        (b"\n", "v.txt, line 1: expected a word and its numbers, found ''"),
        (b"just\n", "v.txt, line 1: expected a word and its numbers, found 'just'"),
        (b"a 1 2\nb 3\n", "v.txt, line 2: expected a word and 2 numbers, found 1 after the word"),
        (b"a 1 2\nb  3\n", "v.txt, line 2: expected a word and 2 numbers, found 1 after the word"),
        (b"a 1 2\nb 3 4 5\n", "v.txt, line 2: expected a word and 2 numbers, found 3 after the word"),
        (b"a 1 2\n\nb 3 4\n", "v.txt, line 2: expected a word and 2 numbers, found 0 after the word"),
        (b"2 3\na 1 2 3\nb 3 4\n", "v.txt, line 3: expected a word and 3 numbers, found 2"),
        (b"a 1 2\nb x\x1b 4\n", "v.txt, line 2: expected a finite float32 number, found 'x\\x1b'"),
        (b"a x 2\nb 3 4\n", "v.txt, line 1: expected a finite float32 number, found 'x'"),
        (b"a 1 2\nb nan 4\n", "v.txt, line 2: expected a finite float32 number, found 'nan'"),
        (b"a 1 2\nb 3 -inf\n", "v.txt, line 2: expected a finite float32 number, found '-inf'"),
        (b"a 1 2\nb 1e39 4\n", "v.txt, line 2: expected a finite float32 number, found '1e39'"),
        (b"a 1 2\nb 1.2.3 4\n", "v.txt, line 2: expected a finite float32 number, found '1.2.3'"),
        (b"a 1 2\nb 1_0 4\n", "v.txt, line 2: expected a finite float32 number, found '1_0'"),
        (b"5 2\na 1 2\nb 3 4\n", "v.txt: cut off: its header promises 5 words, found 2"),
        (b"2 2\n\x00\x01\x02\x03", "v.txt: is a binary file"),
        ("a 1 2\n".encode("utf-16"), "v.txt: is UTF-16"),
        (gzip.compress(b"a 1 2\n", mtime=0), "v.txt: is compressed with gzip"),
    ],
)
def test_a_bad_file_is_told_in_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    assert message in error_of(write(tmp_path / "v.txt", content), ["a", "b"])


@pytest.mark.parametrize("line", [b"b 3", b"b 3 4 5", b"b x 4", b"b nan 4"])
def test_bad_lines_of_words_that_nobody_asked_for_are_found(tmp_path: Path, line: bytes) -> None:
    assert "v.txt, line 2: expected" in error_of(write(tmp_path / "v.txt", b"a 1 2\n" + line), ["a"])


@pytest.mark.parametrize("content", [b"a 1 2\n", b"1 2\na 1 2\n"])
def test_another_dimension_than_asked_for_is_told(tmp_path: Path, content: bytes) -> None:
    message = error_of(write(tmp_path / "v.txt", content), ["a"], embedding_dim=50)
    assert message.endswith("v.txt: has vectors of dimension 2; asked for is 50")


def test_what_is_no_file_is_told_in_one_line(tmp_path: Path) -> None:
    assert error_of(tmp_path, ["a"]).endswith("is a folder; expected a file")
    write(tmp_path / "glove.txt", GLOVE)
    assert error_of(tmp_path / "golve.txt", ["a"]).endswith("did you mean 'glove.txt'?")
    (tmp_path / "cut.txt.gz").write_bytes(gzip.compress(GLOVE * 1000)[:-30])
    assert "cut.txt.gz: is not gzip, or broken, or cut off" in error_of(tmp_path / "cut.txt.gz", ["a"])


def test_real_vectors_equal_numpys_own_reading(real_data: Path) -> None:
    path = real_data / "glove_6B_50_sample_train.txt"
    fields = [line.split(" ") for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
    expected = np.array([numbers for _, *numbers in fields], dtype=np.float64).astype(np.float32)
    assert np.abs(expected).max() > 1
    vectors = load_vectors(path, [word for word, *_ in fields], embedding_dim=50)
    np.testing.assert_array_equal(vectors.matrix, expected)
    assert vectors.found.all()
