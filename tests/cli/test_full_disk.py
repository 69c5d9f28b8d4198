"""A disk that fills up while a net trains is told in one line, and the run does not count as finished."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors import SafetensorError

from tests.cli.test_bad_input import files_in
from tests.conftest import Outcome

FULL = os.strerror(errno.ENOSPC)
WRITTEN = ["summary.json", "metrics.csv", "last.safetensors", "report.html"]


@pytest.mark.parametrize("name", WRITTEN)
def test_a_training(
    name: str,
    call: Callable[..., Outcome],
    tiny: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before, replace = files_in(tmp_path), Path.replace

    def full(self: Path, target: Path) -> Path:
        if target.name == name and "run" in target.parts:
            raise OSError(errno.ENOSPC, FULL, str(self))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", full)
    outcome = call("train", *tiny, "hydra.run.dir=run", "engine=torch")
    told = [line for line in outcome.err.splitlines() if not line.startswith("note: ")]
    assert len(told) == 1 and told[0].startswith("error: ") and FULL in told[0] and name in told[0], outcome
    assert outcome.code in (1, 2) and "Traceback" not in outcome.err
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    if name == "summary.json":  # the run had not begun
        assert {path for path in files_in(tmp_path) - before if ".cache" not in path.parts} <= {
            tmp_path / "outputs"
        }
        return
    status = json.loads((tmp_path / "run" / "summary.json").read_text())["status"]
    assert status != "finished"
    assert not list((tmp_path / "run").rglob("*.tmp"))
    if name != "metrics.csv" and name != "last.safetensors":  # of which there is none yet to go on from
        assert call("train", "--resume", "run").code == 0
        assert json.loads((tmp_path / "run" / "summary.json").read_text())["status"] == "finished"


def test_a_checkpoint_names_the_file_that_there_was_no_room_for(
    call: Callable[..., Outcome], tiny: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise SafetensorError(f"Error while serializing: I/O error: {FULL} (os error 28)")

    monkeypatch.setattr("rnnlab.training.checkpoint.save_file", full)
    outcome = call("train", *tiny, "hydra.run.dir=run", "engine=torch")
    assert outcome.code == 1 and outcome.err.splitlines()[-1].endswith(f"best.safetensors: {FULL}")


def test_a_trial_that_counts_epochs_is_refused_before_anything_is_written(
    call: Callable[..., Outcome], tmp_path: Path
) -> None:
    for words in (["training.epochs=2"], ["training.evaluate_train=true"], ["training.batch_by_length=true"]):
        outcome = call("horizon", "--lengths", "5", "--models", "rnn", *words)
        assert outcome.code == 2 and outcome.out == "" and len(outcome.err.splitlines()) == 1
        assert words[0].partition("=")[0] in outcome.err and not files_in(tmp_path)
