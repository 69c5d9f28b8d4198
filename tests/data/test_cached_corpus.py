"""Encoded texts of the cache are those that were written, or they are encoded anew and a note says so."""

import json
import os
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rnnlab.core.checksums import write_sums
from rnnlab.core.errors import InputError
from rnnlab.data import token_file
from rnnlab.data.chunks import Encoding
from rnnlab.data.corpus import Corpus, load_corpus
from rnnlab.tasks.base import untracked

TEXTS = "".join(f"{('spam', 'ham', 'eggs')[n % 3]}\tword{n % 7} and {n}\n" for n in range(30)) + "ham\tlast\n"


def load(folder: Path) -> Corpus:
    encoding = Encoding(tokenizer="whitespace", valid_fraction=0.2)
    cache = folder / "cache"
    return load_corpus({"train": folder / "train.tsv"}, encoding, cache=cache, track=untracked).keep()


def contents(corpus: Corpus) -> object:
    splits = {
        name: [getattr(split, part)[:].tolist() for part in ("ids", "offsets", "labels")]
        for name, split in corpus.splits.items()
    }
    return corpus.vocabulary.words, corpus.classes, splits


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "train.tsv").write_text(TEXTS)
    load(tmp_path)
    return tmp_path


def entry(folder: Path) -> Path:
    (found,) = (folder / "cache").iterdir()
    return found


@pytest.mark.slow
def test_one_flipped_bit_anywhere_is_noticed_and_mended(folder: Path) -> None:
    whole = contents(load(folder))
    assert load(folder).notes == []
    files = sorted(entry(folder).iterdir())
    assert {"corpus.json", "vocabulary.txt", "train.ids.npy", "valid.labels.npy"} < {
        file.name for file in files
    }
    rng, noted = random.Random(0), 0
    for number in range(480):
        path = files[number % len(files)]
        content = bytearray(path.read_bytes())
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        path.write_bytes(content)
        corpus = load(folder)
        assert contents(corpus) == whole
        noted += len(corpus.notes) == 1 and "the texts are encoded anew" in corpus.notes[0]
    assert noted == 480
    assert load(folder).notes == []


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def piped(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("harm", [cut_off, emptied, piped, Path.unlink])
def test_a_file_that_is_not_whole_is_made_anew(harm: Callable[[Path], None], folder: Path) -> None:
    whole = contents(load(folder))
    for name in sorted(path.name for path in entry(folder).iterdir()):
        harm(entry(folder) / name)
        corpus = load(folder)
        assert contents(corpus) == whole and len(corpus.notes) == 1, name
    assert load(folder).notes == []


def test_an_entry_with_right_sums_that_no_texts_come_to_is_made_anew(folder: Path) -> None:
    whole = contents(load(folder))
    for name, value in (("ids", 10**6), ("ids", -1), ("labels", 3), ("labels", -1), ("offsets", 1)):
        path = entry(folder) / f"train.{name}.npy"
        array = np.load(path)
        array[0] = value
        np.save(path, array)
        write_sums(entry(folder))
        corpus = load(folder)
        assert contents(corpus) == whole and len(corpus.notes) == 1
    for text in ("[" * 10**5, "{}", '{"splits": [[]], "classes": [], "notes": []}', "7"):
        (entry(folder) / "corpus.json").write_text(text)
        assert contents(load(folder)) == whole
    facts = json.loads((entry(folder) / "corpus.json").read_text())
    assert facts["splits"] == ["train", "valid"]


def test_something_else_in_the_place_of_an_entry_gives_way(folder: Path) -> None:
    whole, place = contents(load(folder)), entry(folder)
    for path in place.iterdir():
        path.unlink()
    place.rmdir()
    place.write_text("no folder")
    corpus = load(folder)
    assert contents(corpus) == whole and len(corpus.notes) == 1
    assert place.is_dir() and load(folder).notes == []


@pytest.mark.parametrize("number", [13, 28, 30])
def test_without_a_cache_that_can_be_written_texts_are_encoded_all_the_same(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "train.tsv").write_text(TEXTS)

    def refuse(path: Path, *arguments: object, **options: object) -> None:
        raise OSError(number, os.strerror(number), str(path))

    whole = contents(load(tmp_path))
    (tmp_path / "cache").rename(tmp_path / "before")
    monkeypatch.setattr(Path, "mkdir", refuse)
    corpus = load(tmp_path)
    assert contents(corpus) == whole
    (note,) = corpus.notes
    assert os.strerror(number) in note and "the next run has to encode the texts again" in note


def test_tokens_go_on_elsewhere_when_the_disk_of_the_cache_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "train.tsv").write_text(TEXTS)
    whole, write, calls = contents(load(tmp_path)), token_file.write_all, []

    def full_once(file: object, numbers: object) -> None:
        calls.append(file)
        if len(calls) == 1:
            raise OSError(28, os.strerror(28))
        write(file, numbers)  # type: ignore[arg-type]

    (tmp_path / "cache").rename(tmp_path / "before")
    monkeypatch.setattr(token_file, "write_all", full_once)
    assert contents(load(tmp_path)) == whole
    assert len(calls) > 1 and calls[0] is not calls[1]


def test_where_there_is_no_room_at_all_one_line_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "train.tsv").write_text(TEXTS)

    def full(file: object, numbers: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(token_file, "write_all", full)
    with pytest.raises(InputError, match="no place to keep the tokens of the texts in: No space left"):
        load(tmp_path)
    assert not (tmp_path / "cache").exists()
