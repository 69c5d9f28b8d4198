import os
import ssl
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from rnnlab.core.errors import InputError
from rnnlab.data.tokenizers import make_tokenizer
from rnnlab.data.torchtext_bridge import build_torchtext_vocabulary, from_torchtext, load_torchtext_vectors
from rnnlab.data.vectors import load_vectors
from rnnlab.data.vocabulary import NEWNEG, NEWPOS, PAD, UNK, Vocabulary, build_vocabulary

GLOVE = "glove_6B_50_sample_train.txt"


@pytest.fixture
def torchtext_vocab():
    return pytest.importorskip("torchtext.vocab", reason="the extra rnnlab[torchtext] is not installed")


@pytest.fixture
def counts(real_data: Path) -> Counter[str]:
    lines = (real_data / "imdb-train.tsv").read_text(encoding="utf-8").removesuffix("\n").split("\n")
    texts = make_tokenizer("spacy", strip_html=False).tokenize(line.split("\t", 1)[1] for line in lines)
    return Counter(token for text in texts for token in text)


@pytest.mark.parametrize(("min_count", "max_vocabulary"), [(1, None), (2, None), (1, 500), (3, 10**6)])
@pytest.mark.usefixtures("torchtext_vocab")
def test_both_ways_give_the_same_vocabulary(
    counts: Counter[str], min_count: int, max_vocabulary: int | None
) -> None:
    counts[NEWPOS] = 1000
    own = build_vocabulary(counts, min_count=min_count, max_vocabulary=max_vocabulary)
    theirs = build_torchtext_vocabulary(counts, min_count=min_count, max_vocabulary=max_vocabulary)
    assert len(own) > 500
    assert theirs.words == own.words
    assert theirs.ids == own.ids


@pytest.mark.usefixtures("torchtext_vocab")
def test_both_ways_give_the_same_vectors(counts: Counter[str], real_data: Path) -> None:
    words = build_vocabulary(counts, min_count=1, max_vocabulary=None).words
    own = load_vectors(real_data / GLOVE, words, embedding_dim=50)
    theirs = load_torchtext_vectors(real_data / GLOVE, words, embedding_dim=50)
    assert own.found.sum() > 5800
    assert theirs.matrix.dtype == own.matrix.dtype
    np.testing.assert_array_equal(theirs.found, own.found)
    np.testing.assert_array_equal(theirs.matrix, own.matrix)


def test_a_vocabulary_of_torchtext_can_be_handed_in(torchtext_vocab, counts: Counter[str]) -> None:
    own = build_vocabulary(counts, min_count=1, max_vocabulary=None)
    same_order = torchtext_vocab.Vocab(counts, specials=[PAD, UNK])
    assert from_torchtext(same_order) == own
    assert [same_order.stoi[word] for word in own.words[:-2]] == list(range(len(own) - 2))
    assert from_torchtext(torchtext_vocab.Vocab(counts)) == own


def test_anything_with_words_in_order_can_be_handed_in() -> None:
    class Words:
        itos = ("b", NEWPOS, UNK, "a")

    assert from_torchtext(Words()).words == (PAD, UNK, "b", "a", NEWNEG, NEWPOS)
    assert from_torchtext(Words(), extra=()) == Vocabulary((PAD, UNK, "b", "a"))


@pytest.mark.usefixtures("torchtext_vocab")
def test_reading_leaves_nothing_behind(tmp_path: Path, capfd, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    Path("temporary").mkdir()
    Path("vectors.txt").write_text("good 1 2 3\nbad -1 -2 -3\n")
    make_context = ssl._create_default_https_context
    vectors = load_torchtext_vectors(Path("vectors.txt"), (PAD, "bad"), embedding_dim=None)
    assert vectors.matrix.tolist() == [[0, 0, 0], [-1, -2, -3]]
    assert vectors.found.tolist() == [False, True]
    assert ssl._create_default_https_context is make_context
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["temporary", "vectors.txt"]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a 1 2 3 4\n", "has vectors of dimension 4; asked for is 3"),
        ("a 1 2 3\nb 1 2\n", "torchtext cannot read these vectors .*2 dimensions"),
        ("a 1 2 3\nb 1 2 x\n", "torchtext cannot read these vectors .*'x'"),
        ("", "torchtext cannot read these vectors"),
    ],
)
@pytest.mark.usefixtures("torchtext_vocab")
def test_bad_vectors_are_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "vectors.txt"
    path.write_text(text)
    with pytest.raises(InputError, match=f"vectors.txt: {message}") as caught:
        load_torchtext_vectors(path, ("a",), embedding_dim=3)
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("torchtext_vocab")
def test_an_absent_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        load_torchtext_vectors(tmp_path / "vectors.txt", ("a",), embedding_dim=2)


def test_another_release_is_refused_with_the_command_that_helps(tmp_path: Path, monkeypatch) -> None:
    info = tmp_path / "torchtext-0.18.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: torchtext\nVersion: 0.18.0\n")
    monkeypatch.syspath_prepend(os.fspath(tmp_path))
    with pytest.raises(InputError, match=r"found 0\.18\.0; .* pip install 'rnnlab\[torchtext\]'"):
        build_torchtext_vocabulary({"a": 1}, min_count=1, max_vocabulary=None)


def test_its_absence_is_told_with_the_command_that_helps(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "torchtext", None)
    monkeypatch.delitem(sys.modules, "torchtext.vocab", raising=False)
    with pytest.raises(InputError, match=r"needs torchtext 0\.6\.0, .* pip install 'rnnlab\[torchtext\]'"):
        build_torchtext_vocabulary({"a": 1}, min_count=1, max_vocabulary=None)
