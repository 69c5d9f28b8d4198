"""Streams that are closed, full or without the characters that are printed are no reason for a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

RUNS = f"{sys.executable} -m rnnlab"
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}


def shell(line: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "160", "NO_COLOR": "1", **variables}
    environment.pop("PYTHONUNBUFFERED", None)  # nothing would wait to be written, as it does for most people
    return subprocess.run(
        line, shell=True, cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )


@pytest.mark.parametrize(
    ("redirected", "code", "told"),
    [
        (">/dev/full", 1, "error: No space left on device\n"),
        (">&-", 0, ""),
        ("<&- >&- 2>&-", 0, ""),
        ("2>/dev/full >/dev/full", 1, ""),
        ("| head -0", 0, ""),
    ],
)
def test_a_stream_that_takes_nothing(
    redirected: str, code: int, told: str, trained: Path, tmp_path: Path
) -> None:
    found = shell(f"{RUNS} runs {redirected}", trained)
    assert (found.returncode, found.stderr) == (code, told)


def test_characters_that_an_encoding_lacks_are_replaced(trained: Path) -> None:
    found = shell(f"{RUNS} show outputs/one", trained, **ASCII)
    assert (found.returncode, found.stderr) == (0, "") and found.stdout.isascii()
    assert "finished" in found.stdout
    refused = shell(f"{RUNS} train data.train=café.tsv", trained, **ASCII)
    assert refused.returncode == 2 and len(refused.stderr.splitlines()) == 1, refused.stderr
    assert refused.stderr.startswith("error: ")


def test_a_closed_standard_output_is_not_a_file_of_the_run(trained: Path, tmp_path: Path) -> None:
    words = ["data=files", f"data.train={trained}/train.tsv", "data.tokenizer=whitespace", "model=boe"]
    words += ["training.epochs=1", "probe.every=null", "hydra.run.dir=run", "engine=torch"]
    assert shell(f"{RUNS} train {' '.join(words)} >&- 2>&-", tmp_path).returncode == 0
    assert (tmp_path / "run" / "metrics.csv").read_text().startswith("epoch,train_acc")


def test_what_waits_for_the_end_of_the_process_is_done(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import atexit, threading\n"
        "atexit.register(print, 'the end')\n"
        "threading.Thread(target=lambda: (threading.main_thread().join(), print('a thread'))).start()\n"
        "from rnnlab.cli.app import command\n"
        "command()\n"
    )
    here = Path(__file__).parents[2]
    for words, code in (("--version", 0), ("nothing", 2)):
        found = shell(f"{sys.executable} {program} {words}", tmp_path, PYTHONPATH=str(here))
        assert found.returncode == code and found.stdout.splitlines()[-2:] == ["a thread", "the end"]
