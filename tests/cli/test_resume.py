"""`rnnlab train --resume`: what goes on, what is refused, how a run is told that nobody trains any more."""

import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

import rnnlab
from rnnlab.runs.writer import RunWriter
from rnnlab.workflows.verify_resume import ResumeError, Verification, digests, verify_resume
from tests.cli.conftest import Start, wait_for_rows
from tests.conftest import Outcome

Call = Callable[..., Outcome]
WORDS = ["engine=torch", "insert=end", "optimizer.lr=0.05", "probe.every=0", "data.test=valid.tsv"]
# Where a shell starts the tests in the background, Ctrl-C is ignored from birth; a person's is not.


@pytest.fixture
def without_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spares runs of this process their figures and page."""
    monkeypatch.setattr("rnnlab.workflows.artifacts.write_tables", lambda run: {})
    monkeypatch.setattr("rnnlab.workflows.train.write_artifacts", lambda run: {})


def summary_of(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "summary.json").read_text()))


def set_summary(folder: Path, **facts: object) -> None:
    (folder / "summary.json").write_text(json.dumps(summary_of(folder) | facts))


@pytest.fixture
def finished(call: Call, tiny: list[str], tmp_path: Path, without_a_page: None) -> Path:
    """A run of two epochs, `outputs/one`."""
    assert call("train", *tiny, *WORDS, "hydra.run.dir=outputs/one").code == 0
    return tmp_path / "outputs" / "one"


def test_a_finished_run_trains_further_as_if_it_had_been_asked_for_at_once(
    call: Call, finished: Path, tiny: list[str], tmp_path: Path
) -> None:
    (finished / "evaluation.csv").write_text("about\nthe net of two epochs\n")
    for leftover in (".metrics.csv.17.abc.tmp", "checkpoints/.tmp4zCDKK"):  # of a process that was killed
        (finished / leftover).touch()
    outcome = call("train", "--resume", "one", "training.epochs=4")
    assert outcome.code == 0, outcome.err
    assert "note: goes on after epoch 2" in outcome.err and "evaluation.csv" in outcome.err
    assert [line.split()[0] for line in outcome.out.splitlines()[1:3]] == ["3", "4"]
    whole = [word for word in tiny if not word.startswith("training.epochs")]
    assert call("train", *whole, "training.epochs=4", *WORDS, "hydra.run.dir=outputs/whole").code == 0
    found, expected = digests(finished), digests(tmp_path / "outputs" / "whole")
    assert set(found) > {
        "metrics.csv",
        "checkpoints/last.safetensors",
        "probes/gradients.csv",
        "summary.json",
    }
    assert found | {"config.yaml": ""} == expected | {"config.yaml": ""}
    folders = (finished, tmp_path / "outputs" / "whole")
    configs = [yaml.safe_load((folder / "config.yaml").read_text()) for folder in folders]
    assert configs[0] == configs[1]
    summary = summary_of(finished)
    assert summary["status"] == "finished" and summary["command"].endswith("training.epochs=4")
    assert [entry["from"] for entry in summary["resumed"]] == ["epoch 2"]
    assert "epoch=4" in (finished / "train.log").read_text()


def test_an_interrupted_training_goes_on_from_python_as_well(
    tiny: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, without_a_page: None
) -> None:
    monkeypatch.chdir(tmp_path)
    words = [*tiny, *WORDS, "training.epochs=4", "model.dropout=0.3"]
    rnnlab.train(*words, "hydra.run.dir=whole", progress=False)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(
            "rnnlab.workflows.callbacks.Shown.on_row", lambda _, row: row.epoch == 2 and interrupt()
        )
        with pytest.raises(KeyboardInterrupt):
            rnnlab.train(*words, "hydra.run.dir=one", progress=False)
    assert summary_of(tmp_path / "one")["status"] == "interrupted"
    run = rnnlab.resume(tmp_path / "one", progress=False)
    assert run.summary["status"] == "finished" and run.metrics["epoch"].tolist() == [0, 1, 2, 3, 4]
    assert digests(tmp_path / "one") == digests(tmp_path / "whole")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["seed=2"], "seed: a run that goes on keeps it; recorded 1, asked for 2"),
        (["optimizer.lr=0.1"], "optimizer.lr: a run that goes on keeps it; recorded 0.05, asked for 0.1"),
        (["model=lstm"], "model: a run that goes on keeps it"),
        (["data.train=other.tsv"], "recorded 'train.tsv', asked for 'other.tsv'"),
        (["training.epoch=3"], "training.epoch: no such key; did you mean 'training.epochs'?"),
        (["training.epochs=1"], "training.epochs: the run has come to epoch 2; expected more, found 1"),
        (["training.epochs=0"], "training.epochs: expected greater than 0, found 0"),
        (["training.epochs=3,4"], "--resume takes KEY=VALUE of training.epochs"),
        (["hydra.run.dir=x"], "--resume takes KEY=VALUE of training.epochs"),
        (["-m"], "--resume and --multirun: make no sense together"),
        (["--profile"], "--resume and --profile: make no sense together"),
        (["--dry-run"], "--resume and an option of sweeps: make no sense together"),
    ],
)
def test_what_a_run_that_has_begun_cannot_have_is_refused(
    words: list[str], said: str, call: Call, finished: Path
) -> None:
    before = {path: path.read_bytes() for path in finished.rglob("*") if path.is_file()}
    outcome = call("train", "--resume", "one", *words)
    assert outcome.code == 2 and said in outcome.err and len(outcome.err.splitlines()) == 1
    assert before == {path: path.read_bytes() for path in finished.rglob("*") if path.is_file()}


def test_words_that_say_what_the_run_is_change_nothing(call: Call, finished: Path) -> None:
    outcome = call("train", "--resume", "one", "model=boe", "seed=1", "training.epochs=2")
    assert outcome.code == 0 and outcome.out == ""
    assert outcome.err == "one: finished; for more: training.epochs=4\n"


@pytest.mark.parametrize("file", ["train", "valid"])
def test_data_that_has_changed_is_refused_by_name(
    file: str, call: Call, finished: Path, tmp_path: Path
) -> None:
    path = tmp_path / f"{file}.tsv"
    path.write_text(path.read_text() + path.read_text().splitlines()[0] + "\n")
    outcome = call("train", "--resume", "one", "training.epochs=3")
    assert outcome.code == 2 and f"{file}.tsv: data.{file} has changed since the run" in outcome.err


def test_a_run_in_the_hands_of_another_process_is_left_alone(call: Call, finished: Path) -> None:
    set_summary(finished, status="running")
    with RunWriter.of_run(finished):
        outcome = call("train", "--resume", "one")
    assert outcome.code == 2 and f"is being trained by process {os.getpid()} on " in outcome.err
    set_summary(finished, process=summary_of(finished)["process"] | {"host": "node-7"})
    assert "running on node-7" in call("runs").out
    outcome = call("train", "--resume", "one")
    assert outcome.code == 2 and "on node-7; add --force if that has ended" in outcome.err
    assert call("train", "--resume", "one", "--force").code == 0
    assert summary_of(finished)["status"] == "finished"


def test_a_schedule_that_follows_the_number_of_epochs_is_not_changed_without_a_word(
    call: Call, tiny: list[str], tmp_path: Path, without_a_page: None
) -> None:
    assert call("train", *tiny, "engine=torch", "scheduler=cosine", "hydra.run.dir=outputs/one").code == 0
    outcome = call("train", "--resume", "one", "training.epochs=4")
    assert outcome.code == 2 and "training.epochs: scheduler.T_max follows it" in outcome.err
    assert "scheduler.T_max=2" in outcome.err
    assert call("train", "--resume", "one", "training.epochs=4", "scheduler.T_max=2").code == 0
    words = ["training.epochs=4", "scheduler.T_max=2", "hydra.run.dir=outputs/whole"]
    assert call("train", *tiny[:-2], tiny[-1], "engine=torch", "scheduler=cosine", *words).code == 0
    last = [tmp_path / "outputs" / name / "checkpoints/last.safetensors" for name in ("one", "whole")]
    assert last[0].read_bytes() == last[1].read_bytes()


def test_steps_go_on_only_from_where_a_longer_run_is_validated(
    call: Call, tmp_path: Path, without_a_page: None
) -> None:
    words = ["task=recall", "task.length=3", "model=rnn", "engine=torch", "training.validate_every=4"]
    assert call("train", *words, "training.steps=6", "hydra.run.dir=outputs/one").code == 0
    outcome = call("train", "--resume", "one", "training.steps=12")
    assert outcome.code == 2 and "the run is at step 6, where one of 12 steps is not validated" in outcome.err
    assert call("train", *words, "training.steps=8", "hydra.run.dir=outputs/two").code == 0
    assert call("train", "--resume", "two", "training.steps=12").code == 0
    steps = pd.read_csv(tmp_path / "outputs" / "two" / "metrics.csv")["step"]
    assert steps.tolist() == [0, 4, 8, 12]


def test_a_run_killed_while_its_report_was_drawn_is_told_so_and_completed(
    call: Call, tiny: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("rnnlab.reports.run_report.write_page", fail)
        outcome = call("train", *tiny, "engine=torch", "data.test=valid.tsv", "hydra.run.dir=outputs/one")
    assert outcome.code == 1 and "No space left" in outcome.err
    folder = tmp_path / "outputs" / "one"
    set_summary(folder, process=summary_of(folder)["process"] | {"began": "an earlier boot"})
    assert summary_of(folder)["status"] == "trained" and "trained" in call("runs").out
    assert "report is missing" in call("show", "one").out
    assert call("train", "--resume", "one").code == 0
    assert summary_of(folder)["status"] == "finished" and "finished" in (folder / "report.html").read_text()
    assert call("train", *tiny, "engine=torch", "data.test=valid.tsv", "hydra.run.dir=outputs/two").code == 0
    assert digests(folder) == digests(tmp_path / "outputs" / "two")


@pytest.mark.slow
def test_sigterm_interrupts_as_ctrl_c_does_and_what_it_left_goes_on(
    start: Start, call: Call, tiny: list[str], tmp_path: Path, without_a_page: None
) -> None:
    words = [*tiny, "engine=torch", "training.epochs=100000", "hydra.run.dir=outputs/one"]
    process = start("train", *words, "training.checkpoint_every=2")
    wait_for_rows(process, 3)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=600)
    assert process.returncode == 143 and "Traceback" not in err
    assert err.endswith("go on with: rnnlab train --resume one\n")
    folder = tmp_path / "outputs" / "one"
    assert summary_of(folder)["status"] == "interrupted"
    epochs = len(pd.read_csv(folder / "metrics.csv")) + 2
    outcome = call("train", "--resume", "latest", f"training.epochs={epochs}")
    assert outcome.code == 0, outcome.err
    words = [*tiny, "engine=torch", f"training.epochs={epochs}", "training.checkpoint_every=2"]
    assert call("train", *words, "hydra.run.dir=outputs/whole").code == 0
    found, expected = digests(folder), digests(tmp_path / "outputs" / "whole")
    assert found | {"config.yaml": ""} == expected | {"config.yaml": ""}


WAITS = """
import time
import torch

