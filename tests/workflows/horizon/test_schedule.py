"""Which trials of a horizon are made, which are taken for granted, and what a file of them keeps."""

import itertools
from pathlib import Path

import pytest

from rnnlab.core.errors import InputError
from rnnlab.workflows.horizon.schedule import Outcome, Outcomes, Schedule, Trial, read_trials, write_trials

LENGTHS = (5, 10, 20, 50, 100, 200)


def run_to_the_end(schedule: Schedule, learns: dict[tuple[str, int], int]) -> Outcomes:
    """Makes every trial that the schedule asks for; a net succeeds up to its own greatest length."""
    known: Outcomes = {}
    while ready := list(schedule.ready(known)):
        trial = ready[0]
        success = trial.length <= learns[trial.model, trial.seed]
        known[trial] = Outcome(success, 100, 0.01, 1.0)
    return known


@pytest.mark.parametrize("search", ["grid", "bisection"])
def test_every_search_ends_with_what_each_net_really_learns(search: str) -> None:
    for greatest in itertools.product((0, *LENGTHS), repeat=2):
        schedule = Schedule(("a",), LENGTHS, 2, search)  # type: ignore[arg-type]
        known = run_to_the_end(schedule, {("a", seed): greatest[seed - 1] for seed in (1, 2)})
        table = schedule.table(known)
        assert len(table) == 2 * len(LENGTHS) and not schedule.undecided(known)
        assert all(row.success == (row.length <= greatest[row.seed - 1]) for row in table.itertuples())


def test_a_grid_goes_on_as_long_as_one_seed_succeeds() -> None:
    schedule = Schedule(("a", "b"), LENGTHS, 3, "grid")
    known = run_to_the_end(
        schedule, {("a", 1): 20, ("a", 2): 5, ("a", 3): 0, **{("b", s): 0 for s in (1, 2, 3)}}
    )
    tried = {(trial.model, trial.length) for trial in known}
    assert tried == {("a", 5), ("a", 10), ("a", 20), ("a", 50), ("b", 5)}
    assert set(schedule.assumed(known).values()) == {False}
    assert {trial.length for trial in schedule.assumed(known) if trial.model == "a"} == {100, 200}


def test_bisection_makes_at_most_three_trials_of_six_lengths() -> None:
    schedule = Schedule(("a",), LENGTHS, 1, "bisection")
    for greatest in (0, *LENGTHS):
        assert len(run_to_the_end(schedule, {("a", 1): greatest})) <= 3


def test_nothing_is_assumed_before_all_seeds_have_failed() -> None:
    schedule = Schedule(("a",), (5, 10), 2, "grid")
    known = {Trial("a", 5, 1): Outcome(False, 100, 0.3, 1.0)}
    assert schedule.assumed(known) == {}
    assert list(schedule.ready(known)) == [Trial("a", 5, 2)]


def test_a_file_of_trials_is_read_as_it_was_written(tmp_path: Path) -> None:
    schedule, path = Schedule(("null", "a"), (5, 10), 1, "grid"), tmp_path / "trials.csv"
    known = {
        Trial("null", 5, 1): Outcome(True, 150, 0.012345678901234567, 0.5),
        Trial("a", 5, 1): Outcome(False, 0, float("nan"), 0.25),
    }
    write_trials(path, schedule, known)
    assert path.read_text().splitlines()[0] == "model,length,seed,tried,success,steps,best,seconds"
    assert path.read_text().splitlines()[-1] == "a,10,1,False,False,,,"
    again = read_trials(path)
    assert again.keys() == known.keys() and again[Trial("null", 5, 1)] == known[Trial("null", 5, 1)]
    write_trials(tmp_path / "again.csv", schedule, again)
    assert (tmp_path / "again.csv").read_text() == path.read_text()


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "model,length,seed,tried\nx,y,1,True\n"])
def test_another_kind_of_file_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "trials.csv").write_text(text)
    with pytest.raises(InputError, match=r"trials\.csv(: there is no column|, line 2)"):
        read_trials(tmp_path / "trials.csv")
