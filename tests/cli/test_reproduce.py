"""`rnnlab reproduce course`: its page, and its runs as jobs of a journal, gone on with and added to."""

import json
import random
import subprocess
from collections import Counter
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pandas as pd
import pytest

from rnnlab.course.evidence import PRESETS, read_course
from rnnlab.course.page import answers
from tests.conftest import Outcome
from tests.course.test_sentences import walk
from tests.sweeps import check_that_no_finished_job_ran_again, events_of, kill_both, states_of
from tests.times import without_times

JOBS = len(PRESETS) + 3  # and the gradients of three untrained nets
TABLES = ("texts", "tokens", "positions", "gradients", "similarity", "batches", "padding", "unpacked")


@pytest.fixture
def words(tiny: list[str]) -> list[str]:
    """The course on tiny data, in an epoch."""
    data = [word for word in tiny if word.startswith("data")]
    return ["reproduce", "course", *data, "data.vectors=vectors.txt", "training.epochs=1", "--seeds"]


def check_same_course(one: Path, other: Path, seeds: int) -> None:
    """Checks that two reproductions found the same, to the last digit."""
    names = [f"{preset}-seed{seed}" for preset in PRESETS for seed in range(1, seeds + 1)]
    for name in names:
        metrics = [without_times(pd.read_csv(root / name / "metrics.csv")) for root in (one, other)]
        assert metrics[0].equals(metrics[1]), name
    tables = [path.relative_to(one) for path in one.rglob("*.csv") if path.stem in TABLES]
    assert len(tables) > 5 * len(names)
    for table in tables:
        assert (one / table).read_text() == (other / table).read_text(), table


@pytest.mark.slow
def test_the_course_is_reported_whole_and_taken_up_where_it_stopped(
    call: Callable[..., Outcome], words: list[str], tmp_path: Path
) -> None:
    assert call(*words, "1").code == 0
    root = tmp_path / "outputs" / "reproduce-course"
    first = {preset: (root / f"{preset}-seed1" / "summary.json").read_text() for preset in PRESETS}
    assert Counter(event.event for event in events_of(root)) == {"running": JOBS, "done": JOBS}

    html = unescape((root / "report.html").read_text())
    course = read_course(root, 1)
    walk(course, root)
    numbers = [question.number for question, _ in answers(course)]
    assert len(numbers) == len(set(numbers)) == 29
    for question, _ in answers(course):
        assert f"{question.number} {question.asked}" in html

    again = call(*words, "1")
    assert again.code == 0 and f"{JOBS} of {JOBS} jobs are over already" in again.err
    assert len(events_of(root)) == 2 * JOBS

    (tmp_path / "mine.txt").write_text("".join(f"a great plot {unknown}\n" for unknown in "pqrst"))
    assert "Texts: rnnlab's own. Unknown to the nets: we, liked," in html
    assert call(*words, "1", "--texts", "mine.txt").code == 0
    assert "Texts: mine.txt. Unknown to the nets: p, q, r, s, t." in (root / "report.html").read_text()
    asked = pd.read_csv(root / "boe-seed1" / "texts.csv")
    assert asked["Input text"].tolist() == [f"a great plot {unknown}" for unknown in "pqrst"]
    for preset in PRESETS:  # none was trained again
        assert (root / f"{preset}-seed1" / "summary.json").read_text() == first[preset]

    (tmp_path / "mine.txt").write_text("a single text\n")
    wrong = call(*words, "1", "--texts", "mine.txt")
    assert wrong.code == 2 and wrong.err.startswith("error: mine.txt, line 2: expected"), wrong

    other = call(*words, "1", "training.batch_size=4")
    assert other.code == 2 and "training.batch_size: " in other.err.splitlines()[-1]
    assert other.err.splitlines()[-1].endswith(" then, 4 now); choose another --output")


@pytest.mark.slow
def test_a_course_killed_again_and_again_and_added_to_ends_as_one_left_alone(
    start: Callable[..., subprocess.Popen[str]],
    call: Callable[..., Outcome],
    words: list[str],
    tmp_path: Path,
) -> None:
    rng, killed = random.Random(1), tmp_path / "killed"
    for _ in range(2):
        command = start(*words, "1", "-o", "killed")
        kill_both(killed, command, rng)
        command.communicate(timeout=600)
    assert call(*words, "1", "-o", "killed").code == 0
    assert call(*words, "1", "-o", "alone").code == 0
    check_same_course(killed, tmp_path / "alone", 1)
    assert call(*words, "2", "-o", "killed").code == 0
    assert states_of(killed) == ["done"] * 2 * JOBS
    check_that_no_finished_job_ran_again(killed)


@pytest.mark.slow
def test_a_run_of_the_course_that_diverges_is_marked_as_failed(
    call: Callable[..., Outcome], words: list[str], tmp_path: Path
) -> None:
    outcome = call(*words, "1", "optimizer.lr=1e30")
    assert outcome.code == 1
    assert "note: 13 jobs failed; try again with: rnnlab reproduce course " in outcome.err
    root = tmp_path / "outputs" / "reproduce-course"
    for preset in PRESETS:  # each failed by itself
        found = json.loads((root / f"{preset}-seed1" / "summary.json").read_text())
        assert found["status"] == "failed"
        assert f"error: {preset}-seed1: {found['error']}" in outcome.err
    assert Counter(states_of(root)) == {"failed": len(PRESETS), "done": 3}
    assert call(*words, "1", "optimizer.lr=1e30").code == 1 and len(events_of(root)) == 2 * JOBS


@pytest.mark.slow
def test_a_folder_of_something_else_is_refused(
    call: Callable[..., Outcome], words: list[str], tmp_path: Path
) -> None:
    (tmp_path / "old" / "boe-seed1").mkdir(parents=True)
    refused = call(*words, "1", "-o", "old")
    assert refused.code == 2 and "old: holds something else already; choose another --output" in refused.err
    refused = call(*words, "1", "hydra.launcher.workers=0")
    assert refused.code == 2 and "hydra.launcher.workers: expected a whole number from 1" in refused.err
    assert not (tmp_path / "outputs" / "reproduce-course").exists()


@pytest.mark.parametrize("output", ["train.tsv", "train.tsv/x", "/dev/full"])
def test_a_place_that_is_no_folder_is_refused_once(
    output: str, call: Callable[..., Outcome], tiny: list[str]
) -> None:
    outcome = call("reproduce", "course", *tiny[:3], "--seeds", "1", "--output", output)
    assert outcome.code == 2 and f"--output: {output}: " in outcome.err and outcome.err.count("error: ") == 1
