"""What may lie in a folder after a fault: whole files, temporaries known as such, and nothing half."""

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import yaml

from rnnlab.runs.files import CLAIMS, CONFIG, HYDRA, JOURNAL, LAST, METRICS, SUMMARY, SWEEP
from rnnlab.runs.finder import Run, open_run
from rnnlab.runs.journal import Journal
from rnnlab.training.checkpoint import read_checkpoint, read_facts
from rnnlab.workflows.verify_resume import digests
from tests.faults.lives import Life, Lives
from tests.times import without_times

TEMPORARY = re.compile(r"\.(.+\.(tmp|old)|tmp\w{6}|fetch-.+)")
"""Names of what a killed process leaves half: hidden, and passed over by everything."""
UNFINISHED = ("failed", "interrupted", "killed", "trained")


def told_in_one_line(life: Life) -> None:
    """Asserts that a command ended well, or with one line that says what is amiss."""
    assert "Traceback" not in life.printed, life.printed
    errors = [line for line in life.printed.splitlines() if line.startswith("error: ")]
    assert (life.code == 0 and not errors) or (life.code in (1, 2) and len(errors) == 1), life


def contents(folder: Path) -> dict[str, bytes]:
    """Returns all whole files below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in _files(folder)}


def check_whole(folder: Path) -> list[Run]:
    """Asserts that every file below a folder is whole, and every run complete or said not to be; returns the
    runs.
    """
    for path in _files(folder):
        _check_file(path, path.read_bytes())
    runs = [open_run(path.parent) for path in sorted(folder.rglob(SUMMARY))]
    for run in runs:
        _check_run(run)
    return runs


def check_goes_on(lives: Lives, words: list[str], folder: Path, expected: Path) -> None:
    """Asserts that the run `outputs/one` goes on, or begins anew where none had begun, and ends as the run
    `expected`, bit for bit, but for times.
    """
    run = folder / "outputs/one"
    begun = (run / SUMMARY).is_file()
    life = lives.live(folder, *(["train", "--resume", "one"] if begun else words))
    assert life.code == 0, life.printed
    assert open_run(run).status == "finished"
    assert left_by(run) == left_by(expected)
    shutil.rmtree(run)


def told_of_each_job(life: Life, jobs: int) -> None:
    """Asserts that a sweep ended well, or with a line for each job that did not, and one for all of them."""
    assert "Traceback" not in life.printed, life.printed
    errors = [line for line in life.printed.splitlines() if line.startswith("error: ")]
    assert life.code in (0, 1, 2, 3) and len(errors) <= jobs + 1 and bool(errors) == bool(life.code), life


def check_sweep(sweep: Path, expected: Path) -> None:
    """Asserts that a sweep is over, and that it left what the other one did, bit for bit, but for times."""
    journal, names = Journal(sweep), sorted(path.parent.name for path in expected.glob(f"*/{SUMMARY}"))
    journal.read()
    assert sorted(journal.jobs) == names and {job.state for job in journal.jobs.values()} == {"done"}
    assert journal.unreadable == 0 and not any(map(journal.claimed, journal.jobs))
    for name in names:
        assert open_run(sweep / name).status == "finished"
        assert left_by(sweep / name) == left_by(expected / name)
    tables = [without_times(pd.read_csv(path / SWEEP)) for path in (sweep, expected)]
    pd.testing.assert_frame_equal(*tables)
    assert _names(sweep) == _names(expected)


def left_by(run: Path) -> dict[str, str]:
    """Returns digests of all that a run has left, but for times and temporaries."""
    return {
        name: digest
        for name, digest in digests(run).items()
        if not any(TEMPORARY.fullmatch(part) for part in Path(name).parts)
    }


def _files(folder: Path) -> list[Path]:
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(map(TEMPORARY.fullmatch, path.relative_to(folder).parts))
    ]


def _names(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in _files(folder)]


def _check_file(path: Path, content: bytes) -> None:
    if path.parent.name == CLAIMS:  # a lock, which is empty
        return
    match path.suffix:
        case ".json":
            json.loads(content)
        case ".yaml" if HYDRA not in path.parts:  # Hydra's own, which rnnlab does not read back
            assert isinstance(yaml.safe_load(content), dict), path
        case ".csv":
            assert content.endswith(b"\n"), f"{path} is cut off"
            pd.read_csv(path)
        case ".safetensors":
            read_checkpoint(path)
        case ".png":
            assert content.endswith(b"IEND\xaeB`\x82"), f"{path} is cut off"
        case ".html":
            assert content.rstrip().endswith(b"</html>"), f"{path} is cut off"
        case ".svg" | ".txt":
            assert content.endswith(b"\n"), f"{path} is cut off"
        case ".jsonl":
            assert path.name == JOURNAL


def _check_run(run: Run) -> None:
    assert run.status in ("finished", *UNFINISHED), run.status
    epochs = pd.read_csv(run.folder / METRICS)["epoch"].tolist() if (run.folder / METRICS).is_file() else []
    assert epochs == list(range(len(epochs))), "rows are lost or twice there"
    if (run.folder / LAST).is_file():  # rounds after it are trained again, those up to it have their rows
        assert read_facts(run.folder / LAST)["epoch"] < len(epochs)
    if run.status in ("finished", "trained"):
        planned = yaml.safe_load((run.folder / CONFIG).read_bytes())["training"]["epochs"]
        assert len(epochs) == planned + 1
        assert read_facts(run.folder / LAST)["epoch"] == planned
