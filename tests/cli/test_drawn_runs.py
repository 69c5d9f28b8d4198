"""Runs of tasks that draw their examples leave whole folders, with what their nets do."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import Outcome

FOUND = {
    "adding": (["task.length=4"], "scatter"),
    "copy": (["task.length=2"], None),
    "halves": (["task.longest=2"], "lengths"),
    "palindrome": (["task.length=4", "task.differ=one"], "lengths"),
}


@pytest.mark.parametrize("task", sorted(FOUND))
def test_a_run_shows_its_baselines_and_what_its_net_does(
    task: str, call: Callable[..., Outcome], tmp_path: Path
) -> None:
    words, found = FOUND[task]
    short = ["training.steps=4", "training.validate_every=2", "task.valid_examples=8", "model.hidden_size=4"]
    outcome = call("train", f"task={task}", *words, *short, "hydra.run.dir=run")
    assert outcome.code == 0, outcome
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["status"] == "finished" and summary["examples"] == {"valid": 8, "test": 8}
    assert pd.read_csv(tmp_path / "run" / "metrics.csv")["step"].tolist() == [0, 2, 4]
    report = (tmp_path / "run" / "report.html").read_text()
    if found:
        assert len(pd.read_csv(tmp_path / "run" / f"{found}.csv")) >= 8
        assert (tmp_path / "run" / "figures" / f"{found}.png").stat().st_size > 0
        assert "What the net does" in report
    if task == "copy":
        assert "accuracy (share of steps)" in report and "recall accuracy" in report
    shown = call("evaluate", "run", "--split", "test").out
    for metric, rules in summary["baselines"].items():
        for rule, value in rules.items():
            assert metric in shown and rule in shown and f"{value:.4f}" in shown
