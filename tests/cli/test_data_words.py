"""`rnnlab data words`: which tokens a text has, their numbers, and the one-hot matrix."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.cli.test_bad_input import assert_one_line, files_in
from tests.conftest import Outcome

Call = Callable[..., Outcome]


@pytest.fixture
def text(tmp_path: Path) -> list[str]:
    (tmp_path / "text.txt").write_text("The sea the whale\nThe Sea xyz\n")
    (tmp_path / "stop.txt").write_text("the\n")
    return ["data.train=text.txt", "data.tokenizer=whitespace"]


def read_one_hot(path: Path) -> np.ndarray:
    """Reads the sparse matrix without SciPy, from its CSR parts."""
    with np.load(path, allow_pickle=False) as parts:
        assert parts["format"].item() == b"csr"
        dense = np.zeros(parts["shape"], dtype=parts["data"].dtype)
        for row, (begin, end) in enumerate(zip(parts["indptr"], parts["indptr"][1:], strict=False)):
            dense[row, parts["indices"][begin:end]] = parts["data"][begin:end]
    return dense


def test_words_are_counted_and_numbered_as_the_task_chooses_them(call: Call, text: list[str]) -> None:
    outcome = call("data", "words", *text, "--word", "The", "--word", "xyz", "--index", "1")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.splitlines() == ["7 tokens, 6 distinct", "The 1", "xyz 5", "1 The"]
    outcome = call("data", "words", *text, "task.lower=true", "task.stop_words=stop.txt", "task.max_tokens=6")
    assert outcome.out == "3 tokens, 2 distinct\n"
    outcome = call("data", "words", *text, "task.token=character", "--word", "T")
    assert outcome.out.splitlines()[1] == "T 2"


def test_all_words_and_the_matrix_are_written(call: Call, text: list[str], tmp_path: Path) -> None:
    outcome = call("data", "words", *text, "-o", "words.txt", "--one-hot", "matrix.npz")
    assert outcome.code == 0, outcome
    words = (tmp_path / "words.txt").read_text().splitlines()
    assert words == ["Sea", "The", "sea", "the", "whale", "xyz"]
    dense = read_one_hot(tmp_path / "matrix.npz")
    assert dense.shape == (7, 6) and (dense.sum(axis=1) == 1).all()
    back = [words[number] for number in (dense @ np.arange(6)).astype(int)]
    assert back == ["The", "sea", "the", "whale", "The", "Sea", "xyz"]


def test_scipy_reads_the_matrix(call: Call, text: list[str], tmp_path: Path) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    assert call("data", "words", *text, "--one-hot", "matrix.npz").code == 0
    matrix = sparse.load_npz(tmp_path / "matrix.npz")
    np.testing.assert_array_equal(matrix.toarray(), read_one_hot(tmp_path / "matrix.npz"))


BAD = {
    "unknown word": (["--word", "wahle"], ["'wahle'", "'whale'"]),
    "index too large": (["--index", "6"], ["--index 6", "0 to 5"]),
    "missing file": (["data.train=tex.txt"], ["tex.txt", "no such", "'text.txt'"]),
    "no text": (["data.train=null"], ["data.train", "a value is needed"]),
    "other task": (["task=tagging"], ["task"]),
    "misspelt key": (["task.lwer=true"], ["task.lwer", "'lower'"]),
    "no use": (["data.min_count=2"], ["data.min_count", "no use"]),
    "no such folder": (["-o", "no/words.txt"], ["no/", "cannot be written"]),
    "no such folder for the matrix": (["--one-hot", "no/m.npz"], ["no/", "cannot be written"]),
}


@pytest.mark.parametrize(("words", "parts"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_one_line_and_writes_nothing(
    words: list[str], parts: list[str], call: Call, text: list[str], tmp_path: Path
) -> None:
    before = files_in(tmp_path)
    assert_one_line(call("data", "words", *text, *words), *parts)
    assert files_in(tmp_path) == before


def test_moby_dick_has_the_known_words_at_the_known_places(
    call: Call, real_data: Path, tmp_path: Path
) -> None:
    folder = real_data / "language"
    outcome = call(
        "data",
        "words",
        f"data.train={folder}/moby-dick.txt.gz",
        "data.tokenizer=whitespace",
        "task.lower=true",
        "task.max_tokens=50000",
        f"task.word_list={folder}/words-en.txt.gz",
        f"task.stop_words={folder}/stopwords-en.txt",
        *["--index", "932", "--index", "102", "--word", "captain", "--one-hot", "matrix.npz"],
    )
    assert outcome.code == 0, outcome
    assert outcome.out.splitlines() == [
        "16,375 tokens, 4,357 distinct",
        "captain 544",
        "932 daylight",
        "102 amazingly",
    ]
    with np.load(tmp_path / "matrix.npz", allow_pickle=False) as parts:
        assert parts["shape"].tolist() == [16_375, 4_357] and parts["data"].sum() == 16_375
    assert (tmp_path / "matrix.npz").stat().st_size < 200_000  # 285 MB, were it dense
