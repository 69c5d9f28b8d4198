"""What a file may unpack to, how long a line may be, and what a line may cost in memory."""

import gzip
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rnnlab.core import memory
from rnnlab.core.errors import InputError
from rnnlab.data import open_file
from rnnlab.data.check import check_files
from rnnlab.data.open_file import MIB
from rnnlab.data.readers import read_examples, survey
from rnnlab.data.running_text import read_text
from rnnlab.data.sequences import read_sequences
from rnnlab.data.series import read_series
from rnnlab.data.tagged import read_tagged
from rnnlab.data.vectors import load_vectors

pytestmark = pytest.mark.unchecked_types  # which take longer than what is measured here

READERS: dict[str, Callable[[Path], object]] = {
    "texts.tsv.gz": read_examples,
    "texts.csv.gz": read_examples,
    "series.csv.gz": read_series,
    "text.txt.gz": read_text,
    "tags.tsv.gz": read_tagged,
    "vectors.txt.gz": lambda path: load_vectors(path, ["a"], embedding_dim=None),
}


@pytest.mark.parametrize("name", READERS)
def test_a_few_bytes_that_unpack_to_many_are_told_in_one_line(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_file, "UNCHECKED", MIB // 4)
    path = tmp_path / name
    lines = {"texts.csv": b"text,label\n" + b"a,b\n" * 10**5, "series.csv": b"a\n" + b"1\n" * 2 * 10**5}
    line = lines.get(name.removesuffix(".gz"), b"pos\t1\n" * 10**5)
    path.write_bytes(gzip.compress(b"a 1\n" * 10**5 if "vectors" in name else line))
    size = path.stat().st_size
    message = (
        rf"{name}: unpacks to more than 100 times its {size:,} bytes; if that is meant, unpack it with gunz"
    )
    with pytest.raises(InputError, match=message):
        READERS[name](path)


def test_no_file_unpacks_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_file, "LARGEST", 10_000)
    text = "".join(map(str, np.random.default_rng(0).integers(10**9, size=5_000)))
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(text.encode()))
    with pytest.raises(InputError, match=r"a\.txt\.gz: unpacks to more than 0 GiB"):
        read_text(tmp_path / "a.txt.gz")


def test_arrays_that_unpack_to_many_times_their_file_are_told_before_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "zeros.npz"
    np.savez_compressed(path, x=np.zeros((1000, 3000)), y=np.zeros(1000))
    with pytest.raises(InputError, match=r"zeros\.npz: unpacks to more than 100 times .* np\.savez"):
        read_sequences(path, "numbers")


@pytest.mark.parametrize("name", ["texts.tsv", "texts.csv", "series.csv", "tags.tsv", "vectors.txt"])
def test_a_line_without_an_end_is_told(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_file, "LONGEST_LINE", MIB)
    path = tmp_path / name
    start = {"texts.csv": b"text,label\n", "series.csv": b"a\n", "vectors.txt": b"a 1\n"}.get(
        name, b"pos\ta\n"
    )
    path.write_bytes(start + b"a" * 3 * MIB)
    with pytest.raises(InputError, match=rf"{name}, line 2: is longer than 1 MiB"):
        READERS[f"{name}.gz"](path)


def test_a_text_that_memory_cannot_hold_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "memory_limit", lambda: 3_000)
    (tmp_path / "text.txt").write_text("word " * 200)
    with pytest.raises(InputError, match=r"text\.txt: its text, all at once, would need at least 3\.9 KiB"):
        read_text(tmp_path / "text.txt")


def test_a_text_may_be_one_long_line(tmp_path: Path) -> None:
    (tmp_path / "text8.txt").write_bytes(b"word " * 5 * MIB)
    assert len(read_text(tmp_path / "text8.txt")) == 25 * MIB


def peak(read: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        read()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


LINES = {
    "short": "pos\ta\nneg\tb\n",
    "empty": "pos\t\nneg\t\n",
    "bad": "pos\nneg\n",
    "blank": "\n \n",
}


@pytest.mark.parametrize("kind", LINES)
def test_a_line_costs_some_bytes_whatever_is_in_it(kind: str, tmp_path: Path) -> None:
    peaks = []
    for number in (2_000, 22_000):
        path = tmp_path / f"{number}.tsv"
        path.write_text(LINES[kind] * number)
        peaks.append(peak(lambda path=path: survey(path)))  # type: ignore[misc]
    assert (peaks[1] - peaks[0]) / 40_000 < 20


def test_a_file_of_nothing_but_bad_lines_is_told_of_in_a_thousand_lines(tmp_path: Path) -> None:
    path = tmp_path / "bad.tsv"
    path.write_text("pos\n" * 5_000)
    (split,) = check_files([path], vectors=None, tokenizer="whitespace", strip_html=True).splits
    assert split.bad == 5_000 and len(split.errors) == 1_000


def test_labels_without_end_are_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "labels.tsv"
    path.write_text("".join(f"label{n}\ta\n" for n in range(100_001)))
    with pytest.raises(InputError, match="line 100001: more than 100,000 labels; expected a few"):
        read_examples(path)
