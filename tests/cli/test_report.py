import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.image import imread

from tests.conftest import Outcome

EVIL = "<script>alert(1)</script>"
BROWSER = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture
def page(call: Callable[..., Outcome], tiny: list[str], tmp_path: Path) -> Path:
    """The report of a run with all probes on, with a script in its texts and in its name."""
    for name in ("train.tsv", "valid.tsv"):
        path = tmp_path / name
        path.write_text(path.read_text() + f"pos\t{EVIL} outstanding great\nneg\t{EVIL} boring awful\n")
    words = [
        *tiny,
        "model=rnn",
        "probe.every=1",
        "insert=end",
        "data.strip_html=false",
        "data.vectors=vectors.txt",
    ]
    name = EVIL.replace("/", "")
    outcome = call("train", *words, f"hydra.run.dir='outputs/{name}'")
    assert outcome.code == 0, outcome.err
    return next(tmp_path.glob("outputs/*/report.html"))


@pytest.mark.parametrize(
    ("output", "said"),
    [("/dev/null", "a device"), ("link", "a symbolic link"), ("fifo", "a pipe"), ("outputs", "a folder")],
)
def test_a_report_goes_into_a_file_and_replaces_nothing_else(
    output: str, said: str, call: Callable[..., Outcome], trained: Path, tmp_path: Path
) -> None:
    shutil.copytree(trained / "outputs", tmp_path / "outputs")
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "link").symlink_to("mine")
    before = {path: path.lstat().st_ino for path in (*tmp_path.iterdir(), Path("/dev/null"))}
    outcome = call("report", "one", "-o", output)
    assert outcome.code == 2 and outcome.err.startswith(f"error: {output}: cannot be written (is {said}")
    assert outcome.err.count("\n") == 1 and outcome.out == ""
    assert {path: path.lstat().st_ino for path in before} == before
    assert (tmp_path / "mine").read_text() == "mine"


def test_the_report_shows_everything_a_run_recorded_and_runs_no_script(page: Path):
    html = page.read_text()
    titles = re.findall(r"<h2[^>]*>(.*?)</h2>", html)
    assert titles == [
        "What happened",
        "Gradients by position",
        "Gradients through time",
        "Learning curves",
        "Is the token used?",
        "Word vectors",
        "Minimal pairs",
        "Predictions",
        "Health of the training",
        "Configuration",
        "Data and environment",
        "Definitions",
    ]
    places = set(re.findall(r" id=\"([^\"]*)\"", html))
    assert set(re.findall(r"href=\"#([^\"]*)\"", html)) <= places
    assert html.count("shown here</a>") == 4
    assert "<script" not in html
    assert not re.search(r"(src|href)\s*=\s*\"(?!#|data:)|url\((?!#)|@import", html)
    assert "&lt;script&gt;" in html
    assert page.stat().st_size < 3_000_000
    command = json.loads((page.parent / "summary.json").read_text())["command"]
    assert command.split()[0] == "rnnlab"
    assert {path.name for path in (page.parent / "figures").iterdir()} >= {"curves.png", "similarity.png"}


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("width", [1200, 420])
def test_a_browser_shows_the_report_without_a_complaint(page: Path, tmp_path: Path, width: int):
    plain = tmp_path / "page.html"
    shutil.copy(page, plain)
    flags = (
        "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-sync"
    )
    picture = tmp_path / "page.png"
    done = subprocess.run(
        [
            str(BROWSER),
            *flags.split(),
            f"--user-data-dir={tmp_path / 'profile'}",
            f"--window-size={width},2400",
            f"--screenshot={picture}",
            "--enable-logging=stderr",
            f"file://{plain}",
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "CONSOLE" not in done.stderr
    pixels = imread(picture)[..., :3]
    blue = (pixels[..., 2] > pixels[..., 0] + 0.2).mean()  # the first line of a chart, and the heatmap
    assert pixels.shape[1] == width
    assert blue > 0.0005, "no figure can be seen"


def test_several_runs_stand_side_by_side_with_what_differs(
    call: Callable[..., Outcome], tiny: list[str], tmp_path: Path
):
    for seed in (1, 2):
        assert call("train", *tiny, f"seed={seed}", f"hydra.run.dir=outputs/run{seed}").code == 0
    outcome = call("report", "run1", "run2", "-o", "both.html")
    assert outcome.code == 0, outcome.err
    html = (tmp_path / "both.html").read_text()
    differing = html[html.index("What differs") :].split("</table>")[0]
    assert re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", differing.split("<tbody>")[1]) == ["seed", "1", "2"]


@pytest.mark.slow
def test_tables_that_commands_write_into_a_run_folder_are_in_its_report(
    call: Callable[..., Outcome], tiny: list[str], tmp_path: Path
):
    words = [word for word in tiny if not word.startswith("model")]
    assert call("train", *words, "model=rnn", "insert=end", "hydra.run.dir=outputs/one").code == 0
    assert call("through-time", "one", "--texts", "4", "--distances", "4").code == 0
    assert call("positions", "one", "--steps", "2").code == 0
    assert call("report", "one").code == 0
    html = (tmp_path / "outputs" / "one" / "report.html").read_text()
    titles = re.findall(r"<h2[^>]*>(.*?)</h2>", html)
    assert {"Gradients through time", "The token moved through the texts"} <= set(titles)
    assert "(through_time.csv)" in html and "(positions.csv)" in html
    for name in ("through_time.csv", "positions.csv"):
        rows = pd.read_csv(tmp_path / "outputs" / "one" / name)
        assert f"{rows.iloc[-1, -1]:.4g}" in html


def test_a_folder_that_is_no_run_is_refused_in_one_line(call: Callable[..., Outcome], tmp_path: Path):
    (tmp_path / "empty").mkdir()
    outcome = call("report", "empty")
    assert outcome.code == 2
    assert outcome.err.count("\n") == 1
    assert "summary.json" in outcome.err
