import resource
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnlab.data import splits, token_file
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
@given(
    many_texts,
    st.integers(1, 5),
    st.randoms(use_true_random=False),
    st.sampled_from(["none", "start", "middle", "end"]),
)
def test_batches_hold_every_text_once_in_order(
    texts: list[list[int]], batch_size: int, random: object, where: str
) -> None:
    order = np.array(random.sample(range(len(texts)), len(texts)))  # type: ignore[attr-defined]
    split = split_of(texts).insert(where, [NEWNEG, NEWPOS])  # type: ignore[arg-type]
    texts = texts_of(split)
    assert split.lengths.tolist() == [len(text) for text in texts]
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


def test_what_was_inserted_stays_where_it_is_when_more_is_inserted() -> None:
    split = split_of(TEXTS).insert("start", [NEWNEG, NEWPOS]).insert("end", [NEWNEG, NEWPOS])
    assert texts_of(split) == [[98, 1, 2, 3, 4, 5, 98], [99, 6, 99], [98, 7, 8, 9, 10, 98], [99, 11, 12, 99]]


def test_the_share_of_words_is_that_of_all_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splits, "TOKENS", 5)
    assert split_of(TEXTS).share(np.arange(13) > 9) == 3 / 12


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[TextSplit]:
    """20,000 texts, 40 MB of ids: each is its number, again and again."""
    with (tmp_path / "ids").open("w+b") as file:
        np.repeat(np.arange(20_000, dtype=np.int32), 500).tofile(file)
        file.seek(0)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(token_file, "SMALL", 0)
            ids = token_file.open_ids(file, 20_000 * 500)
    yield TextSplit(ids, np.arange(20_001) * 500, np.arange(20_000) % 2)


def test_ids_of_a_large_file_are_read_as_those_of_an_array_are(stored: TextSplit) -> None:
    assert isinstance(stored.ids, token_file.StoredIds) and len(stored.ids) == 20_000 * 500
    assert stored.text(7).tolist() == [7] * 500 == stored.take(np.array([7])).text(0).tolist()
    assert [len(stored.ids[span]) for span in (slice(5), slice(3, 3), slice(9, 4), slice(-2, None))] == [
        5,
        0,
        0,
        2,
    ]
    inserted = stored.insert("middle", [NEWNEG, NEWPOS])
    batch = next(inserted.batches(np.array([19_999, 3]), 2))
    assert batch.inputs.tolist() == [[number] * 250 + [99] + [number] * 250 for number in (19_999, 3)]
    assert stored.share(np.arange(20_000) < 5000) == 0.25


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="asks Linux for the memory in use")
def test_texts_of_a_large_file_do_not_stay_in_memory(stored: TextSplit) -> None:
    def in_memory() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

    before, total = in_memory(), 0
    for batch in stored.batches(np.random.default_rng(0).permutation(20_000), 500):
        total += int(batch.inputs[:, 0].sum())
    assert total == 20_000 * 19_999 // 2
    assert in_memory() - before < 15e6


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
