"""`rnnlab compare`: what a person sees of repeats, and what is refused."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import rnnlab
from tests.conftest import Outcome
from tests.runs_made_up import change, make_run

Call = Callable[..., Outcome]


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """A sweep of two models with seven seeds each, which cannot be mistaken for each other."""
    folder = tmp_path / "outputs" / "sweep-one"
    for number, (model, seed) in enumerate((m, s) for m in ("lstm", "rnn") for s in range(1, 8)):
        accuracy = (0.9 if model == "lstm" else 0.8) + seed / 1000
        make_run(
            folder / f"{number}-{model}", [0.5, accuracy], seed, {}, {"experiment": None, "model": model}
        )
        config = folder / f"{number}-{model}" / "config.yaml"
        config.write_text(config.read_text() + f"model: {{_target_: {model}}}\n")
    return folder


@pytest.mark.parametrize("words", [["sweep-one"], ["outputs/sweep-one"], ["sweep"], ["one"], ["latest"]])
def test_a_sweep_is_compared_by_any_of_its_names(call: Call, sweep: Path, words: list[str]) -> None:
    outcome = call("compare", *words)
    assert outcome.code == 0
    assert "│ 1   │ lstm  │ 7 │ 0.9040 │" in outcome.out and "│ 1 – 2 │ 7 │ 0.1000 │" in outcome.out
    assert "model=lstm and model=rnn are told apart" in outcome.out and "0.016" in outcome.out
    assert pd.read_csv(sweep / "comparison.csv")["model"].tolist() == ["lstm", "rnn"]
    assert len(pd.read_csv(sweep / "comparison_pairs.csv")) == 1
    assert (sweep / "figures" / "comparison.png").is_file()


def test_several_runs_leave_files_only_where_asked(call: Call, sweep: Path, tmp_path: Path) -> None:
    runs = [str(path.relative_to(tmp_path)) for path in sweep.iterdir()]
    assert call("compare", *runs).code == 0 and not (sweep / "comparison.csv").exists()
    outcome = call("compare", *runs, "-o", "new/folder")
    assert "figure: new/folder/figures/comparison.png" in outcome.out
    assert (tmp_path / "new" / "folder" / "figures" / "comparison.png").is_file()


def test_formats_are_for_programs(call: Call, sweep: Path) -> None:
    groups = pd.read_csv(io.StringIO(call("compare", "sweep-one", "--format", "csv").out))
    assert groups["n"].tolist() == [7, 7]
    pairs = pd.read_csv(io.StringIO(call("compare", "sweep-one", "--format", "csv", "--pairs").out))
    assert pairs["verdict"].tolist() == ["told apart"]
    assert json.loads(call("compare", "sweep-one", "--format", "json").out)["metric"] == "valid_acc"
    assert "| 1 | lstm |" in call("compare", "sweep-one", "--format", "md").out
    assert r"\toprule" in call("compare", "sweep-one", "--format", "latex").out


def test_unfinished_runs_are_left_out_by_name(call: Call, sweep: Path) -> None:
    change(sweep / "0-lstm", status="failed", error="the loss is nan")
    change(sweep / "1-lstm", status="running")
    outcome = call("compare", "sweep-one")
    assert outcome.code == 0 and "│ 5 │" in outcome.out
    said = "have not finished: 2 runs: 0-lstm (failed: the loss is nan), 1-lstm (unfinished)"
    assert said in outcome.err and "5 seeds in common" in outcome.err
    for folder in sweep.iterdir():
        if (folder / "summary.json").is_file():
            change(folder, status="interrupted")
    outcome = call("compare", "sweep-one")
    assert outcome.code == 2 and "none of 14 runs has finished" in outcome.err


def test_runs_whose_time_was_up_are_named(call: Call, sweep: Path) -> None:
    change(sweep / "0-lstm", stopped="stopped by training.max_minutes=1")
    said = "their last round, with the figures of then: 0-lstm (stopped by training.max_minutes=1)"
    outcome = call("compare", "sweep-one")
    assert said in outcome.err and "left out" not in outcome.err and "│ 7 │" in outcome.out


def test_runs_without_a_figure_in_common_are_refused_by_name(call: Call, sweep: Path, tmp_path: Path) -> None:
    make_run(tmp_path / "outputs" / "none", [0.5], final=None, best=None)
    none = call("compare", "sweep-one", "none")
    assert none.code == 2 and "outputs/none: has no figures to compare" in none.err
    series = {"epoch": 1, "train_loss": 0.1, "seconds": 1.0}
    make_run(tmp_path / "outputs" / "other", [0.5], final=series, best=series, monitor="train_acc")
    other = call("compare", "sweep-one", "other")
    assert other.code == 2 and "name one with --metric (train_loss, seconds, " in other.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sweep-one", "--metric", "valid_lss"], "did you mean 'valid_loss'"),
        (["sweep-one", "--by", "insrt"], "did you mean 'insert'"),
        (["sweep-one", "--by", "seed"], "the seed is what"),
        (["sweep-two"], "no run 'sweep-two' in outputs/; did you mean 'sweep-one'?"),
        (["onee"], "no run 'onee' in outputs/; did you mean 'one'?"),
        (["latst"], "did you mean 'latest'?"),
        (["sweep-one", "--pairs"], "makes sense only with --format csv"),
        (["empty"], "empty: no run in it"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    call: Call, sweep: Path, tmp_path: Path, words: list[str], said: str
) -> None:
    (tmp_path / "empty").mkdir()
    outcome = call("compare", *words)
    assert outcome.code == 2 and outcome.out == "" and not (sweep / "comparison.csv").exists()
    assert len(outcome.err.splitlines()) == 1 and said in outcome.err


def test_control_characters_of_a_run_do_not_reach_the_terminal(call: Call, sweep: Path) -> None:
    change(sweep / "0-lstm", status="failed", error="\x1b[31mred", machine="\x1b]0;title\x07")
    change(sweep / "1-lstm", machine="\x1b]0;title\x07")
    outcome = call("compare", "sweep-one")
    assert "\x1b" not in outcome.out + outcome.err and r"\x1b[31mred" in outcome.err


def test_from_python_it_is_one_call(sweep: Path) -> None:
    found = rnnlab.compare(sweep, by=["model"], metric="train_loss")
    assert found.groups["model"].tolist() == ["lstm", "rnn"] and found.pairs["p"][0] == 2 / 128
    assert "told apart" in found.sentences[0] and "<table" in found._repr_html_()
