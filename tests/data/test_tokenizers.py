import gzip
import re
import time
from collections import Counter
from collections.abc import Iterable
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnlab.data.tokenizers import Keep, kept, make_tokenizer, strip_html


def tokens(text: str, name: str = "spacy", *, strip_html: bool = True) -> list[str]:
    return next(make_tokenizer(name, strip_html=strip_html).tokenize([text]))


def reviews(path: Path) -> Iterable[str]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="\n") as file:
        yield from (line.rstrip("\n").split("\t", 1)[1] for line in file)


def test_spacy_rules_cut_contractions_and_punctuation() -> None:
    assert tokens("I don't like Mr. Smith's Film, 3/10!") == (
        ["i", "do", "n't", "like", "mr.", "smith", "'s", "film", ",", "3/10", "!"]
    )


def test_words_are_lower_cased_after_the_cut_unless_that_is_to_come_first() -> None:
    (after,), (first,) = (
        make_tokenizer("spacy", strip_html=False, lower_first=lower_first).tokenize(["A film.It ends"])
        for lower_first in (False, True)
    )
    assert after == ["a", "film", ".", "it", "ends"] and first == ["a", "film.it", "ends"]
    assert list(make_tokenizer("spacy", strip_html=False, lower=False).tokenize(["film.It"])) == [
        ["film", ".", "It"]
    ]


def test_wordpunct_takes_runs_of_word_characters_and_runs_of_marks() -> None:
    text = "Don't say \u201cnever\u201d... a_b 3/10 caf\u00e9!?\u00a0\u00c5\u2009x"
    found = tokens(text, "wordpunct")
    assert found == [
        "don",
        "'",
        "t",
        "say",
        "\u201c",
        "never",
        "\u201d...",
        "a_b",
        "3",
        "/",
        "10",
        "caf\u00e9",
        "!?",
        "\u00e5",
        "x",
    ]
    assert found == [token.lower() for token in re.findall(r"\w+|[^\w\s]+", text)]


def test_whitespace_cuts_at_white_space_alone() -> None:
    assert tokens(" I DON'T\tlike\u00a0it, \n", "whitespace") == ["i", "don't", "like", "it,"]


@pytest.mark.parametrize("name", ["spacy", "wordpunct", "whitespace"])
def test_white_space_is_never_a_token(name: str) -> None:
    assert tokens("a  b \t\u2003\x85 c", name) == ["a", "b", "c"]
    assert tokens(" \t\r", name) == []
    assert tokens("", name) == []


def test_line_breaks_are_taken_out_or_left_in() -> None:
    text = "Bad.<br /><br />Really bad."
    assert tokens(text) == ["bad", ".", "really", "bad", "."]
    assert tokens(text, strip_html=False) == ["bad.<br", "/><br", "/>really", "bad", "."]


@pytest.mark.parametrize(
    "text",
    [
        "a < b and c > d",
        "I <3 it",
        "a <b and c> d",
        "he left <sigh> for good",
        "x<y, y>z",
        "R&D, AT&T and cats&parasites; &c",
        "1 << 2 >> 3 <> 4 <- 5",
        "<br",
    ],
)
def test_what_is_no_tag_or_entity_survives(text: str) -> None:
    assert strip_html(text) == text


@pytest.mark.parametrize(
    ("text", "stripped"),
    [
        ("one<br>two<BR/>three<br   />four", "one two three four"),
        ("<i>so</i> <a href='x>y' target=_top>good</a>", " so   good "),
        ("&quot;A&amp;B&quot; caf&#233; caf&#xE9;", '"A&B" café café'),
        ("&lt;br /&gt;", "<br />"),
    ],
)
def test_tags_and_entities_are_taken_out(text: str, stripped: str) -> None:
    assert strip_html(text) == stripped


@pytest.mark.parametrize("text", ["<br" + " " * 100_000, "<b " * 30_000, "<a b='" * 10_000, "&" * 100_000])
def test_taking_html_out_takes_no_quadratic_time(text: str) -> None:
    start = time.process_time()
    strip_html(text)
    assert time.process_time() - start < 2


def test_encode_and_tokenize_agree_and_number_by_first_use() -> None:
    tokenizer = make_tokenizer("spacy", strip_html=True)
    texts = ["It isn't good.", "", "Good? It IS."]
    encoded = list(tokenizer.encode(texts))
    assert tokenizer.strings == ["it", "is", "n't", "good", ".", "?"]
    assert [ids.tolist() for ids in encoded] == [[0, 1, 2, 3, 4], [], [3, 5, 0, 1, 4]]
    assert all(ids.dtype == np.int32 for ids in encoded)
    assert list(tokenizer.tokenize(texts)) == [[tokenizer.strings[i] for i in ids] for ids in encoded]


kept_tokenizer = cache(make_tokenizer)


@given(st.lists(st.text(alphabet="aAsS'\u2019.,!-/:()<>&;3kK$ \t\u00a0\u0130\ufb01é漢😀"), max_size=4))
@settings(deadline=None)
@pytest.mark.parametrize("name", ["spacy", "wordpunct", "whitespace"])
def test_no_character_but_white_space_is_lost(name: str, texts: list[str]) -> None:
    found = kept_tokenizer(name, strip_html=False).tokenize(texts)
    assert ["".join(words) for words in found] == ["".join(text.lower().split()) for text in texts]


def test_tokens_are_those_of_spacy_on_whole_texts(real_data: Path) -> None:
    import spacy

    whole = spacy.blank("en").tokenizer
    texts = list(islice(reviews(real_data / "imdb-full-train.tsv.gz"), 0, 1000, 5))
    after = [[token.text.lower() for token in whole(text) if not token.is_space] for text in texts]
    first = [[token.text for token in whole(text.lower()) if not token.is_space] for text in texts]
    assert sum(map(len, after)) > 40_000 and after != first
    for lower_first, expected in ((False, after), (True, first)):
        tokenizer = make_tokenizer("spacy", strip_html=False, lower_first=lower_first)
        assert list(tokenizer.tokenize(texts)) == expected


def test_words_of_the_course_sample_are_those_of_its_glove_file(real_data: Path) -> None:
    lines = (real_data / "glove_6B_50_sample_train.txt").read_text(encoding="utf-8").splitlines()
    listed = {line.split(" ", 1)[0] for line in lines}
    assert len(listed) == 5865
    figures = {(False, False): (6586, 31), (True, False): (6326, 7), (False, True): (6619, 26)}
    for (strip, lower_first), (words, missing) in figures.items():
        counts: Counter[str] = Counter()
        tokenizer = make_tokenizer("spacy", strip_html=strip, lower_first=lower_first)
        for text in tokenizer.tokenize(reviews(real_data / "imdb-train.tsv")):
            counts.update(text)
        assert len(counts) == words
        assert len(listed - set(counts)) == missing


@pytest.mark.parametrize(
    ("length", "max_length", "keep", "expected"),
    [
        (5, None, "both", [0, 1, 2, 3, 4]),
        (5, 5, "both", [0, 1, 2, 3, 4]),
        (7, 5, "first", [0, 1, 2, 3, 4]),
        (7, 5, "last", [2, 3, 4, 5, 6]),
        (7, 5, "both", [0, 1, 2, 5, 6]),
        (7, 4, "both", [0, 1, 5, 6]),
        (7, 1, "both", [0]),
        (7, 1, "last", [6]),
    ],
)
def test_of_longer_texts_exactly_these_tokens_are_kept(
    length: int, max_length: int | None, keep: Keep, expected: list[int]
) -> None:
    tokens = list(range(length))
    assert [token for part in kept(length, max_length, keep) for token in tokens[part]] == expected
