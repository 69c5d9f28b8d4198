"""`rnnlab runs` and `rnnlab show`: what a person sees of run folders, also of broken ones."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Outcome

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