class Waits(torch.optim.SGD):
    def __init__(self, params, *, lr: float = 0.1) -> None:
        super().__init__(params, lr=lr)
    def step(self, closure=None):
        if len(self.param_groups[0]["params"]) > 1:  # and not merely tried out
            try:
                print("waiting", flush=True)
                time.sleep(600)
            finally:
                print("ending", flush=True)
                time.sleep(600)
        return super().step(closure)
"""


@pytest.mark.slow
def test_a_second_signal_ends_at_once(start: Start, tiny: list[str], tmp_path: Path) -> None:
    (tmp_path / "waits.py").write_text(WAITS)
    (tmp_path / "configs" / "optimizer").mkdir(parents=True)
    (tmp_path / "configs" / "optimizer" / "waits.yaml").write_text("_target_: waits.Waits\n")
    words = ["optimizer=waits", "--module", "waits", "engine=torch", "hydra.run.dir=run"]
    process = start("train", *tiny, *words)
    wait_for_rows(process, 1)
    assert process.stdout is not None and process.stdout.readline() == "waiting\n"
    process.send_signal(signal.SIGTERM)
    assert process.stdout.readline() == "ending\n"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGTERM


def test_what_differs_is_named(tmp_path: Path, trained: Path) -> None:
    one, other = (tmp_path / name for name in ("one", "other"))
    for folder in (one, other):
        shutil.copytree(trained / "outputs" / "one", folder)
    assert digests(one) == digests(other)
    rows = (other / "metrics.csv").read_text().splitlines(keepends=True)
    (other / "metrics.csv").write_text("".join(rows[:-1]) + rows[-1].replace("0.", "1.", 1))
    different = {name for name, digest in digests(one).items() if digests(other)[name] != digest}
    assert different == {"metrics.csv"}
    table = pd.DataFrame(
        [["metrics.csv", "a", "b", "0 of 1"]], columns=["file", "uninterrupted", "resumed", "same"]
    )
    with pytest.raises(ResumeError, match=r"differ in metrics\.csv; they are kept in kept"):
        Verification(table, {}, 1, Path("kept")).check()


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ["model=rnn", "engine=torch", "optimizer=adam"],
        ["model=mingru", "engine=fused", "optimizer=sgd"],
        ["task=recall", "task.length=4", "model=rnn", "training.steps=60", "training.validate_every=10"],
    ],
    ids=["torch", "fused", "stream"],
)
def test_killed_trainings_end_as_uninterrupted_ones(
    words: list[str], tiny: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data = [] if "task=recall" in words else [*tiny[:-3], "training.epochs=8", "model.dropout=0.2"]
    found = verify_resume([*data, *words, "training.checkpoint_every=2"], kills=4)
    found.check()
    assert sum(found.kills.values()) == 4 and found.runs >= 1
    assert {"metrics.csv", "checkpoints/last.safetensors", "report.html"} <= set(found.files["file"])
