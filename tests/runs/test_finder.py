"""A RUN is named by path, folder name, unique prefix of it, or `latest`."""

import json
from pathlib import Path

import pytest

from rnnlab.core.errors import InputError
from rnnlab.runs.files import LAST
from rnnlab.runs.finder import all_runs, find_run, find_runs, find_sweep, open_run


def make_run(folder: Path, started: str = "2026-01-01", **facts: object) -> None:
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("{}")
    (folder / "summary.json").write_text(json.dumps({"status": "finished", "started": started, **facts}))


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    outputs = tmp_path / "outputs"
    make_run(outputs / "rnn-none-1", "2026-01-03")
    make_run(outputs / "rnn-none-10", "2026-01-01")
    make_run(outputs / "lstm-end-2", "2026-01-02")
    make_run(outputs / "sweep-7" / "0-gru-none", "2026-01-04")
    make_run(outputs / "sweep-8" / "0-gru-none", "2026-01-05", status="running")
    (outputs / ".cache" / "x").mkdir(parents=True)
    (outputs / "broken").mkdir()
    (outputs / "broken" / "summary.json").write_text("{")
    (outputs / "broken" / "config.yaml").write_text("")
    return outputs


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("lstm-end-2", "lstm-end-2"),
        ("ls", "lstm-end-2"),
        ("rnn-none-1", "rnn-none-1"),
        ("rnn-none-10", "rnn-none-10"),
        ("sweep-7/0-gru-none", "sweep-7/0-gru-none"),
        ("sweep-7", "sweep-7/0-gru-none"),
        ("7/0-gru-none", "sweep-7/0-gru-none"),
        ("7", "sweep-7/0-gru-none"),
        ("latest", "sweep-7/0-gru-none"),
    ],
)
def test_a_name_or_unique_prefix_finds_its_run(name: str, folder: str, outputs: Path) -> None:
    assert find_run(name, outputs).folder == outputs / folder


def test_a_path_finds_its_run_wherever_it_is(outputs: Path, tmp_path: Path) -> None:
    make_run(tmp_path / "else where")
    assert find_run(str(tmp_path / "else where"), outputs).folder == tmp_path / "else where"
    assert find_run(f"{outputs / 'lstm-end-2'}/", outputs).folder == outputs / "lstm-end-2"


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("rnn", ["'rnn' fits 2 runs", "rnn-none-1", "rnn-none-10"]),
        ("0-gru-none", ["fits 2 runs", "sweep-7/0-gru-none", "sweep-8/0-gru-none"]),
        ("lstm-edn-2", ["no run 'lstm-edn-2'", "'lstm-end-2'"]),
        ("latst", ["no run 'latst'", "did you mean 'latest'?"]),
        ("swep-7", ["no run 'swep-7'", "did you mean 'sweep-7'?"]),
        ("nothing like it", ["no run 'nothing like it'"]),
        ("/", ["not a run folder", "config.yaml", "summary.json"]),
    ],
)
def test_what_fits_none_or_several_is_refused(name: str, parts: list[str], outputs: Path) -> None:
    with pytest.raises(InputError) as error:
        find_run(name, outputs)
    assert all(part in str(error.value) for part in parts), error.value


@pytest.mark.parametrize("name", ["sweep-cells", "cells", "outputs/sweep-cells", "cel", "latest"])
def test_a_sweep_is_called_as_its_folder_or_as_it_was_given(
    name: str, outputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for run in ("a", "b"):
        make_run(outputs / "sweep-cells" / run, "2026-01-06")
    make_run(outputs / "cellular", "2026-01-01")
    monkeypatch.chdir(outputs.parent)
    assert [run.name for run in find_runs(name)] == ["sweep-cells/a", "sweep-cells/b"]
    assert find_sweep(name) is None
    (outputs / "sweep-cells" / "journal.jsonl").touch()
    assert find_sweep(name) is None  # of whatever else has a journal
    (outputs / "sweep-cells" / "sweep.csv").touch()
    assert find_sweep(name) == (None if name in ("cel", "latest") else Path("outputs", "sweep-cells"))


def test_a_run_goes_before_a_sweep_whose_name_is_that_of_the_run(outputs: Path) -> None:
    make_run(outputs / "sweep-lstm-end-2" / "a", "2026-01-06")
    assert find_run("lstm-end-2", outputs).folder == outputs / "lstm-end-2"
    assert find_run("lstm-end-2/a", outputs).folder == outputs / "sweep-lstm-end-2" / "a"


def test_latest_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="rnnlab train"):
        find_run("latest", tmp_path / "outputs")


def test_runs_are_listed_oldest_first_and_others_passed_over(outputs: Path) -> None:
    names = ["rnn-none-10", "lstm-end-2", "rnn-none-1", "sweep-7/0-gru-none", "sweep-8/0-gru-none"]
    assert [run.name for run in all_runs(outputs)] == names


def test_a_run_that_never_ended_is_unfinished(outputs: Path) -> None:
    assert open_run(outputs / "sweep-8" / "0-gru-none").status == "unfinished"
    assert open_run(outputs / "sweep-7" / "0-gru-none").status == "finished"


@pytest.mark.parametrize("text", ["{", "[]", "3", '{"final": 3}', '{"best": "x"}', '{"versions": [1]}'])
def test_a_broken_summary_is_named(text: str, outputs: Path) -> None:
    (outputs / "rnn-none-1" / "summary.json").write_text(text)
    with pytest.raises(InputError, match=r"summary\.json"):
        open_run(outputs / "rnn-none-1")


@pytest.mark.parametrize("status", ["running", "failed", "interrupted"])
def test_latest_passes_over_what_has_no_trained_net(status: str, tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    make_run(outputs / "new", "2026-01-02", status=status)
    with pytest.raises(
        InputError, match=r"^no finished run in .*; the last, new, is (unfinished|failed|inter)"
    ):
        find_run("latest", outputs)
    make_run(outputs / "old", "2026-01-01")
    assert find_run("latest", outputs).name == "old"
    (outputs / "new" / LAST).parent.mkdir()
    (outputs / "new" / LAST).touch()
    assert find_run("latest", outputs).name == ("new" if status == "interrupted" else "old")
