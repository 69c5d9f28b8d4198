import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from rnnlab.reports.course import PRESETS
from tests.conftest import Outcome


@pytest.mark.slow
def test_the_course_is_reported_whole_and_taken_up_where_it_stopped(
    call: Callable[..., Outcome], tiny: list[str], tmp_path: Path
):
    data = [word for word in tiny if word.startswith("data")]
    words = [*data, "data.vectors=vectors.txt", "training.epochs=1", "probe.every=0"]
    assert call("reproduce", "course", *words).code == 0
    root = tmp_path / "outputs" / "reproduce-course"
    summaries = {preset: root / f"{preset}-seed1" / "summary.json" for preset in PRESETS}
    first = {preset: path.read_text() for preset, path in summaries.items()}

    html = (root / "report.html").read_text()
    questions = re.findall(r"<h2>(Activity \d, question[^<]*)</h2>", html)
    assert len(questions) == 3 + 6 + 6  # questions 3 to 5 of the first activity share a section
    row = json.loads(first["end"])["final"]
    assert f"{row['valid_loss']:.4f}" in html

    killed = json.loads(first["middle"]) | {"status": "running"}
    summaries["middle"].write_text(json.dumps(killed))
    again = call("reproduce", "course", *words)
    assert again.code == 0
    assert f"{len(PRESETS) - 1} of {len(PRESETS)} runs are there already" in again.err
    assert json.loads(summaries["middle"].read_text())["status"] == "finished"
    assert all(summaries[preset].read_text() == first[preset] for preset in PRESETS if preset != "middle")

    other = call("reproduce", "course", *words, "training.batch_size=4")
    assert other.code == 2
    assert "--output" in other.err


def test_a_run_of_the_course_that_diverges_is_marked_as_failed(
    call: Callable[..., Outcome], tiny: list[str], tmp_path: Path
) -> None:
    data = [word for word in tiny if word.startswith("data")]
    words = [*data, "data.vectors=vectors.txt", "training.epochs=1", "optimizer.lr=1e30"]
    outcome = call("reproduce", "course", *words)
    assert outcome.code == 1 and "became" in outcome.err
    (summary,) = (tmp_path / "outputs" / "reproduce-course").glob("*/summary.json")
    found = json.loads(summary.read_text())
    assert found["status"] == "failed" and found["error"] in outcome.err
