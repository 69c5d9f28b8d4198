"""A run folder that somebody has handed over, or a disk has damaged: each fault is a line, and no more."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors import safe_open
from safetensors.torch import save_file

from rnnlab.core.errors import InputError
from rnnlab.experiment.restore import read_config, restore
from rnnlab.runs.finder import open_run
from rnnlab.runs.tables import read_metrics, read_table
from rnnlab.training.checkpoint import read_checkpoint
from tests.conftest import Outcome

Call = Callable[..., Outcome]
ESCAPES = "\x1b[31m\x1b]0;x\x07[bold]x[/bold]\u202e\u200b"
DEEP: Any = json.loads("[" * 300 + "]" * 300)
VALUES: dict[str, Any] = {
    "null": None,
    "text": "text",
    "negative": -1,
    "huge": 10**30,
    "half": 0.5,
    "list": [{}],
    "object": {"a": [1]},
    "deep": DEEP,
    "true": True,
    "escapes": ESCAPES,
    "long": "x" * 200_000,
}
KEYS = ["status", "final", "best", "test", "monitor", "seed", "parameters", "examples", "versions", "data"]
KEYS += ["notes", "classes", "shape", "baselines", "wall_seconds", "started", "command", "error", "git"]
BYTES: dict[str, bytes] = {
    "nothing": b"",
    "noise": bytes(range(256)),
    "NUL": b"{\0}",
    "not UTF-8": b'{"a": "\xff"}',
    "depth": b"[" * 100_000,
    "size": b"x" * 20_000_000,
    "a list": b"[]",
    "a number": b"1",
}


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained / "outputs" / "one", tmp_path / "outputs" / "one"))


def in_one_line(read: Callable[[], object]) -> str:
    """Returns the line that refuses what is read, nothing where it is not refused."""
    try:
        read()
    except InputError as error:
        assert len(str(error)) < 1_000 and "\n" not in str(error)
        return str(error)
    return ""


@pytest.mark.parametrize("key", KEYS)
def test_a_summary_of_wrong_types_is_refused_and_names_the_key(key: str, folder: Path) -> None:
    path = folder / "summary.json"
    summary, refused = json.loads(path.read_text()), 0
    for value in VALUES.values():
        path.write_text(json.dumps(summary | {key: value}))
        said = in_one_line(lambda: open_run(folder))
        assert not said or ((key in said or "deep" in said) and str(path) in said)
        refused += bool(said)
    assert refused >= 6


@pytest.mark.parametrize("content", BYTES.values(), ids=BYTES.keys())
@pytest.mark.parametrize("name", ["summary.json", "config.yaml"])
def test_a_file_that_is_something_else_is_refused(name: str, content: bytes, folder: Path) -> None:
    (folder / name).write_bytes(content)
    read = {"summary.json": open_run, "config.yaml": read_config}[name]
    assert str(folder / name) in in_one_line(lambda: read(folder))


@pytest.mark.parametrize("name", ["summary.json", "config.yaml", "metrics.csv"])
def test_a_pipe_a_folder_or_a_device_for_a_file_is_refused_at_once(name: str, folder: Path) -> None:
    makers: list[Callable[[Path], object]] = [
        os.mkfifo,
        Path.mkdir,
        lambda path: path.symlink_to("/dev/zero"),
    ]
    (folder / name).unlink()
    for make in makers:
        make(folder / name)
        assert in_one_line(lambda: restore(open_run(folder)).metrics)
        (folder / name).unlink() if not (folder / name).is_dir() else (folder / name).rmdir()


def test_runs_lists_a_broken_run_and_the_others_as_before(call: Call, folder: Path) -> None:
    before = call("runs")
    for number, content in enumerate(BYTES.values()):
        (broken := folder.parent / f"broken{number}").mkdir()
        (broken / "summary.json").write_bytes(content)
        (broken / "config.yaml").write_text("{}")
    outcome = call("runs")
    assert before.code == outcome.code == 0 and before.err == ""
    of_one, again = (
        next(line for line in shown.out.splitlines() if "finished" in line).split()
        for shown in (before, outcome)
    )
    assert of_one == again
    assert outcome.out.count("unreadable") == len(BYTES)
    assert [line.startswith("note: outputs/broken") for line in outcome.err.splitlines()] == [True] * len(
        BYTES
    )


@pytest.mark.parametrize("key", ["training", "data.cache", "task", "model._target_", "similarity", "seed"])
def test_a_configuration_of_wrong_types_is_refused(key: str, folder: Path) -> None:
    path, refused = folder / "config.yaml", 0
    values = yaml.safe_load(path.read_text())
    *above, last = key.split(".")
    parent = values
    for part in above:
        parent = parent[part]
    for value in VALUES.values():
        parent[last] = value
        path.write_text(yaml.safe_dump(values))
        refused += bool(in_one_line(lambda: read_config(folder)))
    assert refused >= 6


TABLES = {
    "text for a number": ("metrics.csv", "epoch,train_loss\n0,0.5\n1,much\n", "line 3, column train_loss"),
    "half an epoch": ("metrics.csv", "epoch,train_loss\n0.5,1\n", "line 2, column epoch"),
    "falling epochs": ("metrics.csv", "epoch,train_loss\n1,1\n0,1\n", "rise"),
    "no epoch": ("metrics.csv", "train_loss\n1\n", "epoch or step"),
    "no training": ("metrics.csv", "epoch,seconds\n1,1\n", "train_"),
    "rows missing": ("metrics.csv", "epoch,train_loss\n", "no rows"),
    "more cells": ("metrics.csv", "epoch,train_loss\n0,1,2\n", "expected 2 cells"),
    "a ragged row": ("metrics.csv", "epoch,train_loss\n0,1\n0,1,2\n", "line 3"),
    "an open quote": ("metrics.csv", 'epoch,train_loss\n0,"1\n', "not readable as CSV"),
    "digits without end": ("metrics.csv", f"epoch,train_loss\n{'9' * 5000},1\n", "line 2, column epoch"),
    "Python's own numbers": ("metrics.csv", "epoch,train_loss\n1_0,1\n", "line 2, column epoch"),
    "a cosine": ("similarity.csv", "epoch,word1,word2,similarity\n0,a,b,near\n", "column similarity"),
    "a norm": ("probes/gradients.csv", "epoch,position,newneg_norm\n0,end,[x]\n", "column newneg_norm"),
    "a distance": ("through_time.csv", "layer,direction,path,distance\n1,forward,h,x\n", "column distance"),
    "truth": ("trials.csv", "model,tried\nrnn,maybe\n", "expected True or False"),
}


@pytest.mark.parametrize(("name", "text", "said"), TABLES.values(), ids=TABLES.keys())
def test_a_table_of_something_else_is_refused_with_its_place(
    name: str, text: str, said: str, folder: Path
) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    read = read_metrics if name == "metrics.csv" else read_table
    line = in_one_line(lambda: read(folder / name))
    assert line.startswith(str(folder / name)) and said in line


def test_numbers_are_read_exactly_as_they_were_written(tmp_path: Path) -> None:
    numbers = [0.1, 1 / 3, 5e-324, 1.7976931348623157e308, -0.0, 2**53 + 2.0]
    path = tmp_path / "metrics.csv"
    path.write_text("epoch,train_loss\n" + "".join(f"{i},{n!r}\n" for i, n in enumerate(numbers)))
    assert read_metrics(path)["train_loss"].tolist() == numbers


def damaged(path: Path, change: Callable[[dict[str, torch.Tensor], dict[str, Any]], object]) -> None:
    with safe_open(path, framework="pt") as file:
        facts = json.loads(file.metadata()["rnnlab"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    text = change(tensors, facts)
    save_file(tensors, path, metadata={"rnnlab": text if isinstance(text, str) else json.dumps(facts)})


FACTS = [
    "version",
    "epoch",
    "batch",
    "best",
    "best_epoch",
    "optimizer_groups",
    "optimizer_state",
    "scheduler",
]


@pytest.mark.parametrize("key", FACTS)
def test_a_checkpoints_facts_of_wrong_types_are_refused(key: str, folder: Path) -> None:
    path = folder / "checkpoints" / "last.safetensors"
    whole = path.read_bytes()
    for value in ("text", [[]], DEEP, True):
        path.write_bytes(whole)
        damaged(path, lambda tensors, facts, value=value: facts.update({key: value}))
        assert str(path) in in_one_line(lambda: read_checkpoint(path))
    path.write_bytes(whole)
    damaged(path, lambda tensors, facts: facts.pop(key) and None)
    assert str(path) in in_one_line(lambda: read_checkpoint(path))


@pytest.mark.parametrize("text", ["", "[" * 100_000, "[]", "NaN", "x"])
def test_a_checkpoint_whose_facts_are_no_object_is_refused(text: str, folder: Path) -> None:
    path = folder / "checkpoints" / "last.safetensors"
    damaged(path, lambda tensors, facts: text)
    assert str(path) in in_one_line(lambda: read_checkpoint(path))


CASTS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "doubles": lambda value: value.double(),
    "halves": lambda value: value.half(),
    "whole numbers": lambda value: value.to(torch.int64),
    "a row more": lambda value: torch.cat([value, value[:1]]),
    "one number": lambda value: value.flatten()[0].clone(),
    "none": lambda value: value.flatten()[:0].clone(),
}


@pytest.mark.parametrize("cast", CASTS.values(), ids=CASTS.keys())
def test_parameters_of_another_kind_or_shape_are_refused(
    cast: Callable[[torch.Tensor], torch.Tensor], folder: Path
) -> None:
    path = folder / "checkpoints" / "last.safetensors"
    whole = path.read_bytes()
    for name in ("model.embedding.weight", "model.head.output.weight"):
        path.write_bytes(whole)
        damaged(path, lambda tensors, facts, name=name: tensors.update({name: cast(tensors[name])}) and None)
        assert str(path) in in_one_line(lambda: restore(open_run(folder)))


@pytest.mark.parametrize("name", ["figures", "probes", "checkpoints", ".hydra", "train.log"])
def test_a_folder_whose_parts_lie_elsewhere_is_not_written_into(
    name: str, call: Call, folder: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    if (folder / name).is_dir():
        shutil.rmtree(folder / name)
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(elsewhere)
    for command in (
        ["report", "outputs/one"],
        ["evaluate", "outputs/one"],
        ["train", "--resume", "outputs/one"],
    ):
        outcome = call(*command)
        assert outcome.code == 2 and "is a symbolic link" in outcome.err and outcome.err.count("\n") == 1
    assert not list(elsewhere.iterdir())


def test_a_strangers_page_table_or_cache_replaces_nothing_elsewhere(
    call: Call, folder: Path, trained: Path, tmp_path: Path
) -> None:
    for name in ("train.tsv", "valid.tsv"):
        shutil.copy(trained / name, tmp_path)
    (tmp_path / "mine").write_text("mine")
    (folder / "report.html").unlink(missing_ok=True)
    for name in ("report.html", "evaluation.csv"):
        (folder / name).symlink_to(tmp_path / "mine")
    text = (folder / "config.yaml").read_text()
    there = tmp_path.parent / f"{tmp_path.name}-there"
    (folder / "config.yaml").write_text(text.replace("cache: outputs/.cache", f"cache: {there}"))
    assert str(there) in (folder / "config.yaml").read_text()
    for command in ("report", "evaluate"):
        outcome = call(command, "one")
        assert outcome.code == 2 and "is a symbolic link" in outcome.err, outcome
    assert (tmp_path / "mine").read_text() == "mine" and not there.exists()


def test_nothing_of_a_run_steers_the_terminal(call: Call, folder: Path) -> None:
    hostile = folder.rename(folder.parent / f"one{ESCAPES.replace('/', '')}")
    path = hostile / "summary.json"
    summary = json.loads(path.read_text())
    texts = dict.fromkeys(("command", "error", "started", "task", "unit", "engine", "device"), ESCAPES)
    summary |= texts | {"versions": {ESCAPES: ESCAPES}, "notes": [ESCAPES], "monitor": ESCAPES}
    summary["best"] = {ESCAPES: 1.0, **summary["best"]}
    path.write_text(json.dumps(summary))
    (hostile / f"{ESCAPES.replace('/', '')}.csv").write_text(f"{ESCAPES},b\n{ESCAPES},1\n")
    metrics = (hostile / "metrics.csv").read_text()
    (hostile / "metrics.csv").write_text(metrics.replace("train_acc", f"train_{ESCAPES}", 1))
    broken = hostile.parent / f"two{ESCAPES.replace('/', '')}"
    broken.mkdir()
    (broken / "summary.json").write_text(json.dumps({"status": ESCAPES}))
    (broken / "config.yaml").write_text("{}")
    for command in (["runs"], ["show", "one"], ["report", "one"], ["show", "two"], ["show", ESCAPES]):
        outcome = call(*command)
        said = outcome.out + outcome.err
        assert outcome.code in (0, 2) and said
        assert all(character.isprintable() or character == "\n" for character in said), ascii(said)
    page = (hostile / "report.html").read_text()
    assert "\x1b" not in page


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("checkpoints/last.safetensors", "a pipe", "last.safetensors: is a pipe"),
        ("checkpoints/last.safetensors", "a link", "last.safetensors: is a symbolic link"),
        ("metrics.csv", "a pipe", "metrics.csv: "),
        ("metrics.csv", "a link", "metrics.csv: "),
    ],
)
def test_what_a_run_goes_on_from_takes_no_results_away_where_it_is_no_file(
    name: str, kind: str, said: str, call: Call, folder: Path, trained: Path, tmp_path: Path
) -> None:
    for data in ("train.tsv", "valid.tsv"):
        shutil.copy(trained / data, tmp_path)
    path = folder / name
    path.unlink()
    if kind == "a pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(folder.parent / "nowhere")
    before = {file: file.lstat().st_mtime_ns for file in folder.glob("*.*") if file.suffix != ".log"}
    outcome = call("train", "--resume", "outputs/one", "training.epochs=3")
    assert outcome.code == 2 and said in outcome.err, outcome
    assert all(file.lstat().st_mtime_ns == time for file, time in before.items())
