from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnlab.data.hashed_ngrams import HashedNgrams, names_of
from rnnlab.data.vocabulary import Vocabulary
from tests.data.test_splits import split_of

FIRST, BUCKETS = 100, 10_000
many_texts = st.lists(st.lists(st.integers(1, 99), min_size=1, max_size=9), min_size=1, max_size=8)


def appended(ngrams: HashedNgrams, texts: list[list[int]]) -> list[list[int]]:
    """Returns the ids of each text in one batch of all, which must be zero behind them."""
    lengths = np.array([len(text) for text in texts])
    words = np.zeros((len(texts), lengths.max()), dtype=np.int64)
    for row, text in zip(words, texts, strict=True):
        row[: len(text)] = text
    rows, ends = ngrams.append(words, lengths)
    assert rows.shape[1] == ends.max()
    for row, end in zip(rows, ends, strict=True):
        assert (row[:end] > 0).all() and (row[end:] == 0).all()
    return [row[:end].tolist() for row, end in zip(rows, ends, strict=True)]


@settings(deadline=None, max_examples=50)
@given(many_texts, st.integers(2, 4))
def test_words_come_first_then_every_ngram_by_size_and_place(texts: list[list[int]], largest: int) -> None:
    ngrams = HashedNgrams(largest, BUCKETS, FIRST)
    ids_of: dict[tuple[int, ...], int] = {}
    for text, found in zip(texts, appended(ngrams, texts), strict=True):
        expected = [
            tuple(text[begin : begin + n])
            for n in range(2, largest + 1)
            for begin in range(len(text) - n + 1)
        ]
        assert found[: len(text)] == text and len(found) == len(text) + len(expected)
        for ngram, number in zip(expected, found[len(text) :], strict=True):
            assert FIRST <= number < FIRST + BUCKETS
            assert ids_of.setdefault(ngram, number) == number  # whatever the text, the batch or the place


def test_ngrams_spread_evenly_and_differ_by_the_order_of_their_words() -> None:
    pairs = [[a, b] for a in range(1, 100) for b in range(1, 100)]
    found = np.array([row[2] for row in appended(HashedNgrams(2, BUCKETS, FIRST), pairs)]) - FIRST
    # As balls thrown into as many bins: (1 − 1/b)ⁿ of these stay empty, here 0.375 with a deviation of 0.003.
    assert np.mean(np.bincount(found, minlength=BUCKETS) == 0) == pytest.approx(0.375, abs=0.015)
    number = {tuple(pair): place for pair, place in zip(pairs, found, strict=True)}
    same = [number[a, b] == number[b, a] for a in range(1, 100) for b in range(1, a)]
    assert np.mean(same) < 0.002


def test_an_id_never_changes_from_run_to_run() -> None:
    assert appended(HashedNgrams(3, 500_000, 7), [[1, 2, 3]]) == [[1, 2, 3, 247617, 370536, 273933]]


def test_an_inserted_token_is_part_of_the_ngrams_of_a_batch() -> None:
    ngrams = HashedNgrams(2, BUCKETS, FIRST)
    split = split_of([[1, 2], [3]]).insert("start", [98, 99])
    (batch,) = replace(split, ngrams=ngrams).batches(np.arange(2), 2)
    assert batch.lengths.tolist() == [5, 3]
    assert batch.inputs.tolist() == [
        [*row, *[0] * (5 - len(row))] for row in appended(ngrams, [[98, 1, 2], [99, 3]])
    ]


def test_an_ngram_is_called_by_its_words() -> None:
    vocabulary = Vocabulary(("<pad>", "<unk>", "not", "good"))
    ngrams = HashedNgrams(2, BUCKETS, len(vocabulary))
    (ids,) = appended(ngrams, [[2, 3, 1]])
    assert names_of(ids, vocabulary, ngrams) == ["not", "good", "<unk>", "not good", "good <unk>"]
    assert names_of([2, 3], vocabulary, None) == ["not", "good"]
