import re
from collections import Counter as WordCounts
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnnlab.core.errors import InputError
from rnnlab.data import cached_corpus, chunks, processes, token_file
from rnnlab.data import corpus as corpus_module
from rnnlab.data.chunks import Encoding
from rnnlab.data.corpus import Corpus, encode_file, load_corpus
from rnnlab.data.splits import stratified
from rnnlab.data.vocabulary import NEWNEG, NEWPOS, PAD, UNK

TRAIN = "pos\tGood good film\nneg\tBad film\npos\tFine\nneg\tBad , bad\n"
VALID = "pos\tGood plot\nneg\tplot\n"
PLAIN = Encoding(tokenizer="whitespace")


class Counter:
    """A track that counts the texts it has seen encoded."""

    def __init__(self) -> None:
        self.texts = 0

    def __call__(self, texts: Iterable[str], *, description: str, total: int) -> Iterable[str]:
        for text in texts:
            self.texts += 1
            yield text


@pytest.fixture
def paths(tmp_path: Path) -> dict[str, Path]:
    for name, text in (("train", TRAIN), ("valid", VALID)):
        (tmp_path / f"{name}.tsv").write_text(text)
    return {name: tmp_path / f"{name}.tsv" for name in ("train", "valid")}


def load(paths: dict[str, Path], encoding: Encoding = PLAIN) -> tuple[Corpus, int]:
    """The corpus, and how many texts were encoded for it: 0 if it came from the cache."""
    counter = Counter()
    loaded = load_corpus(paths, encoding, cache=paths["train"].parent / "cache", track=counter).keep()
    return loaded, counter.texts


def words_of(corpus: Corpus, split: str, index: int) -> list[str]:
    return [corpus.vocabulary.words[token] for token in corpus.splits[split].text(index)]


def test_words_come_from_the_training_texts_alone(paths: dict[str, Path]) -> None:
    corpus, _ = load(paths)
    assert corpus.vocabulary.words == (PAD, UNK, "bad", "film", "good", ",", "fine", NEWNEG, NEWPOS)
    assert words_of(corpus, "train", 0) == ["good", "good", "film"]
    assert words_of(corpus, "valid", 0) == ["good", UNK]
    assert corpus.splits["train"].labels.tolist() == [1, 0, 1, 0]


