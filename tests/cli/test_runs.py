"""`rnnlab runs` and `rnnlab show`: what a person sees of run folders, also of broken ones."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from rnnlab.experiment.job_folder import claimed
from tests.conftest import Outcome
from tests.runs_made_up import make_run

Call = Callable[..., Outcome]


@pytest.fixture
def outputs(trained: Path, tmp_path: Path) -> Path:
    """A copy of the finished run `one` and, started later, `other` with status failed."""
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    outputs = tmp_path / "outputs"
    shutil.copytree(outputs / "one", outputs / "other")
    change(outputs / "other", status="failed", error="it broke", started="2999-01-01T00:00:00+00:00")
    return outputs


def change(run: Path, **facts: object) -> None:
    summary = json.loads((run / "summary.json").read_text())
    (run / "summary.json").write_text(json.dumps(summary | facts))


def test_runs_lists_every_run_oldest_first(call: Call, outputs: Path) -> None:
    (outputs / "no run").mkdir()
    long_name = "a-very-long-name-of-a-run-" * 5
    shutil.copytree(outputs / "one", outputs / long_name)
    outcome = call("runs")
    assert outcome.code == 0 and outcome.err == ""
    lines = [line for line in outcome.out.splitlines() if "0." in line]
    assert [name in line for name, line in zip(["", "one", "other"], lines, strict=True)] == [True] * 3
    assert long_name in lines[0], "a name in a pipe is written in full"
    assert "failed" in lines[2] and "finished" in lines[1]


def test_runs_without_any_says_how_to_make_one(call: Call) -> None:
    outcome = call("runs")
    assert outcome.code == 0 and "rnnlab train" in outcome.out


def test_show_draws_a_run_and_how_to_run_it_again(call: Call, outputs: Path) -> None:
    outcome = call("show", "one")
    assert outcome.code == 0 and outcome.err == "" and "\x1b" not in outcome.out
    for part in ("finished", "epoch 2", "train_acc", "rnnlab train data=files", "valid_acc", "1.00┤"):
        assert part in outcome.out
    assert "failed: it broke" in call("show", "other").out
    assert call("show", "latest").out == outcome.out


def test_a_run_whose_time_was_up_is_stopped_and_says_why(
    call: Call, tiny: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rnnlab.workflows.train.write_artifacts", lambda run: {})
    words = [*tiny, "training.epochs=100000", "hydra.run.dir=outputs/one"]
    assert call("train", *words, "training.max_minutes=0.00001").code == 0
    listed, shown = call("runs"), call("show", "one")
    assert "│ stopped │" in listed.out and "one" in call("runs", "status=stopped").out
    assert " stopped by training.max_minutes=1e-05; for more: rnnlab train --resume one" in shown.out
    assert re.search(r"trained +\d+ of 100000 epochs +\n", shown.out)
    assert call("show", "latest").out == shown.out and call("compare", "one").code == 0
    assert call("report", "one").code == 0
    page = (tmp_path / "outputs" / "one" / "report.html").read_text()
    assert "one: stopped by training.max_minutes=1e-05" in page


def test_show_says_where_patience_ended_a_run(
    call: Call, tiny: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rnnlab.workflows.train.write_artifacts", lambda run: {})
    patience = ["training.epochs=500", "training.patience=1", "optimizer.lr=0.5"]
    assert call("train", *tiny, *patience, "hydra.run.dir=outputs/one").code == 0
    shown = call("show", "one").out
    assert re.search(r"trained +\d+ of 500 epochs, for it had not improved for 1 rounds", shown)
    assert re.search(r"status +finished +\n", shown)


def test_show_draws_a_run_without_validation_or_epochs(call: Call, outputs: Path) -> None:
    path = outputs / "one" / "metrics.csv"
    path.write_text("epoch,train_acc,train_loss,valid_acc,valid_loss,seconds\n0,0.5,0.7,,,0.0\n")
    outcome = call("show", "one")
    assert outcome.code == 0 and "valid_acc" not in outcome.out.split("run again")[1]


def test_a_broken_run_is_named_in_one_line(call: Call, outputs: Path) -> None:
    (outputs / "one" / "metrics.csv").write_text("")
    outcome = call("show", "one")
    assert outcome.code == 2 and len(outcome.err.splitlines()) == 1 and "metrics.csv" in outcome.err
    for text in ("{", "[]", '{"final": [1]}'):
        (outputs / "one" / "summary.json").write_text(text)
        outcome = call("show", "outputs/one")
        assert outcome.code == 2 and len(outcome.err.splitlines()) == 1 and "summary.json" in outcome.err
        assert call("runs").code == 0


def test_a_run_that_was_killed_before_it_was_one_is_named(call: Call, outputs: Path) -> None:
    with claimed(outputs / "begins"):
        (outputs / "begins" / "train.log").touch()
        outcome = call("runs")
        assert outcome.code == 0 and "begins" not in outcome.out + outcome.err
    said = "outputs/begins: its process was killed before there was a run; train into it again"
    outcome = call("runs")
    assert outcome.code == 0 and said in outcome.err
    row = next(line for line in outcome.out.splitlines() if "begins" in line)
    assert "killed" in row
    for words in (("show", "outputs/begins"), ("train", "--resume", "begins"), ("report", "begins")):
        outcome = call(*words)
        assert outcome.code == 2 and said in outcome.err and len(outcome.err.splitlines()) == 1, words


@pytest.fixture
def several(tmp_path: Path) -> Path:
    """Four runs of two models, one of which has failed."""
    for name, model, accuracy, facts in (
        ("a", "lstm", 0.95, {}),
        ("b", "lstm", 0.85, {"started": "2026-01-02T10:00:00+00:00"}),
        ("c", "rnn", 0.92, {"test": {"acc": 0.7, "loss": 0.6}}),
        ("d", "rnn", 0.5, {"status": "failed", "final": None}),
    ):
        settings = {"model": {"hidden_size": 50 if model == "rnn" else 100}, "freeze": name == "c"}
        make_run(tmp_path / "outputs" / name, [0.5, accuracy], 1, settings, {"model": model}, **facts)
    return tmp_path / "outputs"


def listed(outcome: Outcome) -> list[str]:
    assert outcome.code == 0, outcome.err
    return [line.split("│")[1].strip() for line in outcome.out.splitlines() if line.startswith("│")]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["model=lstm"], ["a", "b"]),
        (["model=LSTM", "valid_acc>0.9"], ["a"]),
        (["model!=lstm"], ["c", "d"]),
        (["valid_acc>=0.92", "valid_acc<=.92"], ["c"]),
        (["valid_acc<0.93"], ["c", "b"]),
        (["model.hidden_size=50.0"], ["c", "d"]),
        (["freeze=true"], ["c"]),
        (["status==failed"], ["d"]),
        (["test_acc<1"], ["c"]),
        (["best_valid_acc>0.94"], ["a"]),
        (["started>2026-01-02"], ["b"]),
        (["--sort", "valid_acc"], ["a", "c", "b", "d"]),
        (["--sort", "valid_loss"], ["a", "c", "b", "d"]),
        (["--sort", "valid_acc", "--reverse"], ["d", "b", "c", "a"]),
        (["--sort", "model"], ["a", "b", "c", "d"]),
        (["model=rnn", "--sort", "model.hidden_size"], ["c", "d"]),
    ],
)
def test_runs_are_chosen_and_sorted(call: Call, several: Path, words: list[str], names: list[str]) -> None:
    assert listed(call("runs", *words)) == names


def test_what_was_asked_for_is_shown(call: Call, several: Path) -> None:
    out = call("runs", "model=lstm", "--sort", "model.hidden_size").out
    assert "model.hidden_size" in out and "100" in out and "lstm" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["modle=lstm"], "modle: no run has such a setting, group, figure or fact; did you mean 'model'?"),
        (["valid_ac>0.9"], "did you mean 'valid_acc'?"),
        (["--sort", "valid_ac"], "--sort valid_ac: no run has such"),
        (["lstm"], "lstm: expected KEY=VALUE"),
        (["valid_acc>high"], "valid_acc>high: expected a number after >, found 'high'"),
    ],
)
def test_a_condition_that_is_none_is_refused_in_one_line(
    call: Call, several: Path, words: list[str], said: str
) -> None:
    outcome = call("runs", *words)
    assert outcome.code == 2 and outcome.out == ""
    assert len(outcome.err.splitlines()) == 1 and said in outcome.err


def test_no_run_that_fits_is_said_with_the_value_it_may_have_meant(call: Call, several: Path) -> None:
    assert call("runs", "model=lstn").out == "none of 4 runs is like that; did you mean 'lstm'?\n"
    assert call("runs", "valid_acc>2").out == "none of 4 runs is like that\n"
