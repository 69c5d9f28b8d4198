"""Bad input to tagging, language and series ends in one clear line and exit code 2; nothing is written."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.test_bad_input import assert_one_line, files_in
from tests.cli.texts_to_train_on import write_series, write_tagged, write_text
from tests.conftest import Outcome

MAKE = {"tagging": write_tagged, "language": write_text, "series": write_series}


@pytest.fixture
def refused(call: Callable[..., Outcome], tmp_path: Path) -> Callable[..., None]:
    """Asserts that a training of a task with further words is refused in one line, without a trace."""

    def check(task: str, words: list[str], parts: list[str], bad: bytes | None = None) -> None:
        given = MAKE[task](tmp_path)
        if bad is not None:
            (tmp_path / "bad.csv").write_bytes(bad)
        before = files_in(tmp_path)
        outcome = call("train", *given, *words)
        assert outcome.out == ""
        assert_one_line(outcome, *parts)
        assert files_in(tmp_path) == before

    return check


SETTINGS = {
    "tagging, marked": ("tagging", ["insert=start"], ["insert", "task=tagging", "none", "'start'"]),
    "tagging, bag of words": ("tagging", ["~model.hidden_size", "model=boe"], ["model", "BoE", "every step"]),
    "tagging, rare above 1": ("tagging", ["task.rare=1.5"], ["task.rare", "1", "1.5"]),
    "tagging, rare a word": ("tagging", ["task.rare=often"], ["task.rare", "number", "'often'"]),
    "tagging, words as tags": ("tagging", ["task.column=1"], ["task.column", "2", "1"]),
    "tagging, no such column": ("tagging", ["task.column=4"], ["train.tsv, line 1", "4 columns"]),
    "tagging, unknown": ("tagging", ["task.unknown=shapes"], ["task.unknown", "'shape'", "'shapes'"]),
    "tagging, no such key": ("tagging", ["task.colum=2"], ["task.colum", "'column'"]),
    "tagging, steps": ("tagging", ["training.steps=5"], ["training.steps", "task=tagging", "epochs", "5"]),
    "tagging, validate_every": (
        "tagging",
        ["training.validate_every=5"],
        ["training.validate_every", "epochs"],
    ),
    "tagging, no epochs": ("tagging", ["training.epochs=null"], ["training.epochs", "a value is needed"]),
    "tagging, html": ("tagging", ["data.strip_html=false"], ["data.strip_html", "task=tagging", "no use"]),
    "tagging, fraction": (
        "tagging",
        ["data.valid_fraction=0.1"],
        ["data.valid_fraction", "task=tagging", "no use"],
    ),
    "tagging, monitor": ("tagging", ["training.monitor=valid_perplexity"], ["training.monitor", "valid_acc"]),
    "tagging, missing file": ("tagging", ["data.train=trian.tsv"], ["trian.tsv", "no such", "'train.tsv'"]),
    "tagging, missing test file": ("tagging", ["data.test=tset.tsv"], ["tset.tsv", "no such", "'test.tsv'"]),
    "language, backwards": (
        "language",
        ["model=bilstm", "model.head_size=null"],
        ["model", "task=language", "bidirectional"],
    ),
    "language, html": ("language", ["data.strip_html=false"], ["data.strip_html", "task=language", "no use"]),
    "language, min_count": ("language", ["data.min_count=2"], ["data.min_count", "task=language", "no use"]),
    "language, steps": ("language", ["training.steps=5"], ["training.steps", "task=language", "epochs"]),
    "language, marked": ("language", ["insert=end"], ["insert", "task=language"]),
    "language, bag of words": (
        "language",
        ["~model.hidden_size", "model=boe"],
        ["model", "BoE", "every step"],
    ),
    "language, no window": ("language", ["task.window=0"], ["task.window", "greater than 0", "0"]),
    "language, all held out": ("language", ["task.held_out=1.0"], ["task.held_out", "less than 1", "1.0"]),
    "language, unit": ("language", ["task.token=letter"], ["task.token", "'character'", "'letter'"]),
    "language, window too long": (
        "language",
        ["task.window=99999"],
        ["text.txt", "characters", "task.window=99999"],
    ),
    "language, held-out part too short": (
        "language",
        ["task.held_out=0.001"],
        ["text.txt", "data.valid", "task.window=20"],
    ),
    "language, list for characters": (
        "language",
        ["task.word_list=text.txt"],
        ["task.word_list", "task.token=word"],
    ),
    "language, missing list": (
        "language",
        ["task.token=word", "task.stop_words=txt.txt"],
        ["txt.txt", "no such", "'text.txt'"],
    ),
    "language, nothing left": (
        "language",
        ["task.token=word", "task.word_list=list.txt"],
        ["text.txt", "0 words"],
    ),
    "language, missing file": ("language", ["data.train=tex.txt"], ["tex.txt", "no such", "'text.txt'"]),
    "series, frozen": ("series", ["freeze=true"], ["freeze", "task=series", "no word vectors"]),
    "series, vectors": ("series", ["data.vectors=v.txt"], ["data.vectors", "task=series", "no use"]),
    "series, tokenizer": ("series", ["data.tokenizer=whitespace"], ["data.tokenizer", "task=series"]),
    "series, steps": ("series", ["training.steps=5"], ["training.steps", "task=series", "epochs"]),
    "series, accuracy": ("series", ["training.monitor=valid_acc"], ["training.monitor", "valid_loss"]),
    "series, unknown column": (
        "series",
        ["task.inputs=[wnd]", "task.targets=[rain]"],
        ["series.csv, line 1", "'wnd'", "'wind'"],
    ),
    "series, unknown target": ("series", ["task.targets=[rein]"], ["task.targets", "'rein'", "'rain'"]),
    "series, no columns": ("series", ["task.inputs=[]"], ["task.inputs", "at least 1"]),
    "series, column of a sine": (
        "series",
        ["data=generated", "data.train=null", "task.inputs=[wind]"],
        [
            "task.inputs",
            "'wind'",
            "sine",
        ],
    ),
    "series, no horizon": ("series", ["task.horizon=0"], ["task.horizon", "greater than 0", "0"]),
    "series, validation alone": (
        "series",
        ["data=generated", "data.train=null", "data.valid=series.csv"],
        ["data.train", "data.valid"],
    ),
    "series, window too long": ("series", ["task.window=50"], ["data.valid", "rows", "51"]),
    "series, rows too few": (
        "series",
        ["data=generated", "data.train=null", "task.rows=20", "task.window=18"],
        ["rows", "19"],
    ),
    "series, missing file": ("series", ["data.train=seris.csv"], ["seris.csv", "no such", "'series.csv'"]),
}


@pytest.mark.parametrize(("task", "words", "parts"), SETTINGS.values(), ids=SETTINGS.keys())
def test_a_wrong_setting_is_refused(
    task: str, words: list[str], parts: list[str], refused: Callable[..., None], tmp_path: Path
) -> None:
    (tmp_path / "list.txt").write_text("harpoon\n")
    refused(task, words, parts)


@pytest.mark.parametrize("task", ["tagging", "language"])
def test_a_bag_of_words_has_no_answer_at_every_step(
    task: str, call: Callable[..., Outcome], tmp_path: Path
) -> None:
    words = [word for word in MAKE[task](tmp_path) if not word.startswith("model.")]
    assert_one_line(call("train", *words, "model=boe"), "model.hidden_size", "no such key of BoE")


@pytest.mark.parametrize("task", ["tagging", "language"])
def test_without_training_data_nothing_begins(
    task: str, call: Callable[..., Outcome], tmp_path: Path
) -> None:
    for words in ([], ["data.train=null"], ["data=generated"]):
        outcome = call("train", f"task={task}", *words)
        assert_one_line(outcome, "data.train", "value")
    assert not files_in(tmp_path)


DATA = {
    "tagging, missing column": ("tagging", b"a\tX\ndog\n", ["bad.csv, line 2", "2 columns", "'dog'"]),
    "tagging, empty tag": ("tagging", b"a\tX\ndog\t\n", ["bad.csv, line 2", "a word and a tag"]),
    "tagging, empty word": ("tagging", b"a\tX\n\tX\n", ["bad.csv, line 2", "a word and a tag"]),
    "tagging, not UTF-8": ("tagging", b"a\tX\n\xe9\tX\n", ["bad.csv, line 2", "UTF-8", "0xe9"]),
    "tagging, no sentence": ("tagging", b"\n\n", ["bad.csv", "no sentence"]),
    "language, not UTF-8": ("language", b"a\nb\xe9\n", ["bad.csv, line 2", "UTF-8", "0xe9"]),
    "language, empty": ("language", b"", ["bad.csv", "0 characters"]),
    "language, binary": ("language", b"\x00\x01" * 99, ["bad.csv", "binary"]),
    "series, gap": ("series", b"a,b\n1,2\n,3\n", ["bad.csv, line 3, column 'a'", "empty cell"]),
    "series, text": ("series", b"a,b\n1,2\n1,x\n", ["bad.csv, line 3, column 'b'", "'x'"]),
    "series, infinite": ("series", b"a,b\n1,inf\n", ["bad.csv, line 2, column 'b'", "'inf'"]),
    "series, ragged": ("series", b"a,b\n1,2\n1\n", ["bad.csv, line 3", "line 1 has, 2", "found 1"]),
    "series, column twice": ("series", b"a,a\n1,2\n", ["bad.csv, line 1", "distinct", "'a,a'"]),
    "series, no rows": ("series", b"a,b\n", ["bad.csv", "no rows"]),
    "series, too short": ("series", b"a\n1\n2\n3\n", ["data.train", "2 rows", "6"]),
    "series, constant": ("series", b"a,b\n" + b"1,0.1\n2,0.1\n" * 20, ["data.train", "column b never"]),
    "series, not UTF-8": ("series", b"a\n1\n\xe9\n", ["bad.csv, line 3", "UTF-8"]),
}


@pytest.mark.parametrize(("task", "content", "parts"), DATA.values(), ids=DATA.keys())
def test_a_bad_file_is_refused(
    task: str, content: bytes, parts: list[str], refused: Callable[..., None]
) -> None:
    refused(task, ["data.train=bad.csv"], parts, content)


@pytest.mark.parametrize("task", ["tagging", "language"])
def test_bad_vectors_are_refused(task: str, refused: Callable[..., None]) -> None:
    words, parts = ["data.embedding_dim=null", "data.vectors=bad.csv"], ["bad.csv, line 2", "3 numbers"]
    refused(task, words, parts, b"the 1 2 3\na 1\n")
