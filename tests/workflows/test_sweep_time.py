"""How long a sweep will take is told by a few batches, for little, and changes nothing."""

import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from rnnlab.core.workers import Workers
from rnnlab.experiment.compose import checked, compose_config
from rnnlab.experiment.plan import PlannedRun, plan_runs
from rnnlab.workflows.sweep_time import AROUND, in_words, job_seconds, sweep_seconds, time_jobs
from tests.conftest import Outcome
from tests.times import without_times

Call = Callable[..., Outcome]
FACTOR = 4  # between the estimate and the real time, on a machine that does other things meanwhile


@pytest.fixture(autouse=True)
def without_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spares the runs of this process their figures and page, which have tests of their own."""
    monkeypatch.setattr("rnnlab.workflows.train.write_artifacts", lambda run: {})


def planned(*jobs: list[str]) -> list[PlannedRun]:
    composed = [compose_config(words) for words in jobs]
    return plan_runs((words, c, checked(c)) for words, c in zip(jobs, composed, strict=True))


@pytest.mark.slow
@pytest.mark.unchecked_types
@pytest.mark.parametrize("task", ["classification", "adding"])
def test_the_estimate_is_near_the_time_that_a_training_takes(task: str, call: Call, tmp_path: Path) -> None:
    steps = {
        "classification": ["model=lstm", "engine=torch", "insert=end", "training.epochs=2"],
        "adding": ["task=adding", "engine=torch", "training.steps=1500", "training.validate_every=500"],
    }
    words = [*steps[task], "probe.every=null"]
    (run,) = planned(words)
    estimate = job_seconds(run.values)
    assert estimate is not None
    begun = time.monotonic()
    assert call("train", *words, "hydra.run.dir=outputs/one").code == 0
    taken = time.monotonic() - begun
    assert taken > 1 and taken / FACTOR < estimate - AROUND < taken * FACTOR


def test_one_job_of_each_kind_is_timed(tiny: list[str], call: Call) -> None:
    seeds = planned(*([*tiny, f"seed={seed}", f"optimizer.lr={lr}"] for seed in (1, 2) for lr in (0.1, 0.2)))
    models = planned(*([*tiny, f"model={model}", "engine=torch"] for model in ("boe", "rnn")))
    longer = planned([*tiny, "training.epochs=200000"])
    asked: list[object] = []

    class Counted(Workers):
        def submit(self, job: object, function: Callable[..., object], *arguments: object) -> None:
            asked.append(job)
            super().submit(job, function, *arguments)

    with Counted(1) as pool:
        found = time_jobs(pool, [*seeds, *models, *longer], patience=60)
    assert len(asked) == len(set(asked)) == 4 and found.keys() == {r.name for r in (*seeds, *models, *longer)}
    assert len({found[run.name] for run in seeds}) == 1
    assert found[longer[0].name] > 50 * found[seeds[0].name] > 50 * AROUND


def test_what_cannot_be_timed_has_no_time(tiny: list[str], call: Call) -> None:
    (good,) = planned(tiny)
    (bad,) = planned([*tiny, "data.min_count=2"])
    bad = PlannedRun(
        bad.words, bad.name, values={**bad.values, "data": {**bad.values["data"], "train": "no"}}
    )
    with Workers(1) as pool:
        assert time_jobs(pool, [bad, good], patience=60).keys() == {good.name}
        assert time_jobs(pool, [], patience=60) == {}
        assert time_jobs(pool, [good], patience=0) == {}


def test_jobs_are_begun_as_workers_become_free() -> None:
    assert sweep_seconds([4, 1, 1, 1, 1], 2) == 4
    assert sweep_seconds([1, 1, 4], 2) == 5
    assert sweep_seconds([3], 2) == 3 and sweep_seconds([], 2) == 0


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.2, "1 s"), (42.4, "42 s"), (99, "99 s"), (100, "2 min"), (5900, "98 min"), (7200, "2.0 h")],
)
def test_a_time_has_two_digits(seconds: float, said: str) -> None:
    assert in_words(seconds) == said


def test_a_dry_run_tells_how_long_each_job_will_take_and_leaves_nothing(
    call: Call, tiny: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rnnlab.workflows.sweep_watch.PATIENCE_OF_DRY_RUN", 300.0)
    words = ["train", "-m", *tiny, "model=boe,rnn", "engine=torch", "sweep=mine", "hydra.launcher.workers=2"]
    before = set(tmp_path.rglob("*"))
    outcome = call(*words, "training.epochs=2,20000", "--dry-run")
    assert outcome.code == 0 and set(tmp_path.rglob("*")) == before
    takes = [line.split("│")[-2].split() for line in outcome.out.splitlines() if "│ new" in line]
    assert len(takes) == 4 and all(number.isdigit() and unit in ("s", "min", "h") for number, unit in takes)
    assert (
        "4 jobs to do, 2 at a time; about " in outcome.err and "going by a few batches timed" in outcome.err
    )
    monkeypatch.setattr("rnnlab.workflows.sweep_watch.PATIENCE_OF_DRY_RUN", 0.0)
    unknown = call(*words, "--dry-run")
    assert unknown.code == 0 and "2 jobs to do, 2 at a time; how long that takes is not known" in unknown.err
    elsewhere = call(*words[:-1], "hydra/launcher=basic", "--dry-run")
    assert elsewhere.code == 0 and "takes" not in elsewhere.out + elsewhere.err


@pytest.mark.slow
def test_figures_are_the_same_bit_for_bit_where_batches_were_timed(
    call: Call, tiny: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["train", "-m", *tiny, "model=rnn,lstm", "engine=torch", "data.cache=cache"]
    monkeypatch.setattr("rnnlab.workflows.journal_watch.WORTH_SAYING", 0.0)
    monkeypatch.setattr("rnnlab.workflows.sweep_watch.PATIENCE", 300.0)
    said = call(*words, "sweep=timed")
    assert said.code == 0 and "2 jobs, 2 at a time; about " in said.err, said.err
    monkeypatch.setattr("rnnlab.workflows.sweep_watch.time_jobs", lambda *_, **__: {})
    silent = call(*words, "sweep=untimed")
    assert silent.code == 0 and "a few batches" not in silent.err
    tables = []
    for name in ("timed", "untimed"):
        sweep = tmp_path / "outputs" / f"sweep-{name}"
        tables.append([without_times(pd.read_csv(path)) for path in sorted(sweep.glob("*/metrics.csv"))])
        assert len(tables[-1]) == 2
    for one, other in zip(*tables, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
