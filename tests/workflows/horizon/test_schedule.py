"""Which trials of a horizon are made, which are taken for granted, and what a journal keeps of them."""

import itertools
from pathlib import Path

import pytest

from rnnlab.core.errors import InputError
from rnnlab.runs.journal import Happened, Journal, Planned, PlannedJob
from rnnlab.workflows.horizon.schedule import (
    Outcome,
    Outcomes,
    Schedule,
    Trial,
    figures_of,
    outcomes_of,
)

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


def journal_of(folder: Path, **figures: dict[str, float | int | None]) -> Journal:
    """Returns a journal in which trials of these names are done, and one more was begun."""
    jobs = {name: PlannedJob(hash=name, words=[], settings={}) for name in (*figures, "begun")}
    done = [Happened(event="done", job=name, hash=name, best=best) for name, best in figures.items()]
    journal = Journal(folder)
    journal.add(Planned(settings={}, jobs=jobs, asked=list(jobs)), *done)
    journal.add(Happened(event="running", job="begun", hash="begun"))
    return journal


def test_what_a_journal_keeps_of_an_outcome_is_all_of_it(tmp_path: Path) -> None:
    schedule = Schedule(("null", "a"), (5, 10), 1, "grid")
    known = {
        Trial("null", 5, 1): Outcome(True, 150, 0.012345678901234567, 0.5),
        Trial("a", 5, 1): Outcome(False, 0, float("nan"), 0.25),
    }
    trials = {"x": Trial("null", 5, 1), "y": Trial("a", 5, 1), "begun": Trial("a", 10, 1)}
    figures = {name: figures_of(known[trials[name]]) for name in ("x", "y")}
    journal = journal_of(tmp_path, **figures)
    again = outcomes_of(journal, trials | {"never": Trial("null", 10, 1)})
    assert schedule.table(again).equals(schedule.table(known))
    lines = schedule.table(again).to_csv(index=False).splitlines()
    assert lines[0] == "model,length,seed,tried,success,steps,best,seconds"
    assert lines[-1] == "a,10,1,False,False,,,"


@pytest.mark.parametrize(
    "figures",
    [
        {},
        {"valid_loss": 0.1},
        {"success": None, "steps": 1, "best": 0.1, "seconds": 1.0},
        {"success": 1, "steps": float("inf"), "best": 0.1, "seconds": 1.0},
    ],
)
def test_a_journal_of_something_else_is_named(figures: dict[str, float | int | None], tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"journal\.jsonl: x: expected the figures of a trial"):
        outcomes_of(journal_of(tmp_path, x=figures), {"x": Trial("a", 5, 1)})
