"""A pipe or a device where a file is asked for is told in one line, and nobody waits for it."""

import os
import shutil
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rnnlab.core.errors import InputError
from rnnlab.workflows.course_texts import course_texts
from tests.cli.test_bad_input import assert_one_line, files_in
from tests.conftest import Outcome, write_tiny

HANGS = 240


@pytest.fixture(autouse=True)
def no_hang() -> Iterator[None]:
    """Ends a test that waits for a pipe to which nobody writes."""

    def late(*_: object) -> None:
        raise AssertionError(f"still waiting after {HANGS} seconds")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(HANGS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def pipe(path: Path) -> str:
    os.mkfifo(path)
    return "is a pipe"


def link_to_pipe(path: Path) -> str:
    os.mkfifo(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")
    return "is a pipe"


def device(path: Path) -> str:
    path.symlink_to("/dev/zero")
    return "is a device"


def unix_socket(path: Path) -> str:
    os.chdir(path.parent)  # names of sockets are short
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(path.name)
    return "is a socket"


NO_FILES = [pipe, link_to_pipe, device, unix_socket]
NONE = "probe.every=null"
KEYS = {
    "train": ["data.train=odd.tsv"],
    "valid": ["data.valid=odd.tsv"],
    "test": ["data.test=odd.tsv"],
    "vectors": ["data.vectors=odd.tsv"],
    "torchtext": ["data.vectors=odd.tsv", "data.vocabulary=torchtext"],
}


@pytest.mark.parametrize(
    ("key", "make"),
    [*(("train", make) for make in NO_FILES), *((key, pipe) for key in KEYS if key != "train")],
)
def test_data_of_a_training(
    key: str, make: Callable[[Path], str], call: Callable[..., Outcome], tiny: list[str], tmp_path: Path
) -> None:
    if key == "torchtext":
        pytest.importorskip("torchtext")
    kind = make(tmp_path / "odd.tsv")
    before = files_in(tmp_path)
    assert_one_line(call("train", *tiny, *KEYS[key]), "odd.tsv", kind, "expected a file")
    assert files_in(tmp_path) == before


TASKS = {
    "series": ["task=series"],
    "sequences": ["task=sequences"],
    "language": ["task=language"],
    "words": ["task=language", "data.train=train.tsv", "task.token=word", "task.word_list=odd.npz"],
    "tagging": ["task=tagging"],
}


@pytest.mark.parametrize("name", TASKS)
def test_data_of_other_tasks(name: str, call: Callable[..., Outcome], tmp_path: Path) -> None:
    write_tiny(tmp_path)
    pipe(tmp_path / "odd.npz")
    words = ["data=files", "data.train=odd.npz", NONE, *TASKS[name]]
    before = files_in(tmp_path)
    assert_one_line(call("train", *words), "odd.npz", "is a pipe")
    assert files_in(tmp_path) == before


def test_a_text_of_a_folder(call: Callable[..., Outcome], tiny: list[str], tmp_path: Path) -> None:
    for label in ("pos", "neg"):
        (tmp_path / "texts" / label).mkdir(parents=True)
        (tmp_path / "texts" / label / "1.txt").write_text("a film")
    pipe(tmp_path / "texts" / "neg" / "2.txt")
    assert_one_line(call("train", *tiny, "data.train=texts"), "neg/2.txt", "is a pipe")


COMMANDS = {
    "data check": ["data", "check", "odd.tsv"],
    "vectors of data check": ["data", "check", "train.tsv", "--vectors", "odd.tsv"],
    "data words": ["data", "words", "data=files", "data.train=odd.tsv"],
    "check": ["check", "odd.tsv"],
    "check with a notation": ["check", "odd.tsv", "--notation", "course"],
    "predict": ["predict", "outputs/one", "--file", "odd.tsv"],
    "pairs": ["pairs", "outputs/one", "--file", "odd.tsv"],
    "evaluate": ["evaluate", "outputs/one", "data.test=odd.tsv"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_file_that_a_command_is_given(
    name: str, call: Callable[..., Outcome], trained: Path, tmp_path: Path
) -> None:
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    pipe(tmp_path / "odd.tsv")
    outcome = call(*COMMANDS[name])
    told = outcome.out if name == "data check" else outcome.err
    assert outcome.code == 2 and "odd.tsv" in told and "is a pipe" in told, outcome
    assert "Traceback" not in outcome.err


def test_the_texts_of_a_reproduction(tmp_path: Path) -> None:
    pipe(tmp_path / "odd.txt")
    with pytest.raises(InputError, match=r"odd\.txt: is a pipe"):
        course_texts(None, tmp_path / "odd.txt")


RUN_FILES = ["config.yaml", "summary.json", "metrics.csv", "vocabulary.txt", "checkpoints/last.safetensors"]


@pytest.mark.parametrize("file", RUN_FILES)
@pytest.mark.parametrize(
    "command", [["predict", "outputs/one", "a film"], ["report", "outputs/one"], ["runs"]]
)
def test_a_file_of_a_run_folder(
    command: list[str], file: str, call: Callable[..., Outcome], trained: Path, tmp_path: Path
) -> None:
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "outputs" / "one" / file
    path.unlink()
    pipe(path)
    outcome = call(*command)
    assert "Traceback" not in outcome.err
    assert outcome.code == 0 or len(outcome.err.splitlines()) == 1, outcome
