"""Texts cut into tokens in chunks, here and in other processes, are what they are one by one."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnlab.core.errors import RnnlabError
from rnnlab.data import chunks, processes
from rnnlab.data.chunks import Chunk, ChunkEncoder, Encoding, in_chunks
from rnnlab.data.processes import ParallelEncoder
from rnnlab.data.splits import TextSplit
from rnnlab.data.tokenizers import Keep
from rnnlab.tasks.base import DataSettings
from rnnlab.tasks.classification import Classification

PLAIN = Encoding(tokenizer="wordpunct")


def words_of(chunk: Chunk) -> list[list[str]]:
    """The words of every text of a chunk."""
    ends = chunk.lengths.cumsum()
    return [[chunk.words[i] for i in ids] for ids in np.split(chunk.ids, ends[:-1])]


def one_by_one(texts: list[str], encoding: Encoding) -> list[list[str]]:
    return [words[: encoding.max_length] for words in encoding.make_tokenizer().tokenize(texts)]


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.lists(st.text("ab ,'<>", max_size=20), min_size=1, max_size=5), min_size=1, max_size=4),
    st.none() | st.integers(1, 4),
    st.booleans(),
)
def test_chunk_after_chunk_has_the_words_of_its_texts(
    lists: list[list[str]], max_length: int | None, forgets: bool
) -> None:
    encoding = Encoding(tokenizer="wordpunct", max_length=max_length)
    encoder = ChunkEncoder(encoding)
    with pytest.MonkeyPatch.context() as patch:
        if forgets:
            patch.setattr(chunks, "REMEMBERED", 0)
        for texts in lists:
            chunk = encoder.encode(texts)
            assert words_of(chunk) == one_by_one(texts, encoding)
            assert sorted(set(chunk.ids.tolist())) == list(range(len(chunk.words)))
            assert len(set(chunk.words)) == len(chunk.words)


def test_a_chunk_ends_with_the_text_that_fills_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "CHARACTERS", 4)
    assert list(in_chunks(["ab", "", "cd", "efghij", "k"])) == [["ab", "", "cd"], ["efghij"], ["k"]]
    assert list(in_chunks([])) == []


@pytest.fixture
def tiny_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few characters a chunk that a few texts are many."""
    monkeypatch.setattr(chunks, "CHARACTERS", 50)


TEXTS = [f"Text {n} of many: it isn't long, <b>word{n % 7}</b>" for n in range(100)]


@pytest.mark.parametrize("tokenizer", ["spacy", "wordpunct"])
def test_processes_give_what_one_gives_in_the_same_order(tokenizer: str, tiny_chunks: None) -> None:
    encoding = Encoding(tokenizer=tokenizer, max_length=9)  # type: ignore[arg-type]
    with ParallelEncoder(encoding, processes=2) as encoder:
        # Twice: the processes are there for the next file as well.
        found = [[words for chunk in encoder.encode(TEXTS) for words in words_of(chunk)] for _ in range(2)]
        assert encoder._pool is not None
        running = [process.poll() for process in encoder._pool._processes]
        children = encoder._pool._processes
    assert found == [one_by_one(TEXTS, encoding)] * 2
    assert running == [None, None] and all(process.returncode is not None for process in children)


def test_few_texts_start_no_process() -> None:
    with ParallelEncoder(PLAIN, processes=2) as encoder:
        (chunk,) = encoder.encode(TEXTS)
        assert encoder._pool is None
    assert words_of(chunk) == one_by_one(TEXTS, PLAIN)


def test_a_process_that_dies_is_told_in_one_line(tiny_chunks: None) -> None:
    with ParallelEncoder(PLAIN, processes=2) as encoder:
        encoded = encoder.encode(TEXTS)
        next(encoded)
        assert encoder._pool is not None
        for process in encoder._pool._processes:
            process.kill()
        with pytest.raises(RnnlabError, match=r"^a process that cuts texts .* \(exit code -9\); was there"):
            list(encoded)


def test_what_reads_the_texts_may_fail_while_processes_work(tiny_chunks: None) -> None:
    def texts() -> object:
        yield from TEXTS
        raise RnnlabError("broken off")

    with pytest.raises(RnnlabError, match="broken off"), ParallelEncoder(PLAIN, processes=2) as encoder:
        list(encoder.encode(texts()))  # type: ignore[arg-type]
    assert encoder._pool is not None
    assert all(process.returncode is not None for process in encoder._pool._processes)


def test_a_script_without_a_guard_is_not_run_again(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "print('begins')\n"
        "from rnnlab.data import chunks, processes\n"
        "chunks.CHARACTERS = 50\n"
        "encoding = chunks.Encoding(tokenizer='whitespace')\n"
        "with processes.ParallelEncoder(encoding, processes=2) as encoder:\n"
        "    found = list(encoder.encode(['a few words that are to be cut into tokens'] * 100))\n"
        "print(sum(len(chunk.ids) for chunk in found))\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=100)
    assert (done.stdout, done.stderr, done.returncode) == ("begins\n1000\n", "", 0)


def test_a_process_loads_no_torch() -> None:
    program = (
        "import sys, io, pickle\n"
        "from rnnlab.data.chunks import Encoding\n"
        "from rnnlab.data.processes import encode_what_comes\n"
        "given = io.BytesIO(pickle.dumps(Encoding()) + pickle.dumps(['It is']))\n"
        "sys.stdin = io.TextIOWrapper(given)\n"
        "encode_what_comes()\n"
        "print('spacy' in sys.modules, sys.modules['torch'], file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=False, timeout=100)
    assert done.stderr == b"True None\n" and done.returncode == 0


def test_one_of_several_processes_starts_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    assert processes.cores() >= 1
    monkeypatch.setattr("rnnlab.core.workers.parent_process", lambda: object())
    assert processes.cores() == 1


@pytest.mark.parametrize(("keep", "words"), [("last", "d e"), ("both", "a e"), ("first", "a b")])
def test_of_a_long_text_a_chunk_a_run_and_a_typed_text_keep_the_same_tokens(
    keep: Keep, words: str, tmp_path: Path
) -> None:
    settings = {"tokenizer": "whitespace", "max_length": 2, "keep": keep}
    chunk = ChunkEncoder(Encoding(**settings)).encode(["a b c d e", "f"])  # type: ignore[arg-type]
    assert words_of(chunk) == [words.split(), ["f"]]
    (tmp_path / "train.tsv").write_text("pos\ta b c d e\nneg\tf\n")
    data = DataSettings({"train": tmp_path / "train.tsv"}, 1, torch.float32, **settings)  # type: ignore[arg-type]
    task_data = Classification().load(data)
    assert task_data.vocabulary is not None and isinstance(task_data.train, TextSplit)
    (typed,) = Classification().text_encoder(task_data.vocabulary, data).encode(["a b c d e"])
    assert typed.tokens == words.split() and typed.text == "a b c d e"
    assert typed.ids.tolist() == task_data.train.text(0).tolist()
