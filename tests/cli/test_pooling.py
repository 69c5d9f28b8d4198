"""Every command on a net that pools its states by attention, and what is refused."""

import csv
import io
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import Outcome

Call = Callable[..., Outcome]


@pytest.fixture
def run(call: Call, tiny: list[str]) -> Path:
    words = [*tiny, "model=birnn", "model.pooling=attention", "model.hidden_size=6", "insert=start"]
    assert call("train", *words, "training.epochs=1", "hydra.run.dir=outputs/run").code == 0
    return Path("outputs/run")


@pytest.mark.slow
def test_every_command_takes_a_run_that_pools(call: Call, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {
        name: call(name, "run", *words)
        for name, words in {
            "through-time": ["--texts", "8", "--distances", "4"],
            "positions": ["--steps", "2"],
            "pairs": [],
            "evaluate": [],
            "weights": [],
            "doctor": [],
            "report": [],
            "probe": ["health"],
        }.items()
    }
    told["grads"] = call("grads", "--run", "run")
    for name, outcome in told.items():
        assert outcome.code == 0, (name, outcome.err)
    assert "attention.query.weight" in told["weights"].out and "attention.query.weight" in told["probe"].out
    assert "model.pooling=attention: each state has a share of its own" in told["through-time"].out
    assert pd.read_csv(run / "through_time.csv")["pooling"].unique().tolist() == ["attention"]
    assert re.search(r"vanished early gradients +│ no", told["doctor"].out)

    traced = call("predict", "run", "great awful zorblax film", "fine", "--trace", "--format", "csv")
    rows = pd.DataFrame(csv.DictReader(io.StringIO(traced.out))).astype({"Attention": float})
    assert rows["Token"].tolist() == ["great", "awful", "zorblax", "film", "fine"]
    assert rows.groupby("Text")["Attention"].sum().tolist() == pytest.approx([1.0, 1.0], abs=1e-12)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    shown = call("predict", "run", "great awful film", "--trace").out
    assert len(re.findall(r"0\.\d\d \(0\.\d{3}\)", shown)) == 3 and "which add up to 1.000" in shown


def test_the_drawn_graph_has_the_attention(call: Call, tiny: list[str]) -> None:
    words = ["model=rnn", "model.pooling=attention", "--length", "2", "hydra.run.dir=graph"]
    outcome = call("graph", *tiny, *words)
    assert outcome.code == 0, outcome.err
    assert "W_attention" in Path("graph/graph.svg").read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["model=boe", "model.pooling=mean"],
            "error: model.pooling: no such key with model=boe (there are: head_size, dropout)",
        ),
        (
            ["model=rnn", "model.pooling=avg"],
            "error: model.pooling: expected 'last', 'mean', 'max', 'mean_max' or 'attention', found 'avg'",
        ),
        (
            ["model=gru", "task=copy", "model.pooling=max"],
            "error: model.pooling: task=copy asks at every step, so that no states are pooled; "
            "expected last, found 'max'",
        ),
    ],
)
def test_what_cannot_be_pooled_is_refused_in_a_line(
    call: Call, tmp_path: Path, words: list[str], message: str
) -> None:
    outcome = call("train", *words)
    assert (outcome.code, outcome.err.strip()) == (2, message)
    assert list(tmp_path.iterdir()) == []
