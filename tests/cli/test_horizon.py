"""`rnnlab horizon`: trials that are trainings, jobs of a journal, stopped in time, refused in one line."""

import random
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.conftest import Command, Outcome
from tests.sweeps import check_that_no_finished_job_ran_again, events_of, kill_both, states_of

Call = Callable[..., Outcome]
SMALL = ["model.hidden_size=4", "training.steps=20", "training.validate_every=10", "task.valid_examples=64"]
ASKED = [*SMALL, "--models", "default,gru", "--lengths", "1,2,6", "--seeds", "2", "--workers", "1"]
ONE = [*SMALL, "--models", "default", "--lengths", "1", "--seeds", "1", "--workers", "1"]


def without_seconds(folder: Path) -> list[dict[str, Any]]:
    table = pd.read_csv(folder / "trials.csv").drop(columns="seconds")
    return table.astype(object).where(table.notna(), None).to_dict("records")


def only_folder(tmp_path: Path) -> Path:
    (folder,) = (tmp_path / "outputs").iterdir()
    return folder


@pytest.mark.slow
def test_a_horizon_is_taken_up_where_it_stopped(call: Call, tmp_path: Path) -> None:
    done = call("horizon", *ASKED, "--criterion", "0.9")
    assert done.code == 0, done.err
    folder = only_folder(tmp_path)
    assert folder.name.startswith("horizon-recall-")
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*.*") if path.is_file()}
    tables = {"trials.csv", "horizon.csv", "leaderboard.csv"}
    assert names == {*tables, "journal.jsonl", "figures/horizon.png"}
    first = without_seconds(folder)
    assert len(first) == 12 and any(row["success"] for row in first)
    made = sum(row["tried"] for row in first)

    assert Counter(event.event for event in events_of(folder)) == {"running": made, "done": made}

    lines = (folder / "journal.jsonl").read_text().splitlines(keepends=True)
    (folder / "journal.jsonl").write_text("".join(lines[:4]))  # the plan, and of what ran at most two done
    over = sum(event.event == "done" for event in events_of(folder))
    again = call("horizon", *ASKED, "--criterion", "0.9")
    assert again.code == 0 and f"{over} of 12 jobs {'are' if over > 1 else 'is'} over already" in again.err
    assert without_seconds(folder) == first and again.out == done.out
    third = call("horizon", *ASKED, "--criterion", "0.9")
    assert third.code == 0 and "at a time" not in third.err and third.out == again.out
    assert "validation loss < 0.9 × baseline" in third.err
    assert sum(event.event == "done" for event in events_of(folder)) == made


@pytest.mark.slow
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


@pytest.mark.slow
def test_no_seed_at_a_length_means_no_trial_beyond_it(call: Call, tmp_path: Path) -> None:
    done = call("horizon", *ASKED, "--criterion", "0.000001")
    table = pd.read_csv(only_folder(tmp_path) / "trials.csv")
    assert done.code == 0 and table.loc[table["tried"], "length"].unique().tolist() == [1]
    assert not table["success"].any() and table.loc[~table["tried"], "steps"].isna().all()
    assert "(0/2)" in done.out
    horizon = pd.read_csv(only_folder(tmp_path) / "horizon.csv")
    assert horizon["tried"].tolist() == [2, 0, 0] * 2 and set(horizon["number"]) == {2}


@pytest.mark.slow
def test_bisection_halves_the_lengths_for_each_seed(call: Call, tmp_path: Path) -> None:
    done = call("horizon", *ASKED, "--search", "bisection", "--criterion", "0.000001")
    table = pd.read_csv(only_folder(tmp_path) / "trials.csv")
    assert done.code == 0 and sorted(table.loc[table["tried"], "length"].unique()) == [1, 2]


@pytest.mark.slow
def test_what_the_time_does_not_allow_is_said_and_made_later(call: Call, tmp_path: Path) -> None:
    none = call("horizon", *ASKED, "--max-minutes", "0")
    assert none.code == 0 and "no trial could be finished in the time given" in none.err
    assert {path.name for path in only_folder(tmp_path).iterdir()} == {"journal.jsonl", ".claims"}
    assert call("horizon", *ASKED, "--max-minutes", "60").code == 0
    assert (only_folder(tmp_path) / "leaderboard.csv").is_file()


