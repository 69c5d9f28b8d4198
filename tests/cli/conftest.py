"""What tests of commands in processes of their own share."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

Start = Callable[..., subprocess.Popen[str]]
PROGRAM = (  # Ctrl-C is ignored where a shell runs tests in the background
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from rnnlab.cli.app import command; command()"
)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts `rnnlab WORDS…` and goes on; whatever still runs at the end of the test is killed."""
    with ExitStack() as stack:

        def run(*words: str) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, *words],
                cwd=tmp_path,
                env={**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "160", "NO_COLOR": "1"},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield run


def wait_for_rows(process: subprocess.Popen[str], count: int) -> None:
    """Returns once so many rows of figures have been printed."""
    assert process.stdout is not None
    for _ in range(count + 1):  # and the header
        assert process.stdout.readline(), process.communicate()
