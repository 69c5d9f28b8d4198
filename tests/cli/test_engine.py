"""`rnnlab train engine=scratch`: the same run folder as torch's, that every command reads."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file

from rnnlab import load_run
from tests.conftest import Outcome
from tests.times import without_times

Call = Callable[..., Outcome]


@pytest.fixture
def without_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spares the runs their figures and page."""
    monkeypatch.setattr("rnnlab.workflows.train.write_artifacts", lambda run: {})


def test_a_scratch_run_is_torchs_run_to_rounding(
    call: Call, tiny: list[str], tmp_path: Path, without_a_report: None
) -> None:
    words = [
        *tiny,
        "model=lstm",
        "optimizer.lr=0.01",
        "insert=end",
        "probe.every=1",
        "training.precision=float64",
        "training.evaluate_train=true",
    ]
    for engine in ("torch", "scratch"):
        outcome = call(
            "train", *words, "data.vectors=vectors.txt", f"engine={engine}", f"hydra.run.dir={engine}"
        )
        assert outcome.code == 0, outcome
    ours, theirs = tmp_path / "scratch", tmp_path / "torch"
    assert json.loads((ours / "summary.json").read_text())["engine"] == "scratch"
    files = [
        {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
        for folder in (ours, theirs)
    ]
    assert files[0] == files[1]

    tables = [path for path in files[0] if path.suffix == ".csv"]
    assert {path.name for path in tables} >= {
        "metrics.csv",
        "health.csv",
        "gradients.csv",
        "through_time.csv",
    }
    for path in tables:
        found, expected = (pd.read_csv(folder / path) for folder in (ours, theirs))
        if path.name == "metrics.csv":
            found, expected = without_times(found), without_times(expected)
            assert {"train_after_acc", "train_after_loss"} <= set(found)
        pd.testing.assert_frame_equal(found, expected, rtol=0, atol=1e-9)

    for name in ("last", "best"):
        found, expected = (
            load_file(folder / "checkpoints" / f"{name}.safetensors") for folder in (ours, theirs)
        )
        assert found.keys() == expected.keys() and "optimizer.0.exp_avg_sq" in found
        for key, value in expected.items():
            assert found[key].dtype == value.dtype
            np.testing.assert_allclose(found[key], value, rtol=0, atol=1e-10, err_msg=key)


@pytest.mark.slow
def test_every_command_reads_a_scratch_run(call: Call, tiny: list[str], tmp_path: Path) -> None:
    outcome = call("train", *tiny, "model=rnn", "engine=scratch", "hydra.run.dir=run")
    assert outcome.code == 0 and (tmp_path / "run" / "report.html").is_file(), outcome
    (tmp_path / "run" / "report.html").unlink()
    commands = [
        ["evaluate", "run"],
        ["predict", "run", "a great film"],
        ["grads", "--run", "run"],
        ["show", "run"],
        ["report", "run"],
    ]
    for words in commands:
        outcome = call(*words)
        assert outcome.code == 0, outcome
    assert (tmp_path / "run" / "report.html").is_file()
    rows = load_run(tmp_path / "run").predict("an awful plot")
    assert rows["Classifier probability"].between(0, 1).all()


def test_the_evaluation_of_a_scratch_run_by_torch_gives_its_last_row(
    call: Call, tiny: list[str], tmp_path: Path, without_a_report: None
) -> None:
    assert call("train", *tiny, "model=gru", "engine=scratch", "hydra.run.dir=run").code == 0
    with (tmp_path / "run" / "metrics.csv").open() as file:
        last = list(csv.DictReader(file))[-1]
    out = call("evaluate", "run").out
    assert f"{float(last['valid_acc']):.4f}" in out and f"{float(last['valid_loss']):.4f}" in out


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ["engine=numpy"],
            "error: engine: expected 'auto', 'torch', 'padded', 'scratch' or 'fused', found 'numpy'",
        ),
        (
            ["optimizer=rmsprop", "optimizer.maximize=true", "engine=scratch"],
            "error: optimizer.maximize: engine=scratch has only lr, alpha, eps, weight_decay, momentum, ",
        ),
    ],
)
def test_what_the_engine_lacks_is_one_line_and_writes_nothing(
    words: list[str], line: str, call: Call, tiny: list[str], tmp_path: Path
) -> None:
    before = set(tmp_path.rglob("*"))
    outcome = call("train", *tiny, *words)
    assert outcome.code == 2 and outcome.err.startswith(line) and outcome.err.count("\n") == 1, outcome
    assert set(tmp_path.rglob("*")) == before


OWN_ADAM = """
import torch


class Adam(torch.optim.Adam):
    def step(self, closure=None):
        raise RuntimeError("of one's own")
"""


def test_an_optimizer_of_ones_own_that_is_called_as_torchs_is_not_taken_for_it(
    call: Call, tiny: list[str], tmp_path: Path
) -> None:
    (tmp_path / "own_adam.py").write_text(OWN_ADAM)
    words = ["optimizer._target_=own_adam.Adam", "engine=scratch", "--module", "own_adam"]
    outcome = call("train", *tiny, *words)
    assert outcome.code == 2, outcome
    assert outcome.err.startswith(
        "error: optimizer: engine=scratch has sgd, adam, adamw, rmsprop, found Adam; "
    )
