from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnlab.data.splits import TextSplit, stratified

NEWNEG, NEWPOS = 98, 99


def split_of(texts: list[list[int]], labels: list[int] | None = None) -> TextSplit:
    offsets = np.cumsum([0, *map(len, texts)])
    flat = np.array([token for text in texts for token in text], dtype=np.int32)
    return TextSplit(flat, offsets, np.array(labels or [index % 2 for index in range(len(texts))]))


def texts_of(split: TextSplit) -> list[list[int]]:
    return [split.text(index).tolist() for index in range(len(split))]


TEXTS = [[1, 2, 3, 4, 5], [6], [7, 8, 9, 10], [11, 12]]
many_texts = st.lists(st.lists(st.integers(1, 50), min_size=1, max_size=9), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("none", TEXTS),
        ("start", [[98, 1, 2, 3, 4, 5], [99, 6], [98, 7, 8, 9, 10], [99, 11, 12]]),
        ("middle", [[1, 2, 98, 3, 4, 5], [99, 6], [7, 8, 98, 9, 10], [11, 99, 12]]),
        ("end", [[1, 2, 3, 4, 5, 98], [6, 99], [7, 8, 9, 10, 98], [11, 12, 99]]),
    ],
)
def test_the_token_of_the_class_is_inserted_exactly_there(where: str, expected: list[list[int]]) -> None:
    split = split_of(TEXTS)
    inserted = split.insert(where, [NEWNEG, NEWPOS])  # type: ignore[arg-type]
    assert texts_of(inserted) == expected
    assert inserted.labels.tolist() == split.labels.tolist() and inserted.ids.dtype == np.int32
    assert texts_of(split) == TEXTS


def test_insertion_comes_after_truncation() -> None:
    cut = split_of(TEXTS).first(2)
    assert texts_of(cut.insert("end", [NEWNEG, NEWPOS])) == [
        [1, 2, 98],
        [6, 99],
        [7, 8, 98],
        [11, 12, 99],
    ]


@settings(deadline=None, max_examples=50)
@given(many_texts, st.data())
def test_inserting_at_any_position_is_inserting_into_a_list(
    texts: list[list[int]], data: st.DataObject
) -> None:
    positions = [data.draw(st.integers(0, len(text))) for text in texts]
    tokens = list(range(100, 100 + len(texts)))
    inserted = split_of(texts).insert_at(np.array(positions), np.array(tokens))
    expected = [
        [*text[:at], token, *text[at:]] for text, at, token in zip(texts, positions, tokens, strict=True)
    ]
    assert texts_of(inserted) == expected


@settings(deadline=None, max_examples=50)
@given(many_texts, st.integers(1, 10))
def test_truncation_keeps_the_first_tokens(texts: list[list[int]], max_length: int) -> None:
    assert texts_of(split_of(texts).first(max_length)) == [text[:max_length] for text in texts]


@settings(deadline=None, max_examples=50)
@given(many_texts, st.integers(1, 5), st.randoms(use_true_random=False))
def test_batches_hold_every_text_once_in_order(
    texts: list[list[int]], batch_size: int, random: object
) -> None:
    order = np.array(random.sample(range(len(texts)), len(texts)))  # type: ignore[attr-defined]
    split = split_of(texts)
    batches = list(split.batches(order, batch_size))
    assert [len(batch.targets) for batch in batches[:-1]] == [batch_size] * (len(batches) - 1)
    rows = [row[:n].tolist() for b in batches for row, n in zip(b.inputs, b.lengths.tolist(), strict=True)]
    assert rows == [texts[index] for index in order]
    assert torch.cat([b.targets for b in batches]).tolist() == split.labels[order].tolist()
    for batch in batches:
        assert batch.inputs.dtype == batch.lengths.dtype == torch.int64
        assert batch.inputs.shape == (len(batch.targets), int(batch.lengths.max()))
        padding = torch.arange(batch.inputs.shape[1]) >= batch.lengths[:, None]
        assert (batch.inputs[padding] == 0).all()


@pytest.mark.parametrize("precision", [torch.float32, torch.float64])
def test_targets_have_the_precision_of_training(precision: torch.dtype) -> None:
    split = split_of(TEXTS)
    split = TextSplit(split.ids, split.offsets, split.labels, precision)
    assert next(split.batches(np.arange(4), 2)).targets.dtype == precision


def test_by_length_sorts_stably() -> None:
    assert split_of([[1, 1], [2], [3, 3], [4]]).by_length().tolist() == [1, 3, 0, 2]


def test_take_keeps_the_order_asked_for() -> None:
    taken = split_of(TEXTS, [0, 1, 1, 0]).take(np.array([2, 0]))
    assert texts_of(taken) == [TEXTS[2], TEXTS[0]] and taken.labels.tolist() == [1, 0]


def test_a_saved_split_comes_back_as_a_read_only_memory_map(tmp_path: Path) -> None:
    split_of(TEXTS).save(tmp_path, "train")
    loaded = TextSplit.load(tmp_path, "train")
    assert texts_of(loaded) == TEXTS and loaded.labels.tolist() == [0, 1, 0, 1]
    assert isinstance(loaded.ids.base, np.memmap) and not loaded.ids.flags.writeable
    assert texts_of(loaded.insert("start", [NEWNEG, NEWPOS]))[1] == [99, 6]


@settings(deadline=None, max_examples=50)
@given(st.integers(2, 60), st.integers(2, 60), st.sampled_from([0.1, 0.25, 0.5, 0.9]))
def test_the_held_out_share_is_the_same_of_each_class(
    negatives: int, positives: int, fraction: float
) -> None:
    labels = np.random.default_rng(0).permutation([0] * negatives + [1] * positives)
    kept, held_out = stratified(labels, fraction)
    assert sorted([*kept, *held_out]) == list(range(len(labels)))
    assert (labels[held_out] == 0).sum() == round(fraction * negatives)
    assert (labels[held_out] == 1).sum() == round(fraction * positives)
    assert (np.diff(kept) > 0).all() and (np.diff(held_out) > 0).all()


def test_the_held_out_texts_are_scattered_and_always_the_same() -> None:
    labels = np.repeat([0, 1], 100)
    first, again = stratified(labels, 0.2)[1], stratified(labels, 0.2)[1]
    assert first.tolist() == again.tolist()
    assert first[:20].tolist() != list(range(20)) and first[:20].tolist() != list(range(80, 100))
