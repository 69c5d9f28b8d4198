"""Which runs are repeats of each other, and what their groups are called."""

from pathlib import Path

import pytest

from rnnlab.core.errors import InputError
from rnnlab.reports.repeats.groups import Grouping, group_runs
from rnnlab.reports.repeats.run import read_repeat
from tests.runs_made_up import FACTS, make_run


def grouped(root: Path, *by: str) -> Grouping:
    return group_runs([read_repeat(folder) for folder in sorted(root.iterdir())], by)


def labels(found: Grouping) -> list[str]:
    return [group.label for group in found.groups]


def test_runs_that_differ_only_in_seed_belong_together(tmp_path: Path) -> None:
    for seed in (1, 2, 3):
        for insert in ("start", "end"):
            make_run(tmp_path / f"{seed}-{insert}", [0.5, 0.9], seed, {"insert": insert})
    found = grouped(tmp_path)
    assert labels(found) == ["insert=end", "insert=start"] and found.notes == []
    assert [list(group.runs) for group in found.groups] == [[("1",), ("2",), ("3",)]] * 2


def test_what_only_looks_on_makes_no_group(tmp_path: Path) -> None:
    looks = [{"every": 0}, {"every": 5}, {"every": None}]
    for seed, look in enumerate(looks):
        settings = {
            "probe": look,
            "similarity": [seed],
            "training": {"print_every": seed, "checkpoint_minutes": seed},
        }
        make_run(tmp_path / str(seed), [0.9], seed, settings)
    assert labels(grouped(tmp_path)) == ["all runs"]


def test_a_choice_names_a_group_rather_than_all_that_it_sets(tmp_path: Path) -> None:
    for number, (experiment, model) in enumerate([("a", "rnn"), ("a", "lstm"), ("b", "rnn"), ("b", "lstm")]):
        settings = {"model": {"_target_": model, "size": len(model)}, "insert": experiment, "engine": model}
        make_run(tmp_path / str(number), [0.9], 1, settings, {"experiment": experiment, "model": model})
    found = grouped(tmp_path)
    assert labels(found)[0] == "experiment=a, model=rnn" and len(found.groups) == 4
    assert any("groups differ in engine, too" in note for note in found.notes)


def test_an_engine_that_alone_differs_is_a_group_of_its_own(tmp_path: Path) -> None:
    for engine in ("torch", "fused"):
        make_run(tmp_path / engine, [0.9], 1, {"engine": engine})
    assert labels(grouped(tmp_path)) == ["engine=fused", "engine=torch"]


def test_data_are_the_same_by_content_wherever_they_lie(tmp_path: Path) -> None:
    for number, sha256 in enumerate(["a" * 64, "a" * 64, "d" * 64]):
        data = {"train": {"path": f"/{number}/my.tsv", "sha256": sha256}}
        make_run(tmp_path / str(number), [0.9], number, {"data": {"train": f"/{number}/my.tsv"}}, data=data)
    assert labels(grouped(tmp_path)) == ["data.train=my.tsv (aaaaaaaa)", "data.train=my.tsv (dddddddd)"]


def test_by_groups_over_other_settings_which_are_said_and_paired(tmp_path: Path) -> None:
    for number, (model, insert, seed) in enumerate((m, i, s) for m in "ab" for i in "xy" for s in (1, 2)):
        make_run(tmp_path / str(number), [0.9], seed, {"model": model, "insert": insert})
    found = grouped(tmp_path, "model")
    assert labels(found) == ["model=a", "model=b"] and found.within == ["insert"]
    assert list(found.groups[0].runs) == list(found.groups[1].runs) == [(s, i) for i in "xy" for s in "12"]
    assert "insert" in found.notes[0]


def test_facts_group_as_keys_do(tmp_path: Path) -> None:
    for sweep, commit in (("before", "1" * 40), ("after", "2" * 40)):
        make_run(tmp_path / sweep / "0", [0.9], 1, git={"commit": commit, "dirty": sweep == "after"})
    runs = [read_repeat(tmp_path / sweep / "0") for sweep in ("before", "after")]
    assert labels(group_runs(runs, ["sweep"])) == ["sweep=before", "sweep=after"]
    assert labels(group_runs(runs, ["commit"])) == ["commit=1111111111", "commit=2222222222+changes"]
    assert labels(group_runs(runs, ["machine"])) == [f"machine={FACTS['machine']}"]


@pytest.mark.parametrize(("by", "said"), [("modle", "did you mean 'model'"), ("seed", "the seed is what")])
def test_a_name_that_is_none_is_refused(tmp_path: Path, by: str, said: str) -> None:
    make_run(tmp_path / "0", [0.9], 1, {"model": "rnn"})
    with pytest.raises(InputError, match=said):
        grouped(tmp_path, by)


def test_a_run_that_was_made_twice_counts_once_and_only_if_its_figures_agree(tmp_path: Path) -> None:
    make_run(tmp_path / "0", [0.5, 0.9], 1)
    make_run(tmp_path / "1", [0.5, 0.9], 1)
    found = grouped(tmp_path)
    assert [len(group.runs) for group in found.groups] == [1] and "counted once" in found.notes[0]
    make_run(tmp_path / "2", [0.5, 0.8], 1)
    with pytest.raises(InputError, match="same configuration and seed, but other figures"):
        grouped(tmp_path)
