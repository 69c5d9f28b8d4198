"""`rnnlab clean`: it removes what is left over, and nothing else, whatever lies beside it."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rnnlab.experiment.job_folder import claimed
from rnnlab.runs.process import this_process
from rnnlab.runs.writer import RunWriter
from rnnlab.workflows.clean import find_leftovers, read_age, remove
from tests.conftest import Outcome
from tests.runs_made_up import change, make_run

Call = Callable[..., Outcome]
DAY = 86_400


def age(path: Path, days: float) -> Path:
    """Makes a file, or a folder and all in it, look untouched for so many days."""
    moment = time.time() - days * DAY
    for found in [*path.rglob("*"), path]:
        os.utime(found, (moment, moment), follow_symlinks=False)
    return path


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    """A folder with a finished run and one of each kind that may go."""
    outputs = tmp_path / "outputs"
    gone = this_process() | {"began": "long ago"}
    make_run(outputs / "finished", [0.9])
    make_run(outputs / "failed", [0.9], status="failed", error="x")
    killed = make_run(outputs / "sweep-1" / "0-killed", [0.9], status="running", process=gone)
    (killed / "checkpoints").mkdir(exist_ok=True)
    (killed / "checkpoints" / ".tmpAbC12_").touch()  # of safetensors, half written
    make_run(outputs / "interrupted", [0.9], status="interrupted", process=gone)
    orphan = outputs / "orphan" / ".hydra"
    orphan.mkdir(parents=True)
    (orphan / "config.yaml").write_text("{}")
    (orphan.parent / "train.log").write_text("")
    (outputs / "sweep-2" / "0-gone" / ".hydra").mkdir(parents=True)
    (outputs / "sweep-2" / "journal.jsonl").touch()
    age(outputs / "sweep-2", 2)
    return outputs


LEFT_OVER = ["failed", "interrupted", "orphan", "sweep-1/0-killed", "sweep-2/0-gone"]


def paths(outputs: Path, older_than: str | None = None) -> list[str]:
    found = find_leftovers(outputs, older_than)
    return sorted(leftover.path.relative_to(outputs).as_posix() for leftover in found.leftovers)


def test_what_did_not_finish_is_listed_and_only_yes_removes_it(call: Call, outputs: Path) -> None:
    outcome = call("clean")
    assert outcome.code == 0 and paths(outputs) == LEFT_OVER
    assert all(f"outputs/{name}" in outcome.out for name in LEFT_OVER) and "no run in it" in outcome.out
    assert "killed before there was a run" in outcome.out
    assert "nobody to ask; --yes removes these 5" in outcome.err
    assert all((outputs / name).is_dir() for name in LEFT_OVER)
    outcome = call("clean", "--yes")
    assert outcome.code == 0 and "removed 5 of 5" in outcome.out
    assert sorted(path.name for path in outputs.iterdir()) == ["finished", "sweep-1", "sweep-2"]
    age(outputs / "sweep-2", 2)
    assert "removed 1 of 1" in call("clean", "--yes").out and "nothing to remove" in call("clean").out


@pytest.mark.parametrize(("answer", "left"), [("n\n", True), ("y\n", False)])
def test_a_person_is_asked(
    call: Call, outputs: Path, answer: str, left: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda question: "Remove these 5" in question and answer == "y\n")
    assert call("clean").code == 0 and (outputs / "failed").is_dir() == left


def test_old_runs_and_cache_entries_go_only_where_asked(outputs: Path) -> None:
    entry = outputs / ".cache" / ("0" * 32)
    entry.mkdir(parents=True)
    (entry / "corpus.json").write_text("{}")
    (outputs / ".cache" / "cuts-spacy-3.8.json").write_text("{}")
    (outputs / ".cache" / "mine.txt").write_text("")
    age(outputs / ".cache", 40)
    age(make_run(outputs / "old", [0.9]), 40)
    assert paths(outputs) == LEFT_OVER
    old = [f".cache/{'0' * 32}", ".cache/cuts-spacy-3.8.json", "old"]
    assert paths(outputs, "30d") == sorted([*old, *LEFT_OVER]) and paths(outputs, "6w") == LEFT_OVER
    assert remove(find_leftovers(outputs, "30d").leftovers, outputs, "30d") == []
    assert (outputs / ".cache" / "mine.txt").is_file() and (outputs / "finished").is_dir()
    assert not (outputs / "old").exists() and not entry.exists()


def test_a_run_that_a_process_trains_is_never_touched(outputs: Path) -> None:
    make_run(outputs / "going", [0.9], status="running", process=this_process())
    elsewhere = this_process() | {"host": "another"}
    age(make_run(outputs / "elsewhere", [0.9], status="running", process=elsewhere), 400)
    make_run(outputs / "unknown", [0.9], status="running")
    (outputs / "sweep-2" / "0-begins" / ".hydra").mkdir(parents=True)
    with claimed(outputs / "begins"):
        assert paths(outputs, "1h") == LEFT_OVER
        kept = " ".join(find_leftovers(outputs).kept)
        for name in ("unknown", "begins", "0-begins"):
            assert f"{name}: changed within a day" in kept
    assert "begins" in paths(outputs)


@pytest.fixture
def held(outputs: Path) -> Iterator[Path]:
    with RunWriter.of_run(outputs / "interrupted"):
        yield outputs / "interrupted"


def test_a_run_that_is_taken_up_between_listing_and_removal_stays(outputs: Path, held: Path) -> None:
    leftovers = find_leftovers(outputs).leftovers
    change(outputs / "failed", status="running", process=this_process())
    kept = remove(leftovers, outputs)
    assert f"{outputs / 'failed'}: has changed meanwhile" in kept
    assert f"{held}: is in the hands of another process" in kept and len(kept) == 2
    assert held.is_dir() and (outputs / "failed" / "summary.json").is_file()


def test_a_folder_with_anything_of_somebody_else_stays_and_is_named(call: Call, outputs: Path) -> None:
    (outputs / "failed" / "notes.txt").write_text("mine")
    (outputs / "orphan" / "deep" / "er").mkdir(parents=True)
    (outputs / "orphan" / "deep" / "er" / "config.yaml").write_text("mine")
    age(outputs / "orphan", 2)
    outcome = call("clean", "--yes")
    assert "outputs/failed (failed): holds notes.txt, which is not rnnlab's" in outcome.err
    assert (outputs / "failed" / "notes.txt").read_text() == "mine"
    assert (outputs / "orphan" / "deep" / "er" / "config.yaml").is_file()
    assert not (outputs / "interrupted").exists()


def test_folders_that_only_look_alike_stay(outputs: Path) -> None:
    project = outputs / "my-project"
    project.mkdir()
    (project / "config.yaml").write_text("a: 1")
    (project / "train.log").write_text("")
    broken = make_run(outputs / "broken", [0.9])
    (broken / "summary.json").write_text("{")
    age(project, 100)
    age(broken, 100)
    assert paths(outputs, "1d") == LEFT_OVER
    assert any("summary.json" in line and "not touched" in line for line in find_leftovers(outputs).kept)


def test_links_are_neither_followed_nor_removed(outputs: Path, tmp_path: Path) -> None:
    precious = make_run(tmp_path / "elsewhere" / "precious", [0.9], status="failed")
    (outputs / "link").symlink_to(precious)
    (outputs / "folder").symlink_to(precious.parent)
    (outputs / "failed" / "figures").symlink_to(precious)
    (outputs / "interrupted" / "metrics.csv").unlink()
    (outputs / "interrupted" / "metrics.csv").symlink_to(precious / "metrics.csv")
    assert paths(outputs, "1h") == ["orphan", "sweep-1/0-killed", "sweep-2/0-gone"]
    assert remove(find_leftovers(outputs).leftovers, outputs) == []
    assert (precious / "summary.json").is_file() and (outputs / "link").is_symlink()


def test_halves_that_a_kill_left_are_removed_once_they_are_old(outputs: Path) -> None:
    temporary = outputs / ".failed.123.0123abcd.tmp"
    temporary.mkdir()
    (temporary / "config.yaml").write_text("{}")
    assert temporary.name not in paths(outputs)
    age(temporary, 2)
    assert temporary.name in paths(outputs)


@pytest.mark.parametrize("words", [["nowhere"], ["--older-than", "soon"], ["--older-than", "-3d"]])
def test_what_is_wrong_is_told_in_one_line_and_nothing_removed(
    call: Call, outputs: Path, words: list[str]
) -> None:
    outcome = call("clean", *words, "--yes")
    assert outcome.code == 2 and len(outcome.err.splitlines()) == 1 and paths(outputs) == LEFT_OVER


def test_ages_are_hours_days_or_weeks() -> None:
    assert [read_age(text) for text in ("12h", "30d", "2w")] == [12 * 3600, 30 * DAY, 14 * DAY]
