"""`rnnlab why`: what differs between two runs, and that what does not is not blamed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rnnlab.workflows.why import why
from tests.conftest import Outcome
from tests.runs_made_up import FACTS, change, make_run

Call = Callable[..., Outcome]


def pair(
    root: Path,
    settings: dict[str, Any] | None = None,
    accuracies: tuple[float, ...] = (0.5, 0.8, 0.9),
    **facts: Any,
) -> tuple[Path, Path]:
    """Writes two runs, of which the other has these figures, settings and facts instead."""
    return make_run(root / "a", [0.5, 0.8, 0.9]), make_run(root / "b", accuracies, 1, settings, **facts)


def test_one_key_is_named_with_both_values_and_the_first_epoch(tmp_path: Path) -> None:
    found = why(*pair(tmp_path, {"insert": "end"}, (0.5, 0.85, 0.95)))
    (row,) = found.differences.itertuples(index=False)
    assert tuple(row) == ("configuration", "insert", "none", "end", True) and found.first == "epoch 1"
    assert (
        found.sentence == "Configuration differs, and so do the figures, from epoch 1 on."
        and found.verdict == "differ"
    )
    figures = found.figures.set_index("figure")
    assert tuple(figures.loc["valid_acc"]) == (0.9, 0.95) and "seconds" not in figures.index


def test_one_data_byte_is_named_by_file_with_both_hashes(tmp_path: Path) -> None:
    data = {"train": {"path": "/data/train.tsv", "sha256": "d" * 64}}
    found = why(*pair(tmp_path, None, (0.5, 0.8, 0.95), data=data))
    (row,) = found.differences.itertuples(index=False)
    assert row[:2] == ("data", "train") and "a" * 64 in row[2] and "d" * 64 in row[3]
    assert found.verdict == "differ" and found.first == "epoch 2"


@pytest.mark.parametrize(
    ("facts", "part", "name"),
    [
        ({"git": {"commit": "d" * 40, "dirty": False}}, "code", "git commit"),
        ({"git": {"commit": "c" * 40, "dirty": True}}, "code", "uncommitted changes"),
        ({"source_sha256": "d" * 64}, "code", "rnnlab's source"),
        ({"modules": {"mine": {"mine.Cell": "d" * 64}}}, "code", "mine.Cell"),
        ({"versions": {"rnnlab": "0.1.0", "torch": "2.14.0"}}, "versions", "torch"),
        ({"machine": "another"}, "machine", "machine"),
        ({"device": "cuda"}, "machine", "device"),
    ],
)
def test_one_commit_version_or_machine_is_named(
    tmp_path: Path, facts: dict[str, Any], part: str, name: str
) -> None:
    found = why(*pair(tmp_path, None, (0.5, 0.8, 0.95), **facts))
    assert found.differences[["part", "name"]].to_numpy().tolist() == [[part, name]]
    assert found.verdict in ("differ", "unknown") and found.sentence.count(".") <= 2


def test_nothing_that_differs_and_equal_figures_are_said_so(tmp_path: Path, call: Call) -> None:
    found = why(*pair(tmp_path, seconds=5))
    assert found.verdict == "same" and found.differences.empty and found.figures.empty and found.first is None
    outcome = call("why", "a", "b")
    assert (outcome.code, outcome.out) == (
        0,
        "Nothing differs, and the figures are the same to the last digit.\n",
    )


def test_nothing_that_differs_and_other_figures_are_a_defect(tmp_path: Path, call: Call) -> None:
    found = why(*pair(tmp_path, accuracies=(0.5, 0.8, 0.9000000001)))
    assert found.verdict == "defect" and found.first == "epoch 2"
    outcome = call("why", "a", "b")
    assert outcome.code == 1 and "that is a defect" in outcome.out and "0.9000000001" in outcome.out


def test_what_only_looks_on_or_is_a_path_is_no_excuse(tmp_path: Path) -> None:
    settings = {"training": {"print_every": 5}, "data": {"train": "/elsewhere/train.tsv"}}
    data = {"train": {"path": "/elsewhere/train.tsv", "sha256": "a" * 64}}
    found = why(*pair(tmp_path, settings, (0.6, 0.8, 0.9), data=data))
    assert found.differences["name"].tolist() == ["data.train", "training.print_every"]
    assert found.verdict == "defect" and found.first == "epoch 0"


def test_a_difference_without_effect_is_said(tmp_path: Path) -> None:
    found = why(*pair(tmp_path, machine="another"))
    assert found.verdict == "no effect" and found.sentence.startswith(
        "Machine differs; the figures are the same"
    )


def test_what_was_not_recorded_is_not_taken_to_be_the_same(tmp_path: Path) -> None:
    one, other = pair(tmp_path, accuracies=(0.5, 0.8, 0.95))
    for folder in (one, other):
        change(folder, source_sha256=None, git=None)
    found = why(one, other)
    assert found.verdict == "unknown" and "rnnlab's source" in found.sentence
    change(one, source_sha256=FACTS["source_sha256"])
    assert why(one, other).verdict == "unknown"
    for folder in (one, other):
        change(folder, source_sha256=None, git={"commit": "c" * 40, "dirty": True})
    assert why(one, other).verdict == "unknown", "uncommitted changes are not known to be the same"


def test_runs_of_other_lengths_differ_from_where_the_shorter_ends(tmp_path: Path) -> None:
    one, other = pair(tmp_path, accuracies=(0.5, 0.8))
    assert why(one, other).verdict == "defect" and why(one, other).first == "epoch 2"
    change(other, status="interrupted")
    found = why(one, other)
    assert found.verdict == "differ" and found.differences["part"].tolist() == ["status"]


def test_figures_of_the_test_count(tmp_path: Path) -> None:
    found = why(*pair(tmp_path, test={"acc": 0.5}))
    assert (
        found.figures["figure"].tolist() == ["test_acc"] and found.first is None and found.verdict == "defect"
    )


def test_a_run_that_is_not_there_is_told_in_one_line(tmp_path: Path, call: Call) -> None:
    make_run(tmp_path / "outputs" / "one", [0.5])
    outcome = call("why", "one", "oen")
    assert outcome.code == 2 and "did you mean 'one'" in outcome.err and len(outcome.err.splitlines()) == 1


def test_of_real_runs_one_key_differs_and_none_of_the_same(tiny: list[str], call: Call) -> None:
    for name, seed in (("one", 1), ("two", 2), ("again", 1)):
        assert call("train", *tiny, f"seed={seed}", f"hydra.run.dir=outputs/{name}").code == 0
    outcome = call("why", "one", "two")
    assert (
        outcome.code == 0 and "Configuration differs, and so do the figures, from epoch 0 on." in outcome.out
    )
    outcome = call("why", "one", "again")
    assert outcome.code == 0 and "Nothing differs, and the figures are the same" in outcome.out
