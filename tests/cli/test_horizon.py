"""`rnnlab horizon`: trials that are trainings, resumed, stopped in time, and refused in one line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from tests.conftest import Command, Outcome

Call = Callable[..., Outcome]
SMALL = ["model.hidden_size=4", "training.steps=20", "training.validate_every=10", "task.valid_examples=64"]
ASKED = [*SMALL, "--models", "default,gru", "--lengths", "1,2,6", "--seeds", "2", "--workers", "1"]


def without_seconds(folder: Path) -> list[dict[str, Any]]:
    table = pd.read_csv(folder / "trials.csv").drop(columns="seconds")
    return table.astype(object).where(table.notna(), None).to_dict("records")


def only_folder(tmp_path: Path) -> Path:
    (folder,) = (tmp_path / "outputs").iterdir()
    return folder


def test_a_horizon_is_taken_up_where_it_stopped(call: Call, tmp_path: Path) -> None:
    done = call("horizon", *ASKED, "--criterion", "0.9")
    assert done.code == 0, done.err
    folder = only_folder(tmp_path)
    assert folder.name.startswith("horizon-recall-")
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    tables = {"trials.csv", "horizon.csv", "leaderboard.csv", "settings.yaml"}
    assert names == {*tables, "figures/horizon.png"}
    first = without_seconds(folder)
    assert len(first) == 12 and any(row["success"] for row in first)
    made = sum(row["tried"] for row in first)

    lines = (folder / "trials.csv").read_text().splitlines(keepends=True)
    (folder / "trials.csv").write_text("".join(lines[:3]))
    again = call("horizon", *ASKED, "--criterion", "0.9")
    assert again.code == 0 and "2 trials are there already" in again.err
    assert without_seconds(folder) == first
    third = call("horizon", *ASKED, "--criterion", "0.9")
    assert third.code == 0 and "to go" not in third.err and third.out == again.out
    assert "validation loss < 0.9 × baseline" in third.err and made


def test_a_trial_is_the_training_of_rnnlab_train(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rnnlab.workflows.train.write_artifacts", lambda run: {})
    assert call("horizon", *SMALL, "--models=identity", "--lengths=3", "--seeds=2", "--workers=1").code == 0
    trials = pd.read_csv(only_folder(tmp_path) / "trials.csv")
    words = [
        "experiment=memory/horizon",
        *SMALL,
        "model=rnn",
        "model.init=identity",
        "task.length=3",
        "seed=2",
    ]
    assert call("train", *words, "hydra.run.dir=outputs/one").code == 0
    metrics = pd.read_csv(tmp_path / "outputs" / "one" / "metrics.csv")
    assert metrics["step"].tolist() == [0, 10, 20]
    assert trials["best"].iloc[1] == metrics["valid_loss"].min()


@pytest.mark.slow
def test_cells_of_every_kind_stand_on_one_leaderboard(call: Call, tmp_path: Path) -> None:
    models = ["rnn", "lstm", "gru", "mingru", "lru", "slstm", "indrnn"]
    words = ["--models", ",".join(models), "--lengths=2", "--seeds=1", "--workers=1"]
    done = call("horizon", *SMALL, *words)
    assert done.code == 0, done.err
    assert sorted(pd.read_csv(only_folder(tmp_path) / "leaderboard.csv")["model"]) == sorted(models)


def test_no_seed_at_a_length_means_no_trial_beyond_it(call: Call, tmp_path: Path) -> None:
    done = call("horizon", *ASKED, "--criterion", "0.000001")
    table = pd.read_csv(only_folder(tmp_path) / "trials.csv")
    assert done.code == 0 and table.loc[table["tried"], "length"].unique().tolist() == [1]
    assert not table["success"].any() and table.loc[~table["tried"], "steps"].isna().all()
    assert "(0/2)" in done.out
    horizon = pd.read_csv(only_folder(tmp_path) / "horizon.csv")
    assert horizon["tried"].tolist() == [2, 0, 0] * 2 and set(horizon["number"]) == {2}


def test_bisection_halves_the_lengths_for_each_seed(call: Call, tmp_path: Path) -> None:
    done = call("horizon", *ASKED, "--search", "bisection", "--criterion", "0.000001")
    table = pd.read_csv(only_folder(tmp_path) / "trials.csv")
    assert done.code == 0 and sorted(table.loc[table["tried"], "length"].unique()) == [1, 2]


def test_what_the_time_does_not_allow_is_said_and_made_later(call: Call, tmp_path: Path) -> None:
    none = call("horizon", *ASKED, "--max-minutes", "0")
    assert none.code == 0 and "no trial could be finished in the time given" in none.err
    assert {path.name for path in only_folder(tmp_path).iterdir()} == {"settings.yaml"}
    assert call("horizon", *ASKED, "--max-minutes", "60").code == 0
    assert (only_folder(tmp_path) / "leaderboard.csv").is_file()


def test_a_trial_under_way_when_the_time_is_up_is_left(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "rnnlab.workflows.horizon.search._costs", lambda *_: dict.fromkeys([("default", 5)], 0.0)
    )
    words = ["training.steps=1000000", "--models=default", "--lengths=5", "--seeds=1", "--workers=1"]
    done = call("horizon", *words, "--criterion", "0.000001", "--max-minutes", "0.01")
    assert done.code == 0 and "no trial could be finished" in done.err


def test_a_training_that_diverges_is_a_failure(call: Call, tmp_path: Path) -> None:
    words = ["optimizer=sgd", "optimizer.lr=1e30", "training.clip_norm=null", *ASKED]
    assert call("horizon", *words).code == 0
    table = pd.read_csv(only_folder(tmp_path) / "trials.csv")
    assert not table["success"].any() and len(table) == 12


def test_other_settings_do_not_mix_with_what_is_there(call: Call, tmp_path: Path) -> None:
    assert call("horizon", *ASKED, "-o", "here").code == 0
    before = (tmp_path / "here" / "trials.csv").read_text()
    other = call("horizon", *ASKED, "optimizer.lr=0.5", "-o", "here")
    assert other.code == 2 and "other settings (configurations); choose another --output" in other.err
    assert len(other.err.strip().splitlines()) == 1
    assert "(success)" in call("horizon", *ASKED, "--criterion", "0.2", "-o", "here").err
    assert (tmp_path / "here" / "trials.csv").read_text() == before
    assert yaml.safe_load((tmp_path / "here" / "settings.yaml").read_text())["seeds"] == 2
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    assert call("horizon", *ASKED, "-o", "full").code == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--models", "lsmt"], "did you mean 'lstm'?"),
        (["--models", "idntity"], "did you mean 'identity'?"),
        (["--models", "gru,gru"], "--models: expected different values"),
        (["--lengths", "5,ten"], "--lengths: expected whole numbers"),
        (["--lengths", "0,5"], "--lengths: expected whole numbers of 1 or more, found 0"),
        (["--lengths", ""], "--lengths: expected whole numbers"),
        (["--criterion", "0"], "--criterion: expected a number above 0"),
        (["model=gru"], "model=gru: --models says which"),
        (["task.length=7"], "task.length=7: --lengths says which"),
        (["seed=3"], "seed=3: --seeds says which"),
        (["task=classification"], "task=classification: has no examples of any length"),
        (["task=recal"], "did you mean 'recall'?"),
        (["--accuracy", "0.9"], "--accuracy: task=recall measures only loss"),
        (["training.stepz=5"], "did you mean 'steps'?"),
        (["model.hidden_size=0"], "model.hidden_size: expected greater than 0"),
    ],
    ids=lambda value: "_".join(value) if isinstance(value, list) else None,
)
def test_misuse_is_one_line_and_leaves_nothing_behind(
    words: list[str], said: str, call: Call, tmp_path: Path
) -> None:
    outcome = call("horizon", *words)
    assert outcome.code == 2 and said in outcome.err, outcome
    assert outcome.err.strip().splitlines()[-1].startswith("error: ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_processes_of_their_own_find_the_same(rnnlab: Command, tmp_path: Path) -> None:
    for workers in ("1", "2"):
        done = rnnlab("horizon", *ASKED[:-1], workers, "--criterion", "0.9", "-o", f"with{workers}")
        assert done.returncode == 0, done.stderr
    assert without_seconds(tmp_path / "with1") == without_seconds(tmp_path / "with2")


def test_a_setting_that_only_one_of_the_models_has_is_taken(call: Call) -> None:
    asked = ["--models", "lstm", "--lengths", "3", "--seeds", "1", "training.steps=2", "model.forget_bias=3"]
    done = call("horizon", *asked)
    assert done.code == 0 and "LSTM" in done.out, done.err


def test_a_search_without_a_budget_is_refused(call: Call) -> None:
    done = call("horizon", "training.steps=null")
    assert done.code == 2 and "training.steps: a value is needed" in done.err
