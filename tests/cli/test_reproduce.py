import json
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pandas as pd
import pytest

from rnnlab.course.evidence import PRESETS, read_course
from rnnlab.course.page import answers
from tests.conftest import Outcome
from tests.course.test_sentences import walk


@pytest.mark.slow
def test_the_course_is_reported_whole_and_taken_up_where_it_stopped(
    call: Callable[..., Outcome], tiny: list[str], tmp_path: Path
):
    data = [word for word in tiny if word.startswith("data")]
    words = [*data, "data.vectors=vectors.txt", "training.epochs=1", "--seeds", "1"]
    assert call("reproduce", "course", *words).code == 0
    root = tmp_path / "outputs" / "reproduce-course"
    summaries = {preset: root / f"{preset}-seed1" / "summary.json" for preset in PRESETS}
    first = {preset: path.read_text() for preset, path in summaries.items()}

    html = unescape((root / "report.html").read_text())
    course = read_course(root, 1)
    walk(course, root)
    numbers = [question.number for question, _ in answers(course)]
    assert len(numbers) == len(set(numbers)) == 29
    for question, _ in answers(course):
        assert f"{question.number} {question.asked}" in html

    killed = json.loads(first["middle"]) | {"status": "running"}
    summaries["middle"].write_text(json.dumps(killed))
    again = call("reproduce", "course", *words)
    assert again.code == 0
    assert f"{len(PRESETS) - 1} of {len(PRESETS)} runs are there already" in again.err
    assert json.loads(summaries["middle"].read_text())["status"] == "finished"
    assert all(summaries[preset].read_text() == first[preset] for preset in PRESETS if preset != "middle")

    (tmp_path / "mine.txt").write_text("".join(f"a great plot {unknown}\n" for unknown in "pqrst"))
    assert "Texts: rnnlab's own. Unknown to the nets: we, liked," in html
    assert call("reproduce", "course", *words, "--texts", "mine.txt").code == 0
    assert "Texts: mine.txt. Unknown to the nets: p, q, r, s, t." in (root / "report.html").read_text()
    asked = pd.read_csv(root / "boe-seed1" / "texts.csv")
    assert asked["Input text"].tolist() == [f"a great plot {unknown}" for unknown in "pqrst"]

    (tmp_path / "mine.txt").write_text("a single text\n")
    wrong = call("reproduce", "course", *words, "--texts", "mine.txt")
    assert wrong.code == 2 and wrong.err.startswith("error: mine.txt, line 2: expected"), wrong

    other = call("reproduce", "course", *words, "training.batch_size=4")
    assert other.code == 2
    assert "--output" in other.err


def test_a_run_of_the_course_that_diverges_is_marked_as_failed(
    call: Callable[..., Outcome], tiny: list[str], tmp_path: Path
) -> None:
    data = [word for word in tiny if word.startswith("data")]
    words = [*data, "data.vectors=vectors.txt", "training.epochs=1", "optimizer.lr=1e30", "--seeds", "1"]
    outcome = call("reproduce", "course", *words)
    assert outcome.code == 1 and "run it again to go on" in outcome.err.splitlines()[-1]
    root = tmp_path / "outputs" / "reproduce-course"
    for preset in PRESETS:  # each failed by itself
        found = json.loads((root / f"{preset}-seed1" / "summary.json").read_text())
        assert found["status"] == "failed"
        assert f"error: {preset}-seed1: {found['error']}" in outcome.err


@pytest.mark.parametrize("output", ["train.tsv", "train.tsv/x", "/dev/full"])
def test_a_place_that_is_no_folder_is_refused_once(
    output: str, call: Callable[..., Outcome], tiny: list[str]
) -> None:
    outcome = call("reproduce", "course", *tiny[:3], "--seeds", "1", "--output", output)
    assert outcome.code == 2 and f"--output: {output}: " in outcome.err and outcome.err.count("error: ") == 1


def test_what_is_no_run_is_not_taken_away(
    call: Callable[..., Outcome], tiny: list[str], tmp_path: Path
) -> None:
    (tmp_path / "x" / "rnn-seed1").mkdir(parents=True)
    (tmp_path / "x" / "rnn-seed1" / "notes.txt").write_text("mine")
    outcome = call("reproduce", "course", *tiny[:3], "--seeds", "1", "--output", "x")
    assert outcome.code == 2 and "notes.txt: is not of a run; choose another --output" in outcome.err
    assert (tmp_path / "x" / "rnn-seed1" / "notes.txt").read_text() == "mine"