@pytest.mark.slow
def test_a_trial_under_way_when_the_time_is_up_is_left(call: Call, tmp_path: Path) -> None:
    words = ["training.steps=1000000", "--models=default", "--lengths=5", "--seeds=1", "--workers=1"]
    done = call("horizon", *words, "--criterion", "0.000001", "--max-minutes", "0.15")
    assert done.code == 0 and "no trial could be finished" in done.err
    assert [event.event for event in events_of(only_folder(tmp_path))] == ["running", "interrupted"]


@pytest.mark.slow
def test_a_training_that_diverges_is_a_failure(call: Call, tmp_path: Path) -> None:
    words = ["optimizer=sgd", "optimizer.lr=1e30", "training.clip_norm=null", *ASKED]
    assert call("horizon", *words).code == 0
    table = pd.read_csv(only_folder(tmp_path) / "trials.csv")
    assert not table["success"].any() and len(table) == 12


@pytest.mark.slow
def test_other_settings_do_not_mix_with_what_is_there(call: Call, tmp_path: Path) -> None:
    assert call("horizon", *ONE, "-o", "here").code == 0
    files = [tmp_path / "here" / name for name in ("trials.csv", "journal.jsonl")]
    before = [path.read_text() for path in files]

    def refused(*words: str) -> str:
        outcome = call("horizon", *ONE, *words, "-o", "here")
        assert outcome.code == 2 and [path.read_text() for path in files] == before
        return outcome.err.splitlines()[-1]

    expected = "error: here: was made with other settings (optimizer.lr: 0.01 then, 0.5 now); choose another"
    assert refused("optimizer.lr=0.5") == f"{expected} --output"
    assert refused("optimizer.lr=0.5", "--models", "lstm", "--lengths", "9") == f"{expected} --output"
    assert "success: validation loss < 0.1 × baseline then, " in refused("--criterion", "0.2")
    assert "model.hidden_size: 4 then, 5 now" in refused("model.hidden_size=5")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    assert call("horizon", *ONE, "-o", "full").code == 2


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
        (["hydra.sweep.dir=x"], "hydra.sweep.dir=x: of Hydra's settings only those of hydra/launcher"),
        (["--workers", "1", "hydra/launcher=loca"], "did you mean 'local'?"),
        (
            ["--models", "rnn", "hydra.launcher.workers=many"],
            "hydra.launcher.workers: expected a whole number from 1",
        ),
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
    asked = [*SMALL, "--models", "default", "--lengths", "1,2", "--seeds", "2", "--criterion", "0.9"]
    for workers in ("1", "2"):
        done = rnnlab("horizon", *asked, "--workers", workers, "-o", f"with{workers}")
        assert done.returncode == 0, done.stderr
    assert without_seconds(tmp_path / "with1") == without_seconds(tmp_path / "with2")


def test_a_setting_that_only_one_of_the_models_has_is_taken(call: Call) -> None:
    asked = ["--models", "lstm", "--lengths", "3", "--seeds", "1", "training.steps=2", "model.forget_bias=3"]
    done = call("horizon", *asked)
    assert done.code == 0 and "LSTM" in done.out, done.err


def test_a_search_without_a_budget_is_refused(call: Call) -> None:
    done = call("horizon", "training.steps=null")
    assert done.code == 2 and "training.steps: a value is needed" in done.err


@pytest.mark.slow
def test_models_lengths_and_seeds_are_added_to_a_finished_horizon(call: Call, tmp_path: Path) -> None:
    few = [*SMALL, "--models", "default", "--lengths", "1,6", "--seeds", "1", "--criterion", "0.9"]
    many = [*SMALL, "--models", "gru,default", "--lengths", "1,2,6", "--seeds", "2", "--criterion", "0.9"]
    assert call("horizon", *few).code == 0
    assert call("horizon", *many).code == 0
    added = only_folder(tmp_path)
    assert call("horizon", *many, "-o", "at-once").code == 0
    assert without_seconds(added) == without_seconds(tmp_path / "at-once")
    for name in ("horizon.csv", "leaderboard.csv"):
        assert (added / name).read_text() == (tmp_path / "at-once" / name).read_text()
    check_that_no_finished_job_ran_again(added)
    # A search that needs no more than what is there makes nothing.
    before = len(events_of(added))
    assert call("horizon", *many, "--search", "bisection").code == 0
    assert call("horizon", *few).code == 0 and len(events_of(added)) == before
    assert len(without_seconds(added)) == 2