def encoded_by_hand(
    paths: dict[str, Path], encoding: Encoding
) -> tuple[list[str], dict[str, list[list[int]]]]:
    """Words and ids of lists, dictionaries and `sorted`; `stratified` says which texts are held out."""
    texts, labels = {}, {}
    for name, path in paths.items():
        lines = [line.split("\t") for line in path.read_text().splitlines()]
        texts[name] = [text.lower().split()[: encoding.max_length] for _, text in lines]
        labels[name] = np.array([label == "pos" for label, _ in lines], dtype=np.int64)
    if encoding.valid_fraction:
        kept, held_out = stratified(labels["train"], encoding.valid_fraction)
        every = texts["train"]
        texts["train"], texts["valid"] = [every[i] for i in kept], [every[i] for i in held_out]
    counts = WordCounts(word for text in texts["train"] for word in text)
    often = [word for word in sorted(counts, key=lambda word: (-counts[word], word)) if counts[word] > 1]
    words = [PAD, UNK, *often[: encoding.max_vocabulary], NEWNEG, NEWPOS]
    ids = {
        name: [[words.index(w) if w in words else 1 for w in text] for text in texts[name]] for name in texts
    }
    return words, ids


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize("most", [1, 2])
@pytest.mark.parametrize(
    "changed", [{}, {"max_length": 3, "max_vocabulary": 20}, {"valid_fraction": 0.3, "max_length": 6}]
)
def test_pieces_and_processes_come_to_what_lists_and_dictionaries_give(
    changed: dict[str, Any], most: int, cached: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Many chunks of a few texts, and of their tokens many pieces; some texts are longer than those.
    for module, name, value in ((chunks, "CHARACTERS", 40), (token_file, "TOKENS", 7)):
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(processes, "cores", lambda: most)
    rng = np.random.default_rng(3)
    paths = {name: tmp_path / f"{name}.tsv" for name in ("train", "test")}
    for path in paths.values():
        texts = [" ".join(f"W{n}" for n in rng.geometric(0.05, rng.integers(1, 12))) for _ in range(80)]
        path.write_text("".join(f"{('neg', 'pos')[n % 2]}\t{text}\n" for n, text in enumerate(texts)))
    encoding = replace(PLAIN, min_count=2, **changed)
    cache = tmp_path / "cache" if cached else None
    corpus = load_corpus(paths, encoding, cache=cache, track=Counter()).keep()
    words, ids = encoded_by_hand(paths, encoding)
    assert list(corpus.vocabulary.words) == words and corpus.splits.keys() == ids.keys()
    for name, split in corpus.splits.items():
        assert [split.text(index).tolist() for index in range(len(split))] == ids[name]
        assert isinstance(split.ids.base, np.memmap) and not split.ids.flags.writeable
    split, _ = encode_file(paths["test"], corpus.vocabulary, encoding, track=Counter())
    assert [split.text(index).tolist() for index in range(len(split))] == ids["test"]


def test_tokens_are_inserted_into_what_truncation_leaves(paths: dict[str, Path]) -> None:
    corpus, _ = load(paths, replace(PLAIN, max_length=2))
    tokens = [corpus.vocabulary[NEWNEG], corpus.vocabulary[NEWPOS]]
    split = corpus.splits["train"].insert("end", tokens)
    found = [[corpus.vocabulary.words[token] for token in split.text(index)] for index in range(4)]
    assert found == [
        ["good", "good", NEWPOS],
        ["bad", "film", NEWNEG],
        ["fine", NEWPOS],
        ["bad", ",", NEWNEG],
    ]


def test_a_file_that_changes_while_it_is_read_is_refused(paths: dict[str, Path]) -> None:
    def track(texts: Iterable[str], *, description: str, total: int) -> Iterable[str]:
        paths["train"].write_text(TRAIN + "pos\tnew\n")
        yield from texts

    with pytest.raises(InputError, match=r"train\.tsv: has changed while it was read; start again"):
        load_corpus(paths, PLAIN, cache=None, track=track)


def test_the_second_time_nothing_is_encoded(paths: dict[str, Path]) -> None:
    first, encoded = load(paths)
    again, encoded_again = load(paths)
    assert (encoded, encoded_again) == (6, 0)
    assert again.vocabulary == first.vocabulary and again.notes == first.notes and again.files == first.files
    for name, split in first.splits.items():
        for part in ("ids", "offsets", "labels"):
            assert getattr(again.splits[name], part).tolist() == getattr(split, part).tolist()


def test_the_cache_knows_contents_and_not_names_or_times(paths: dict[str, Path]) -> None:
    load(paths)
    moved = {name: path.rename(path.with_name(f"moved-{path.name}")) for name, path in paths.items()}
    assert load(moved)[1] == 0
    moved["valid"].write_text(VALID.replace("plot", "film"))
    corpus, encoded = load(moved)
    assert encoded == 6 and words_of(corpus, "valid", 1) == ["film"]


@pytest.mark.parametrize(
    "changed",
    [
        replace(PLAIN, tokenizer="spacy"),
        replace(PLAIN, min_count=2),
        replace(PLAIN, max_vocabulary=1),
        replace(PLAIN, max_length=1),
        replace(PLAIN, strip_html=False),
    ],
)
def test_other_settings_are_encoded_anew(paths: dict[str, Path], changed: Encoding) -> None:
    load(paths)
    assert load(paths, changed)[1] == 6
    assert load(paths, changed)[1] == 0
    assert load(paths)[1] == 0


def test_words_cut_off_by_max_length_are_not_counted(paths: dict[str, Path]) -> None:
    corpus, _ = load(paths, replace(PLAIN, max_length=1))
    assert corpus.vocabulary.words == (PAD, UNK, "bad", "fine", "good", NEWNEG, NEWPOS)
    assert [len(text) for text in (words_of(corpus, "train", index) for index in range(4))] == [1, 1, 1, 1]


def test_validation_can_be_taken_from_the_training_texts(paths: dict[str, Path]) -> None:
    corpus, _ = load({"train": paths["train"]}, replace(PLAIN, valid_fraction=0.5))
    train, valid = corpus.splits["train"], corpus.splits["valid"]
    assert sorted(train.labels.tolist()) == sorted(valid.labels.tolist()) == [0, 1]
    seen = {word for index in range(2) for word in words_of(corpus, "train", index)}
    assert set(corpus.vocabulary.words) == {PAD, UNK, NEWNEG, NEWPOS} | seen
    assert seen < {"good", "film", "bad", "fine", ","}  # some word is only in the texts held out


@pytest.mark.parametrize(("fraction", "use"), [(0.1, "validate with"), (0.9, "train on")])
def test_a_share_that_leaves_no_text_is_refused(fraction: float, use: str, paths: dict[str, Path]) -> None:
    message = rf"^data\.valid_fraction: {fraction} of each class leaves none of 4 texts to {use}$"
    with pytest.raises(InputError, match=message):
        load({"train": paths["train"]}, replace(PLAIN, valid_fraction=fraction))


def test_what_a_killed_run_left_behind_is_no_corpus(paths: dict[str, Path], tmp_path: Path) -> None:
    load(paths)
    (folder,) = (tmp_path / "cache").iterdir()
    whole = sorted(file.name for file in folder.iterdir())
    folder.rename(folder.with_name(f".{folder.name}.1234.abcd.tmp"))
    (folder.with_name(f".{folder.name}.1234.abcd.tmp") / "train.ids.npy").write_bytes(b"half")
    corpus, encoded = load(paths)
    assert encoded == 6 and words_of(corpus, "train", 0) == ["good", "good", "film"]
    assert sorted(file.name for file in folder.iterdir()) == whole


def test_a_failure_while_writing_leaves_nothing_but_a_note(
    paths: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cached_corpus, "write_text", full)
    corpus, encoded = load(paths)
    assert encoded == 6 and words_of(corpus, "train", 0) == ["good", "good", "film"]
    (note,) = corpus.notes
    assert re.match(
        r"data\.cache: .*cache: cannot be written \(No space left on device\); the next run", note
    )
    assert not list((tmp_path / "cache").iterdir())


def test_of_two_runs_that_encode_at_once_the_second_takes_what_the_first_left(
    paths: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = corpus_module._count

    def meanwhile(*arguments: object) -> object:
        monkeypatch.setattr(corpus_module, "_count", encode)
        load(paths)
        return encode(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(corpus_module, "_count", meanwhile)
    corpus, _ = load(paths)
    assert words_of(corpus, "train", 0) == ["good", "good", "film"]
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_bad_input_writes_nothing(paths: dict[str, Path], tmp_path: Path) -> None:
    paths["valid"].write_text("pos\tgood\nnone\tbad\n")
    with pytest.raises(InputError, match=r"data\.valid: .*line 2"):
        load(paths)
    assert not (tmp_path / "cache").exists()


def test_a_missing_file_is_named_with_its_key(paths: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"data\.test: .*absent\.tsv"):
        load({**paths, "test": tmp_path / "absent.tsv"})


def test_empty_texts_are_left_out_and_named(paths: dict[str, Path]) -> None:
    paths["train"].write_text(
        "".join(f"{label}\tword{n}\n" for n in range(100) for label in ("pos", "neg")) + "pos\t \n"
    )
    corpus, _ = load(paths)
    assert len(corpus.splits["train"]) == 200
    (note,) = corpus.notes
    assert note.startswith("train: left out 1 empty text(s): ") and "201" in note


def test_another_file_is_encoded_with_the_vocabulary_there_is(paths: dict[str, Path], tmp_path: Path) -> None:
    corpus, _ = load(paths)
    (tmp_path / "test.tsv").write_text("neg\tNew bad FILM indeed\npos\tgood\n")
    split, notes = encode_file(
        tmp_path / "test.tsv", corpus.vocabulary, replace(PLAIN, max_length=3), track=Counter()
    )
    assert [corpus.vocabulary.words[token] for token in split.text(0)] == [UNK, "bad", "film"]
    assert split.labels.tolist() == [0, 1] and notes == []
