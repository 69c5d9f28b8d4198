"""Sweeps by name: done once, gone on with after kills, shared by two commands, changed only if asked to."""

import random
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import Outcome
from tests.sweeps import (
    check_that_no_finished_job_ran_again,
    events_of,
    folders_of,
    kill_both,
    states_of,
)
from tests.times import without_times

Call = Callable[..., Outcome]
FAILS = ["engine=torch", "optimizer=sgd", "optimizer.lr=0.1,1e38,0.2", "hydra/launcher=basic"]


@pytest.fixture(autouse=True)
def without_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spares the runs of this process their figures and page, which have tests of their own."""
    monkeypatch.setattr("rnnlab.workflows.train.write_artifacts", lambda run: {})


def table_of(sweep: Path) -> pd.DataFrame:
    return without_times(pd.read_csv(sweep / "sweep.csv"))


@pytest.mark.slow
def test_a_sweep_of_a_name_does_only_what_is_missing(call: Call, tiny: list[str], tmp_path: Path) -> None:
    words = ["train", "-m", *tiny, "hydra/launcher=basic", "sweep=mine"]
    sweep = tmp_path / "outputs" / "sweep-mine"
    assert call(*words, "seed=1,2").code == 0
    begun = (sweep / "journal.jsonl").read_text()
    again = call(*words, "seed=1,2")
    assert again.code == 0 and "2 of 2 jobs are over already" in again.err
    assert (sweep / "journal.jsonl").read_text() == begun

    other = call(*words, "seed=1,3", "training.epochs=1")
    assert other.code == 2 and "was planned with other jobs" in other.err
    assert (
        "training.epochs: 2 then, 1 now; seed: 1, 2 then, 1, 3 now" in other.err and "--extend" in other.err
    )
    assert (sweep / "journal.jsonl").read_text() == begun

    shown = call(*words, "seed=2,3", "--extend", "--dry-run")
    assert shown.code == 0 and re.search(r"2    │ done .*3    │ new ", shown.out, re.DOTALL)
    assert (sweep / "journal.jsonl").read_text() == begun

    assert call(*words, "seed=2,3", "--extend").code == 0
    assert table_of(sweep)["seed"].tolist() == [1, 2, 3]
    for known in ("seed=1,2", "seed=2,3", "seed=1,2,3"):
        assert call(*words, known).code == 0
    assert Counter(event.event for event in events_of(sweep)) == {"running": 3, "done": 3}


def test_a_changed_file_of_data_is_another_plan(call: Call, tiny: list[str], tmp_path: Path) -> None:
    words = ["train", "-m", *tiny, "hydra/launcher=basic", "sweep=mine", "seed=1"]
    assert call(*words).code == 0
    (tmp_path / "valid.tsv").write_text((tmp_path / "valid.tsv").read_text() + "pos\tgreat film\n")
    changed = call(*words)
    assert changed.code == 2 and "sha256 of data.valid: " in changed.err


@pytest.mark.slow
def test_what_failed_is_tried_again_only_if_asked_to(call: Call, tiny: list[str], tmp_path: Path) -> None:
    words, sweep = ["train", "-m", *tiny, *FAILS, "sweep=mine"], tmp_path / "outputs" / "sweep-mine"
    first = call(*words)
    assert first.code == 1 and states_of(sweep) == ["done", "failed", "done"]
    assert "note: 1 job failed; try again with: rnnlab train --multirun " in first.err
    assert "became" in (folders_of(sweep)[1] / "train.log").read_text()
    assert call(*words).code == 1 and len(events_of(sweep)) == 6
    assert call(*words, "--retry-failed").code == 1
    assert [event.event for event in events_of(sweep)[6:]] == ["running", "failed"]
    table = pd.read_csv(sweep / "sweep.csv")
    assert table["status"].tolist() == ["finished", "failed", "finished"] and "became" in table["error"][1]


@pytest.mark.slow
def test_a_sweep_may_end_with_its_first_failure_or_its_time(
    call: Call, tiny: list[str], tmp_path: Path
) -> None:
    words, sweep = ["train", "-m", *tiny, *FAILS, "sweep=mine"], tmp_path / "outputs" / "sweep-mine"
    none = call(*words, "--max-minutes", "0")
    assert none.code == 3 and "3 jobs are left to do: the time was up" in none.err
    assert states_of(sweep) == ["planned"] * 3 and not list(sweep.glob("boe-*"))
    failed = call(*words, "--fail-fast")
    assert failed.code == 1 and states_of(sweep) == ["done", "failed", "planned"]
    assert "note: 1 job is left to do; go on with: rnnlab train --multirun " in failed.err
    assert call(*words).code == 1 and states_of(sweep) == ["done", "failed", "done"]


def test_jobs_that_are_the_same_are_one(call: Call, tiny: list[str], tmp_path: Path) -> None:
    assert call("train", "-m", *tiny, "seed=1,1,2", "hydra/launcher=basic", "sweep=mine").code == 0
    assert states_of(tmp_path / "outputs" / "sweep-mine") == ["done", "done"]


REFUSED = {
    "no name": (["-m", "sweep="], "sweep=: expected a name"),
    "a path": (["-m", "sweep=../x"], "sweep=../x: expected a name"),
    "two names": (["-m", "sweep=a", "sweep=b"], "given twice"),
    "name and folder": (["-m", "sweep=a", "hydra.sweep.dir=b"], "given twice"),
    "a folder's name": (["-m", "hydra.sweep.subdir='${seed}'"], "hydra.sweep.subdir: the folders"),
    "one training": (["sweep=a"], "sweep=…: for sweeps alone; add -m"),
    "a misspelt name": (["-m", "swep=a"], "swep: no such key; did you mean 'sweep'?"),
    "a misspelt flag": (["-m", "--retry-faild"], "No such option: --retry-faild"),
    "flag of one training": (["--retry-failed"], "--retry-failed: for sweeps alone; add -m"),
}


@pytest.mark.parametrize(("words", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_makes_no_sense_of_a_sweep_is_refused(
    words: list[str], said: str, call: Call, tiny: list[str], tmp_path: Path
) -> None:
    outcome = call("train", *tiny, *words)
    assert outcome.code == 2 and said in outcome.err and not (tmp_path / "outputs").exists()


def test_a_folder_with_runs_and_no_journal_is_no_sweep(call: Call, tiny: list[str], tmp_path: Path) -> None:
    assert call("train", *tiny, "hydra.run.dir=runs/one").code == 0
    outcome = call("train", "-m", *tiny, "seed=1,2", "hydra.sweep.dir=runs")
    assert outcome.code == 2 and "runs: holds runs already" in outcome.err


@pytest.mark.slow
def test_the_page_of_a_sweep_is_written_again(call: Call, tiny: list[str], tmp_path: Path) -> None:
    words = ["train", "-m", *tiny, "hydra/launcher=basic", "sweep=mine", "task.length=5,6", "seed=1,2"]
    words[words.index("model=boe")] = "model=rnn"
    words = [word for word in words if not word.startswith("data")] + ["task=recall", "training.epochs=null"]
    words += ["training.steps=2", "training.validate_every=1", "insert=none"]
    assert call(*[w for w in words if w != "training.epochs=2"]).code == 0
    sweep = tmp_path / "outputs" / "sweep-mine"
    made = ["report.html", "sweep.csv", "figures/repetitions.png"]
    before = {name: (sweep / name).read_bytes() for name in made}
    for name in made:
        (sweep / name).write_text("")
    outcome = call("report", "mine")
    assert outcome.code == 0 and f"page: {sweep.relative_to(tmp_path)}/report.html" in outcome.out
    assert {name: (sweep / name).read_bytes() for name in made} == before
    assert call("report", "sweep-mine", "-o", "page.html").code == 0
    assert (tmp_path / "page.html").read_bytes() == before["report.html"]
    run = folders_of(sweep)[0].name
    both = call("report", "mine", run)
    assert both.code == 2 and "mine: is a sweep, which has a page of its own" in both.err
    assert call("report", run).out == f"report: outputs/sweep-mine/{run}/report.html\n"


def test_a_run_whose_folder_is_gone_is_missing_from_the_page_alone(
    call: Call, tiny: list[str], tmp_path: Path
) -> None:
    words = ["train", "-m", *tiny, "hydra/launcher=basic", "sweep=mine", "seed=1,2"]
    assert call(*words).code == 0
    sweep = tmp_path / "outputs" / "sweep-mine"
    gone, there = (folder.name for folder in folders_of(sweep))
    shutil.rmtree(sweep / gone)
    again = call(*words)
    assert again.code == 0 and "folders of finished runs that are no longer there: 1" in again.err
    assert table_of(sweep)["run"].tolist() == [gone, there]


def test_a_sweep_without_a_finished_run_has_no_page(call: Call, tiny: list[str], tmp_path: Path) -> None:
    words = ["train", "-m", *tiny, *FAILS[:2], "optimizer.lr=1e38,1e37", "hydra/launcher=basic", "sweep=mine"]
    assert call(*words).code == 1
    outcome = call("report", "mine")
    assert (
        outcome.code == 2 and "outputs/sweep-mine: no page, for none of its jobs has finished" in outcome.err
    )


@pytest.mark.slow
def test_a_sweep_over_models_has_a_column_for_the_model(call: Call, tiny: list[str], tmp_path: Path) -> None:
    words = ["train", "-m", *tiny, "model=boe,rnn", "seed=1,2", "hydra/launcher=basic", "sweep=mine"]
    words.remove("model=boe")
    shown = call(*words, "--dry-run")
    assert re.search(r"┃ run +┃ model ┃ seed ┃ state ┃", shown.out)
    done = call(*words)
    assert done.code == 0 and re.search(r"┃ run +┃ model ┃ seed ┃ epoch ┃ valid_loss ┃", done.out)
    table = table_of(tmp_path / "outputs" / "sweep-mine")
    assert list(table.columns[:4]) == ["run", "model", "seed", "epoch"]
    assert table["model"].tolist() == ["boe", "boe", "rnn", "rnn"]
    page = (tmp_path / "outputs" / "sweep-mine" / "report.html").read_text()
    assert "model._target_" not in page


@pytest.mark.slow
def test_two_commands_at_once_share_a_sweep(
    start: Callable[..., subprocess.Popen[str]], tiny: list[str], tmp_path: Path
) -> None:
    words = ["train", "-m", *tiny, "seed=range(1,5)", "sweep=mine", "hydra.launcher.workers=1"]
    commands = [start(*words) for _ in range(2)]
    assert [command.wait(timeout=600) for command in commands] == [0, 0]
    sweep = tmp_path / "outputs" / "sweep-mine"
    assert Counter(event.event for event in events_of(sweep)) == {"running": 4, "done": 4}
    assert table_of(sweep)["seed"].tolist() == [1, 2, 3, 4]


@pytest.mark.slow
def test_a_sweep_killed_again_and_again_ends_as_one_left_alone(
    start: Callable[..., subprocess.Popen[str]], call: Callable[..., Outcome], tiny: list[str], tmp_path: Path
) -> None:
    words = ["train", "-m", *tiny, "seed=range(1,5)", "training.epochs=60", "hydra.launcher.workers=2"]
    assert call(*words, "sweep=alone").code == 0
    rng, killed = random.Random(1), tmp_path / "outputs" / "sweep-killed"
    for _ in range(2):
        command = start(*words, "sweep=killed")
        kill_both(killed, command, rng)
        command.communicate(timeout=600)
    assert call(*words, "sweep=killed").code == 0
    assert set(states_of(killed)) == {"done"}
    check_that_no_finished_job_ran_again(killed)
    assert Counter(event.event for event in events_of(killed))["done"] == 4
    assert table_of(killed).equals(table_of(tmp_path / "outputs" / "sweep-alone"))
