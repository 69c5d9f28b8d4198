"""`rnnlab train --profile`: where a run's time went."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import Outcome

Call = Callable[..., Outcome]
QUICK = ("model=rnn", "training.epochs=2", "model.hidden_size=4")


@pytest.fixture
def profiled(call: Call) -> tuple[Outcome, Path]:
    outcome = call("train", *QUICK, "--profile")
    assert outcome.code == 0, outcome
    (line,) = (line for line in outcome.out.splitlines() if line.startswith("run folder: "))
    return outcome, Path(line.removeprefix("run folder: "))


def test_a_profile_says_where_the_time_went_and_adds_up_to_it(profiled: tuple[Outcome, Path]) -> None:
    outcome, folder = profiled
    rows = pd.read_csv(folder / "profile.csv").set_index("part")
    outermost = rows[~rows.index.str.contains("/")]
    parts = ["start-up and imports", "configuration", "data", "model", "records", "evaluation", "training"]
    assert {*parts, "probes", "checkpoints", "report", "other"} <= set(outermost.index)
    assert outermost["seconds"][:-1].sum() == pytest.approx(outermost["seconds"]["total"])
    assert rows.index[-1] == "total"
    training = rows[rows.index.str.startswith("training/")]
    steps = dict.fromkeys(["training/forward", "training/backward", "training/update"], 2 * 125)
    assert training["calls"].to_dict() == {"training/batches": 2 * 126, **steps, "training/other": 1}
    assert {"probes/gradients", "probes/through_time", "report/figures", "report/page"} <= set(rows.index)
    assert "Where the time went" in outcome.out and f"{rows['seconds']['total']:.3f}" in outcome.out


def test_its_trace_holds_the_same_spans(profiled: tuple[Outcome, Path]) -> None:
    _, folder = profiled
    rows = pd.read_csv(folder / "profile.csv").set_index("part")
    events = json.loads((folder / "trace.json").read_text())["traceEvents"]
    forward = sum(event["dur"] for event in events if event["name"] == "forward") / 1e6
    assert forward == pytest.approx(rows["seconds"]["training/forward"], rel=1e-3)


def test_without_the_option_nothing_is_written(call: Call) -> None:
    outcome = call("train", *QUICK, "training.epochs=1", "probe.every=null", "hydra.run.dir=run")
    assert outcome.code == 0, outcome
    assert not {"profile.csv", "trace.json"} & {path.name for path in Path("run").iterdir()}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("-m", "model=rnn,lstm"),
            "--profile: expected one training, found a sweep; profile one of its runs",
        ),
        (("--cfg", "job"), "--profile and --cfg: make no sense together; leave one of them out"),
    ],
)
def test_what_is_not_one_training_has_no_profile(words: tuple[str, ...], message: str, call: Call) -> None:
    outcome = call("train", *words, "--profile")
    assert outcome.code == 2
    assert outcome.err.strip() == f"error: {message}"
    assert not Path("outputs").exists()
