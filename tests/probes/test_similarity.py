"""Cosines and neighbours, against plain sums."""

from pathlib import Path

import pytest
import torch

from rnnlab.core.errors import InputError
from rnnlab.data.vocabulary import Vocabulary
from rnnlab.probes.similarity import HISTORY, history, known_pairs, neighbours, similarities
from rnnlab.runs.tables import read_table

VOCABULARY = Vocabulary(("<pad>", "<unk>", "a", "b", "c", "zero"))
WEIGHTS = torch.tensor([[0.0, 0], [1, 0], [3, 4], [-3, -4], [4, 3], [0, 0]])


def test_similarity_is_the_cosine_and_0_with_a_note_where_a_vector_is_zero() -> None:
    table = similarities(WEIGHTS, VOCABULARY, [("a", "b"), ("a", "c"), ("a", "zero")])
    assert table["similarity"][0] == pytest.approx(-1.0, abs=1e-15)
    assert table["similarity"][1] == pytest.approx((3 * 4 + 4 * 3) / 25, abs=1e-15)
    assert table["similarity"][2] == 0 and table["note"].tolist() == [None, None, "zero vector"]


def test_pairs_with_a_missing_word_are_left_out_and_the_word_is_named_once() -> None:
    pairs = [["a", "b"], ["a", "nowhere"], ["nowhere", "c"]]
    assert known_pairs(pairs, VOCABULARY) == ([("a", "b")], ["nowhere"])


def test_neighbours_are_those_of_a_sort_by_cosine() -> None:
    torch.manual_seed(0)
    weights = torch.randn(6, 3)
    others = [word for word in VOCABULARY.words if word != "b"]
    cosine = torch.nn.CosineSimilarity(dim=0)
    expected = sorted(others, key=lambda word: -cosine(weights[VOCABULARY[word]], weights[VOCABULARY["b"]]))
    found = neighbours(weights, VOCABULARY, "b", number=3)
    assert [word for word, _ in found] == expected[:3]
    for word, value in found:
        assert value == pytest.approx(float(cosine(weights[VOCABULARY[word]], weights[3])), abs=1e-6)


def test_zero_vectors_have_no_neighbours_and_are_nobodys() -> None:
    assert neighbours(WEIGHTS, VOCABULARY, "zero", number=3) == []
    assert [word for word, _ in neighbours(WEIGHTS, VOCABULARY, "a", number=9)] == ["c", "<unk>", "b"]


def test_history_takes_the_pairs_asked_for_in_either_order_and_words_like_null(tmp_path: Path) -> None:
    path = tmp_path / "similarity.csv"
    path.write_text("epoch,word1,word2,similarity\n0,null,b,\n0,a,b,0.5\n1,null,b,0.25\n1,a,b,1\n")
    rows = history(read_table(path), [("b", "null")])
    assert rows["word1"].tolist() == ["null", "null"]
    assert rows["epoch"].tolist() == [0, 1]
    assert rows["similarity"].tolist() == [0, 0.25]
    assert rows["note"].tolist() == ["zero vector", None]
    path.write_text("epoch,word1,word2,similarity,note\n0,null,b,0.0,zero vector\n1,null,b,0.25,\n")
    again = history(read_table(path), [("b", "null")])
    assert again["note"].fillna("").tolist() == rows["note"].fillna("").tolist() == ["zero vector", ""]
    assert again["similarity"].tolist() == rows["similarity"].tolist()


def test_history_of_a_run_without_one_is_empty() -> None:
    assert len(history(None, [("a", "b")])) == 0


@pytest.mark.parametrize("text", ["", "epoch,word1\n", "epoch,word1,word2,similarity\n0,a,b,much\n"])
def test_a_history_that_is_no_such_table_is_bad_input(text: str, tmp_path: Path) -> None:
    path = tmp_path / "similarity.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=r"similarity\.csv(: there is no column|, line 2, column sim)"):
        read_table(path, HISTORY)


def test_a_pair_may_stand_for_every_class() -> None:
    tokens = ["<new1>", "<new2>", "<new3>"]
    vocabulary = Vocabulary(("<pad>", "<unk>", "good", "film", *tokens))
    pairs = [["good", "film"], ["<new*>", "<new*>"], ["good", "<new*>"], ["<new*>", "bad"]]
    known, missing = known_pairs(pairs, vocabulary)
    assert known == [
        ("good", "film"),
        *[("<new1>", "<new2>"), ("<new1>", "<new3>"), ("good", "<new1>")],
        *[("<new2>", "<new3>"), ("good", "<new2>")],
        ("good", "<new3>"),
    ]
    assert missing == ["bad"]