FAILS = """
import os, signal
from pathlib import Path
import torch

class Fails(torch.optim.Adam):
    def __init__(self, params, *, lr: float = 0.01, length: int = 0, seed: int = 0) -> None:
        super().__init__(params, lr=lr)
        self._trial = (length, seed)
    def step(self, closure=None):
        fails = Path("fails").exists() and len(self.param_groups[0]["params"]) > 1  # not tried out
        if fails and self._trial == (2, 1):
            raise ValueError("no such luck")
        if fails and self._trial == (1, 2):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().step(closure)
"""


@pytest.mark.slow
def test_a_trial_that_fails_or_is_killed_takes_no_other_along(call: Call, tmp_path: Path) -> None:
    (tmp_path / "fails.py").write_text(FAILS)
    (tmp_path / "configs" / "optimizer").mkdir(parents=True)
    yaml = "_target_: fails.Fails\nlr: 0.01\nlength: ${task.length}\nseed: ${seed}\n"
    (tmp_path / "configs" / "optimizer" / "fails.yaml").write_text(yaml)
    words = ["horizon", *SMALL, "--module", "fails", "optimizer=fails", "engine=torch", "--models", "default"]
    words += ["--lengths", "1,2,6", "--seeds", "2", "--criterion", "0.9", "-o", "here"]
    (tmp_path / "fails").touch()
    first = call(*words)
    assert first.code == 1
    assert "error: default-length2-seed1: ValueError: no such luck (" in first.err
    assert "error: default-length1-seed2: its process was ended by SIGKILL" in first.err
    assert "1 job failed; try again with: rnnlab horizon --module fails " in first.err
    here = tmp_path / "here"
    assert Counter(states_of(here)) == {"done": 4, "failed": 1, "killed": 1}
    assert "no such luck" in (here / "default-length2-seed1" / "train.log").read_text()
    left = {path.name for path in here.glob("default-*")}  # with their logs
    assert left == {"default-length1-seed2", "default-length2-seed1"}

    (tmp_path / "fails").unlink()
    assert call(*words).code == 1
    assert Counter(states_of(here)) == {"done": 5, "failed": 1}
    assert call(*words, "--retry-failed").code == 0
    assert states_of(here) == ["done"] * 6 and not list(here.glob("default-*"))
    assert call(*words[:-1], "left-alone").code == 0
    assert without_seconds(here) == without_seconds(tmp_path / "left-alone")
    check_that_no_finished_job_ran_again(here)


@pytest.mark.slow
def test_trials_can_be_made_one_after_another_in_this_process(call: Call, tmp_path: Path) -> None:
    assert call("horizon", *ASKED, "-o", "local").code == 0
    asked = [*ASKED[:-2], "hydra/launcher=basic", "-o", "basic"]
    assert call("horizon", *asked).code == 0
    assert without_seconds(tmp_path / "basic") == without_seconds(tmp_path / "local")
    assert len({event.pid for event in events_of(tmp_path / "basic")}) == 1


LONGER = ["training.steps=400", "training.validate_every=40", "task.valid_examples=64", "model.hidden_size=8"]
LONGER += ["--models", "default,gru", "--lengths", "2,8", "--seeds", "2", "--criterion", "0.3"]


@pytest.mark.slow
def test_two_commands_at_once_share_the_trials(
    start: Callable[..., subprocess.Popen[str]], call: Call, tmp_path: Path
) -> None:
    commands = [start("horizon", *LONGER, "--workers", "1", "-o", "shared") for _ in range(2)]
    assert [command.wait(timeout=600) for command in commands] == [0, 0]
    shared = tmp_path / "shared"
    check_that_no_finished_job_ran_again(shared)
    assert len({event.pid for event in events_of(shared)}) == 2
    assert not list(shared.glob("*-length*"))
    assert call("horizon", *LONGER, "-o", "alone").code == 0
    assert without_seconds(shared) == without_seconds(tmp_path / "alone")


@pytest.mark.slow
def test_a_horizon_killed_again_and_again_ends_as_one_left_alone(
    start: Callable[..., subprocess.Popen[str]], call: Call, tmp_path: Path
) -> None:
    assert call("horizon", *LONGER, "-o", "alone").code == 0
    rng, killed = random.Random(1), tmp_path / "killed"
    for _ in range(2):
        command = start("horizon", *LONGER, "-o", "killed")
        kill_both(killed, command, rng)
        command.communicate(timeout=600)
    assert call("horizon", *LONGER, "-o", "killed").code == 0
    check_that_no_finished_job_ran_again(killed)
    assert without_seconds(killed) == without_seconds(tmp_path / "alone")
    for name in ("horizon.csv", "leaderboard.csv"):
        assert (killed / name).read_text() == (tmp_path / "alone" / name).read_text()
