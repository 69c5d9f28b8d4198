"""Bad input ends in one clear line on standard error and exit code 2, and nothing is written."""

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from rnnlab.core.errors import InputError
from tests.conftest import Command, Outcome

GOOD = [f"{label}\ta film {label} number {i}" for i in range(3) for label in ("pos", "neg")]
"""Lines of a file in which nothing is wrong; cases break one of them."""


def files_in(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def assert_one_line(outcome: Outcome, *parts: str, code: int = 2) -> None:
    assert outcome.code == code, outcome
    assert "Traceback" not in outcome.err
    assert outcome.err.startswith("error: ") and len(outcome.err.splitlines()) == 1, outcome.err
    for part in parts:
        assert part in outcome.err, f"{part!r} is not in {outcome.err!r}"


@pytest.fixture
def refused(call: Callable[..., Outcome], tiny: list[str], tmp_path: Path) -> Callable[..., None]:
    """Asserts that a training with further words is refused in one line with these parts, without a trace."""

    def check(words: list[str], *parts: str) -> None:
        before = files_in(tmp_path)
        outcome = call("train", *tiny, *words)
        assert outcome.out == ""
        assert_one_line(outcome, *parts)
        assert files_in(tmp_path) == before

    return check


SETTINGS = {
    "misspelt group": (["modle=lstm"], ["modle", "'model'"]),
    "misspelt choice": (["model=lsmt"], ["model=lsmt", "'lstm'"]),
    "task of another name": (["task=sentiment"], ["task=sentiment", "did you mean 'classification'?"]),
    "misspelt preset": (["experiment=course/ned"], ["experiment=course/ned", "'course/end'"]),
    "misspelt key": (["training.epocs=3"], ["training.epocs", "'epochs'"]),
    "misspelt key of a model": (["model=rnn", "model.hiden_size=3"], ["model.hiden_size", "'hidden_size'"]),
    "misspelt key of torch": (["optimizer.lrr=1"], ["optimizer.lrr", "'lr'"]),
    "misspelt value": (["insert=midle"], ["insert", "'middle'", "'midle'", "did you mean 'middle'?"]),
    "misspelt launcher": (
        ["-m", "seed=1,2", "hydra/launcher=basik"],
        ["hydra/launcher=basik", "no such launcher", "did you mean 'basic'?"],
    ),
    "no workers": (
        ["-m", "seed=1,2", "hydra.launcher.workers=0"],
        ["hydra.launcher.workers", "from 1 to 1,000", "found 0"],
    ),
    "a million million workers": (
        ["-m", "seed=1,2", "hydra.launcher.workers=1000000000000"],
        ["hydra.launcher.workers", "from 1 to 1,000", "found 1000000000000"],
    ),
    "word for workers": (
        ["-m", "seed=1,2", "hydra.launcher.workers=two"],
        ["hydra.launcher.workers", "whole number", "'two'"],
    ),
    "sweep without an end": (["-m", "optimizer.lr=range(0,nan,1)"], ["range(0,nan,1)", "finite numbers"]),
    "sweep up to infinity": (["-m", "optimizer.lr=range(0,inf,1)"], ["range(0,inf,1)", "finite numbers"]),
    "sweep of a thousand million jobs": (
        ["-m", "seed=range(100000)", "optimizer.lr=range(0,1,0.0001)"],
        ["a sweep of 1,000,000,000 jobs", "at most 10,000"],
    ),
    "misspelt tokenizer": (["data.tokenizer=spaci"], ["data.tokenizer", "'spacy'", "'spaci'"]),
    "misspelt monitor": (["training.monitor=valid_ac"], ["training.monitor", "'valid_acc'", "'valid_ac'"]),
    "key that is not there": (["+data.foo=1"], ["data.foo", "no such key"]),
    "group without a choice": (["model=null"], ["model=null", "choices"]),
    "group as a mapping": (["model={a:1}"], ["model", "choices"]),
    "no value": (["training.epochs"], ["'training.epochs'", "KEY=VALUE"]),
    "value that needs quotes": (["data.train=a=b.tsv"], ["'data.train=a=b.tsv'", "quotes"]),
    "several values without -m": (["training.epochs=1,2"], ["training.epochs", "--multirun"]),
    "word for a number": (["training.epochs=abc"], ["training.epochs", "integer", "'abc'"]),
    "fraction for a whole number": (["training.epochs=2.5"], ["training.epochs", "integer", "2.5"]),
    "number for a text": (["data.train=3"], ["data.train", "string", "3"]),
    "word for a switch": (["freeze=maybe"], ["freeze", "boolean", "'maybe'"]),
    "one beta": (["optimizer=adam", "optimizer.betas=[0.9]"], ["optimizer.betas.1", "value"]),
    "seed null": (["seed=null"], ["seed", "integer", "null"]),
    "negative seed": (["seed=-1"], ["seed", "0", "-1"]),
    "no epochs": (["training.epochs=0"], ["training.epochs", "greater than 0", "0"]),
    "no batch": (["training.batch_size=0"], ["training.batch_size", "greater than 0", "0"]),
    "negative rate": (["optimizer.lr=-1"], ["optimizer", "learning rate", "-1"]),
    "rate not a number": (["optimizer.lr=nan"], ["optimizer.lr", "finite", "nan"]),
    "beta out of range": (["optimizer=adam", "optimizer.betas=[0.9,1.5]"], ["optimizer", "beta", "1.5"]),
    "dropout 1": (["model.dropout=1.0"], ["model.dropout", "less than 1", "1.0"]),
    "no state": (["model=rnn", "model.hidden_size=0"], ["model.hidden_size", "greater than 0", "0"]),
    "all of it validation": (["data.valid_fraction=1.0"], ["data.valid_fraction", "less than 1", "1.0"]),
    "no length": (["data.max_length=0"], ["data.max_length", "greater than 0", "0"]),
    "cosine of no length": (["scheduler=cosine", "scheduler.T_max=0"], ["scheduler"]),
    "factor that raises the rate": (["scheduler=plateau", "scheduler.factor=2"], ["scheduler", "Factor"]),
    "LSTM with relu": (["model=lstm", "model.nonlinearity=relu"], ["model.nonlinearity", "model=lstm"]),
    "bag with a state": (["model.hidden_size=5"], ["model.hidden_size", "no such key", "model=boe"]),
    "ends of whole texts": (["data.keep=both"], ["data.keep", "data.max_length", "'both'"]),
    "misspelt end": (["data.max_length=3", "data.keep=lsat"], ["data.keep", "'last'", "'lsat'"]),
    "all words unknown": (["training.word_dropout=1.0"], ["training.word_dropout", "less than 1", "1.0"]),
    "an average of nothing new": (["training.average=1.0"], ["training.average", "less than 1", "1.0"]),
    "vectors with a spread": (
        ["data.vectors=vectors.txt", "data.embedding_std=0.3"],
        ["data.embedding_std", "data.vectors", "0.3"],
    ),
    "no spread": (["data.embedding_std=0"], ["data.embedding_std", "greater than 0", "0"]),
    "words in rows without end": (["data.ngrams=9223372036854775807"], ["data.ngrams", "100", "9223372036"]),
    "no words": (["data.ngrams=0"], ["data.ngrams", "greater than 0", "0"]),
    "pairs in their order": (["model=rnn", "data.ngrams=2"], ["data.ngrams", "RNN", "model=boe", "2"]),
    "buckets of nothing": (["data.ngram_buckets=9"], ["data.ngram_buckets", "data.ngrams=2"]),
    "frozen zeros": (["data.ngrams=2", "freeze=true"], ["freeze", "zeros", "true"]),
    "validation twice": (["data.valid_fraction=0.5"], ["data.valid_fraction", "data.valid"]),
    "no such device": (["training.device=tpu"], ["training.device", "'cuda'", "'tpu'"]),
    "sweep with a bad job": (["-m", "training.epochs=1,0"], ["training.epochs", "greater than 0", "0"]),
    "sweep with a bad choice": (["-m", "model=rnn,lsmt"], ["model=lsmt", "'lstm'"]),
    "sweep and print": (["-m", "--cfg", "job"], ["--multirun", "--cfg"]),
    "resolve without cfg": (["--resolve"], ["--resolve", "--cfg"]),
    "no such config folder": (["--config-dir", "nope"], ["--config-dir nope", "no such folder"]),
    "run folder is a file": (["hydra.run.dir=train.tsv"], ["hydra.run.dir", "train.tsv"]),
    "run folder in a file": (
        ["hydra.run.dir=train.tsv/x"],
        ["hydra.run.dir", "train.tsv/x", "cannot be written"],
    ),
    "run folder in use": (["hydra.run.dir=."], ["hydra.run.dir", "not empty"]),
    "run folder that cannot be": (
        ["hydra.run.dir=/proc/x"],
        ["hydra.run.dir", "/proc/x", "cannot be written"],
    ),
    "sweep folder that cannot be": (["-m", "hydra.sweep.dir=/proc/x"], ["hydra.sweep.dir", "/proc/x"]),
    "run folder of nothing": (["hydra.run.dir=${nope}"], ["hydra.run.dir", "nope"]),
    "log that cannot be": (["hydra.job.name=a/b"], ["hydra.job.name", "'a/b'"]),
    "units of a petabyte": (
        ["model=rnn", "model.hidden_size=10000000"],
        ["model.hidden_size=10000000", "PiB of memory; there are"],
    ),
    "vectors of ten thousand million numbers": (["data.embedding_dim=10000000000"], ["data.embedding_dim"]),
    "buckets of a terabyte": (
        ["data.ngrams=2", "data.ngram_buckets=1000000000000"],
        ["data.ngram_buckets=1000000000000", "TiB of memory"],
    ),
    "a hundred thousand layers": (["model=rnn", "model.num_layers=100000"], ["model.num_layers", "1024"]),
    "a million threads": (["training.threads=1000000"], ["training.threads", "1024", "1000000"]),
    "epochs beyond numbers": (["training.epochs=1" + "0" * 20], ["training.epochs", "less than"]),
    "rate beyond numbers": (["optimizer.lr=1e400"], ["optimizer.lr", "finite", "inf"]),
    "switch for a number": (["training.epochs=true"], ["training.epochs", "integer", "True"]),
    "a name without end": (["model=rnn", f"model.init={'a' * 9000}"], ["model.init", "(9,002 characters)"]),
    "brackets without end": ([f"seed={'[' * 9000}"], ["cannot read", "(9,007 characters)"]),
    "run folder of a long name": ([f"hydra.run.dir={'a' * 300}"], ["File name too long"]),
    "data of a long name": ([f"data.train={'a' * 300}"], ["data.train", "File name too long"]),
    "cache of a long name": ([f"data.cache={'a' * 300}"], ["data.cache", "File name too long"]),
    "a sweep of an empty range": (["-m", "seed=range(1,1)"], ["a sweep of nothing"]),
    "a sweep of no model": (["-m", "model=glob(zzz*)"], ["a sweep of nothing"]),
    "a word for how much is told": (["hydra.verbose=3"], ["hydra.verbose", "3"]),
    "next to nothing held out": (
        ["data.valid=null", "data.valid_fraction=0.001"],
        ["data.valid_fraction", "0.001", "none of 40 texts"],
    ),
    "cache that cannot be": (["data.cache=train.tsv"], ["data.cache", "train.tsv", "Not a directory"]),
}


@pytest.mark.parametrize(("words", "parts"), SETTINGS.values(), ids=SETTINGS.keys())
def test_a_wrong_setting_is_refused(words: list[str], parts: list[str], refused: Callable[..., None]) -> None:
    refused(words, *parts)


DRAWN = {
    "length": (["task=adding", "task.length=1000000000"], ["task=adding", "1,000,000,000 steps", "TiB"]),
    "copies": (["task=copy", "task.length=1000000000"], ["task=copy", "TiB of memory"]),
    "halves": (["task=halves", "task.longest=1000000000"], ["task=halves", "TiB of memory"]),
    "examples": (["task=recall", "task.valid_examples=1" + "0" * 15], ["task=recall", "PiB of memory"]),
    "batch": (["task=recall", "training.batch_size=1" + "0" * 15], ["training.batch_size=1000000000000000"]),
    "rows": (["task=series", "task.rows=1" + "0" * 15], ["task.rows=1000000000000000", "PiB"]),
    "windows": (["task=series", "task.rows=3000000", "task.window=1500000"], ["task.window=1500000", "TiB"]),
}


@pytest.mark.parametrize("name", DRAWN)
def test_examples_that_no_memory_can_hold_are_refused(
    name: str, call: Callable[..., Outcome], tmp_path: Path
) -> None:
    words, parts = DRAWN[name]
    outcome = call("train", *words, "probe.every=null")
    assert_one_line(outcome, *parts)
    assert files_in(tmp_path) == set()


def test_epochs_without_end_begin_at_once(
    call: Callable[..., Outcome], tiny: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise InputError("it has begun")

    monkeypatch.setattr("rnnlab.workflows.train.fit_experiment", stop)
    outcome = call("train", *tiny, "training.epochs=1000000000000")
    assert outcome.err.splitlines()[-1] == "error: it has begun"


@pytest.mark.parametrize("error", [MemoryError("no room"), RecursionError(), KeyError("a bug")])
def test_nothing_is_left_of_a_run_that_has_not_begun(
    error: Exception,
    call: Callable[..., Outcome],
    tiny: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    before = files_in(tmp_path)
    for place in ("rnnlab.workflows.train.prepare", "rnnlab.workflows.run_logger.RunLogger._lasting_facts"):
        monkeypatch.setattr(place, fail)
        if isinstance(error, KeyError):
            with pytest.raises(KeyError):
                call("train", *tiny)
        else:
            code = 1 if isinstance(error, MemoryError) else 2
            assert_one_line(call("train", *tiny), "no" if code == 1 else "nested too deeply", code=code)
        shutil.rmtree(tmp_path / "outputs" / ".cache", ignore_errors=True)
        left = files_in(tmp_path) - before
        assert left <= {tmp_path / "outputs"}
        monkeypatch.undo()
        monkeypatch.chdir(tmp_path)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_cuda_without_a_gpu_is_refused(refused: Callable[..., None]) -> None:
    refused(["training.device=cuda"], "training.device", "'cuda'", "GPU")


def test_a_sweep_of_which_every_job_has_bad_data_leaves_nothing(
    call: Callable[..., Outcome], tiny: list[str], tmp_path: Path
) -> None:
    before = files_in(tmp_path)
    outcome = call("train", "-m", *tiny, "data.train=nope.tsv", "seed=1,2")
    assert outcome.code == 2
    assert outcome.err.count(": data.train: nope.tsv: no such file or folder") == 2
    assert "error: 2 jobs of the sweep failed; there is nothing to keep" in outcome.err
    assert files_in(tmp_path) == before


def folder_of(path: Path, **files: str) -> None:
    path.mkdir()
    for name, text in files.items():
        (path / f"texts.{name}").write_text(text)


def lines(*changed: str) -> bytes:
    return "\n".join([*GOOD, *changed, ""]).encode()


DATA: dict[str, tuple[bytes, list[str]]] = {
    "empty": (b"", ["bad.tsv", "empty"]),
    "blank": (b"\n \n", ["bad.tsv", "empty"]),
    "binary": (b"\x00\x01\x02" * 99, ["bad.tsv", "binary"]),
    "wrong encoding": (lines() + "pos\tcafé\n".encode("latin-1"), ["bad.tsv, line 7", "UTF-8", "0xe9"]),
    "UTF-16": ("\n".join(GOOD).encode("utf-16"), ["bad.tsv", "UTF-16"]),
    "no tab": (lines("pos a film"), ["bad.tsv, line 7", "tab", "'pos a film'"]),
    "unknown label": (lines("postive\ta film"), ["bad.tsv, line 7", "'postive'", "'positive'"]),
    "only one class": (b"pos\ta film\npos\tgood\n", ["bad.tsv", "positive", "negative"]),
    "two bad lines": (lines("x", "y"), ["bad.tsv, line 7", "1 more", "rnnlab data check"]),
    "too many empty texts": (lines("pos\t", "neg\t "), ["bad.tsv", "2 of 8", "line 7"]),
    "compressed, not named so": (gzip.compress(lines()), ["bad.tsv", "gzip"]),
}


@pytest.mark.parametrize(("content", "parts"), DATA.values(), ids=DATA.keys())
def test_a_bad_file_of_texts_is_refused(
    content: bytes, parts: list[str], refused: Callable[..., None], tmp_path: Path
) -> None:
    (tmp_path / "bad.tsv").write_bytes(content)
    refused(["data.train=bad.tsv"], "data.train", *parts)


@pytest.mark.parametrize("split", ["valid", "test"])
def test_a_bad_file_of_texts_is_refused_whatever_it_is_for(
    split: str, refused: Callable[..., None], tmp_path: Path
) -> None:
    (tmp_path / "bad.tsv").write_bytes(lines("pos a film"))
    refused([f"data.{split}=bad.tsv"], f"data.{split}", "bad.tsv, line 7", "tab")


def test_a_file_that_is_not_there_is_refused_with_the_nearest_name(refused: Callable[..., None]) -> None:
    refused(["data.train=trian.tsv"], "data.train", "trian.tsv", "no such file", "'train.tsv'")
    refused(["data.valid=no/valid.tsv"], "data.valid", "no/valid.tsv", "no such file")


def test_a_folder_without_texts_is_refused(refused: Callable[..., None], tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    refused(["data.train=texts"], "data.train", "texts", "pos/ and neg/")
    folder_of(tmp_path / "half", pos="a film\n")
    refused(["data.train=half"], "data.train", "half", "no neg texts")


def test_a_bad_csv_is_refused(refused: Callable[..., None], tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("review,feeling\na film,positive\n")
    refused(["data.train=bad.csv"], "data.train", "bad.csv, line 1", "sentiment or label", "feeling")
    (tmp_path / "open.csv").write_text('review,sentiment\n"a film,positive\nb,negative\n')
    refused(["data.train=open.csv"], "open.csv, line 2", "quote is never closed")


def test_broken_gzip_is_refused(refused: Callable[..., None], tmp_path: Path) -> None:
    (tmp_path / "cut.tsv.gz").write_bytes(gzip.compress(lines() * 100)[:40])
    refused(["data.train=cut.tsv.gz"], "data.train", "cut.tsv.gz", "cut off")
    (tmp_path / "plain.tsv.gz").write_bytes(lines())
    refused(["data.train=plain.tsv.gz"], "data.train", "plain.tsv.gz", "not gzip")


def test_few_empty_texts_are_named_and_left_out(
    call: Callable[..., Outcome], tiny: list[str], tmp_path: Path
) -> None:
    with (tmp_path / "train.tsv").open("a") as file:
        file.write("".join(f"{'pos' if i % 2 else 'neg'}\ta film\n" for i in range(60)) + "pos\t \n")
    outcome = call("train", *tiny)
    assert outcome.code == 0
    assert "left out 1 empty text(s): train.tsv, line 101" in outcome.err


VECTORS: dict[str, tuple[bytes, list[str], list[str]]] = {
    "empty": (b"", [], ["bad.txt", "empty"]),
    "binary": (b"\x00\x01" * 99, [], ["bad.txt", "binary"]),
    "wrong width": (b"the 1 2 3\na 1 2\n", [], ["bad.txt, line 2", "3 numbers", "found 2"]),
    "not a number": (b"the 1 2 3\na 1 x 3\n", [], ["bad.txt, line 2", "number", "'x'"]),
    "infinite": (b"the 1 2 3\na 1 1e99 3\n", [], ["bad.txt, line 2", "finite", "'1e99'"]),
    "other dimension": (b"the 1 2 3\n", ["data.embedding_dim=5"], ["bad.txt", "dimension 3", "5"]),
    "cut off": (b"5 3\nthe 1 2 3\n", [], ["bad.txt", "cut off", "5 words", "found 1"]),
}


@pytest.mark.parametrize(("content", "words", "parts"), VECTORS.values(), ids=VECTORS.keys())
def test_bad_vectors_are_refused(
    content: bytes, words: list[str], parts: list[str], refused: Callable[..., None], tmp_path: Path
) -> None:
    (tmp_path / "bad.txt").write_bytes(content)
    refused(["data.vectors=bad.txt", *words], *parts)


def test_vectors_that_are_not_there_or_a_folder_are_refused(
    refused: Callable[..., None], tmp_path: Path
) -> None:
    refused(["data.vectors=vector.txt"], "vector.txt", "no such file", "'vectors.txt'")
    (tmp_path / "folder").mkdir()
    refused(["data.vectors=folder"], "folder", "is a folder", "expected a file")


@pytest.mark.slow
def test_the_command_itself_ends_in_one_line(rnnlab: Command, tiny: list[str], tmp_path: Path) -> None:
    before = files_in(tmp_path)
    done = rnnlab("train", *tiny, "data.train=nope.tsv")
    assert_one_line(Outcome(done.returncode, done.stdout, done.stderr), "data.train", "nope.tsv")
    assert files_in(tmp_path) == before
