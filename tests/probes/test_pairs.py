from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from rnnlab.core.errors import InputError
from rnnlab.data.encoded_text import EncodedText
from rnnlab.data.readers import read_examples
from rnnlab.data.tokenizers import make_tokenizer
from rnnlab.experiment.compose import INPUTS_DIR
from rnnlab.models.base import SequenceModel
from rnnlab.models.boe import BoE
from rnnlab.probes.pairs import (
    Pair,
    Suite,
    built_in_suites,
    chosen_suites,
    judge,
    read_suite,
    summarise,
)
from tests.models.torchs import RNN

SUITES = {suite.name: suite for suite in built_in_suites()}
TOKENIZER = make_tokenizer("spacy", strip_html=True)
SAME_WORDS = ["order", "intensifier-moved", "clauses"]
WORDS = sorted({word for s in SUITES.values() for p in s.pairs for word in " ".join(p[:2]).split()})
IDS = {word: number for number, word in enumerate(WORDS, start=2)}


def encode(texts: list[str], places: list[str]) -> list[EncodedText]:
    cut = [text.split() for text in texts]
    ids = [np.array([IDS.get(word, 1) for word in words], dtype=np.int32) for words in cut]
    return [EncodedText(*parts) for parts in zip(texts, cut, ids, strict=True)]


class LastVerdict(SequenceModel):
    """Gives the logit `sign` × (1 for a text whose last word is praise, −1 for blame)."""

    def __init__(self, sign: int) -> None:
        super().__init__()
        self.sign = sign
        self.praise = [i for word, i in IDS.items() if word in ("liked", "loved", "enjoyed")]

    def forward(self, ids: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        last = ids[torch.arange(len(ids)), lengths - 2]  # the full stop comes after it
        return self.sign * (2 * torch.isin(last, torch.tensor(self.praise)).double() - 1)[:, None]


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
def test_a_suite_holds_fifty_different_pairs_or_more(suite: Suite) -> None:
    assert len({pair[:2] for pair in suite.pairs}) == len(suite.pairs) >= 50
    assert all(pair.first != pair.second for pair in suite.pairs)


@pytest.mark.parametrize("name", SAME_WORDS)
def test_in_some_suites_only_the_order_of_the_words_differs(name: str) -> None:
    for tokenizer in (TOKENIZER, make_tokenizer("whitespace", strip_html=True)):
        for pair in SUITES[name].pairs:
            first, second = tokenizer.tokenize(pair[:2])
            assert Counter(first) == Counter(second)
            assert first != second


def test_the_order_suite_has_the_sentence_of_the_course_and_its_mirror() -> None:
    first, second = (
        "we hated the opening, yet the ending we liked .",
        "we liked the opening, yet the ending we hated .",
    )
    assert (first, second) in [pair[:2] for pair in SUITES["order"].pairs]


def test_every_word_of_the_suites_is_in_the_bundled_sample() -> None:
    tokenize = TOKENIZER.tokenize
    sample = [example.text for example in read_examples(INPUTS_DIR / "sample" / "train.tsv")]
    known = {token for tokens in tokenize(sample) for token in tokens}
    texts = [text for suite in SUITES.values() for pair in suite.pairs for text in pair[:2]]
    assert {token for tokens in tokenize(texts) for token in tokens} <= known


@pytest.mark.parametrize(("sign", "right"), [(1, 48), (-1, 0)])
def test_the_more_positive_text_is_the_one_whose_probability_is_to_be_higher(sign: int, right: int) -> None:
    verbs = [pair for pair in SUITES["order"].pairs if pair.first.startswith("we ")]
    suite = Suite("order", "", True, verbs)
    row = summarise(judge(suite, encode, LastVerdict(sign), device="cpu")).iloc[0]
    assert (row["pairs"], row["right"], row["wrong"], row["ties"]) == (48, right, 48 - right, 0)
    assert row["share"] == right / 48
    assert row["low"] <= row["share"] <= row["high"]
    assert row["shift"] == pytest.approx(1 / (1 + np.exp(-1)) - 1 / (1 + np.exp(1)))


@pytest.mark.parametrize("name", SAME_WORDS)
def test_a_bag_of_embeddings_ties_where_only_the_order_differs(name: str) -> None:
    torch.manual_seed(0)
    model = BoE(embedding=nn.Embedding(len(WORDS) + 2, 50), output_size=1)
    with torch.no_grad():
        model.embedding.weight *= 10  # so that float32 would round visibly
    rows = judge(SUITES[name], encode, model, device="cpu")
    assert rows["first_probability"].std() > 1e-3
    assert rows["same_words"].all()
    assert (rows["outcome"] == "tie").all()
    row = summarise(rows).iloc[0]
    assert row["ties"] == row["pairs"]
    assert np.isnan([row["share"], row["low"], row["high"]]).all()
    assert row["shift"] < 1e-6


def test_a_recurrent_net_does_not_tie() -> None:
    torch.manual_seed(0)
    model = RNN(embedding=nn.Embedding(len(WORDS) + 2, 50), output_size=1)
    rows = judge(SUITES["order"], encode, model, device="cpu")
    assert not (rows["outcome"] == "tie").any()


def test_where_no_order_is_right_none_is_counted_as_right() -> None:
    torch.manual_seed(0)
    model = RNN(embedding=nn.Embedding(len(WORDS) + 2, 50), output_size=1)
    rows = judge(SUITES["clauses"], encode, model, device="cpu")
    assert (rows["outcome"] == "moved").all()
    row = summarise(rows).iloc[0]
    assert (row["right"], row["wrong"]) == (0, 0)
    assert np.isnan(row["share"])
    shifts = rows["first_probability"] - rows["second_probability"]
    assert row["shift"] == pytest.approx(shifts.abs().mean())


def test_words_unknown_to_the_net_are_named() -> None:
    suite = Suite("own", "", True, [Pair("we liked zorblax", "we hated zorblax", "")])
    model = BoE(embedding=nn.Embedding(len(WORDS) + 2, 5), output_size=1)
    assert "zorblax" in judge(suite, encode, model, device="cpu")["unknown"][0]


def test_a_suite_unknown_is_named_with_the_nearest() -> None:
    assert [suite.name for suite in chosen_suites(["clauses", "order"])] == ["clauses", "order"]
    with pytest.raises(InputError, match=r"'negatoin' is not one of .*did you mean 'negation'"):
        chosen_suites(["negatoin"])


def test_own_pairs_are_read_from_csv(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_bytes(
        '\ufeffid,Negative, positive\r\n1,"bad, really",good\r\n\r\n2,"two\nlines",fine\r\n'.encode()
    )
    suite = read_suite(path)
    assert (suite.name, suite.ordered) == ("own", True)
    assert suite.pairs == [
        Pair("good", "bad, really", f"{path}, line 2"),
        Pair("fine", "two\nlines", f"{path}, line 5"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"positive,other\na,b\n", "line 1: no column negative in the header; .* found 'positive, other'"),
        (b"positive,negative,positive\n", "line 1: more than one column positive"),
        (b"", "line 1: no column positive"),
        (b"positive,negative\n", "holds no pairs"),
        (b"positive,negative\na,b\nc\n", "line 3: expected 2 fields, found 1"),
        (b'positive,negative\na,"b\n', "line 2: not a CSV row"),
        (b"positive,negative\na,\xe9\n", "not UTF-8 \\(0xe9 at byte 21\\)"),
        (b"\0\1", "is a binary file"),
    ],
)
def test_a_csv_of_pairs_that_is_none_says_why(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "own.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"own.csv.*{message}"):
        read_suite(path)
