"""What all tests share: where the real data is, a run of the command line, strict numerics."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

# Shapes in signatures are checked while testing; the hook has to stand before the first import of rnnlab.
install_import_hook(["rnnlab.models", "rnnlab.tasks"], "beartype.beartype")

import torch  # noqa: E402

REAL_DATA = "RNNLAB_REAL_DATA"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data; skips where there is none, and fails where RNNLAB_REAL_DATA names no folder."""
    if REAL_DATA not in os.environ:
        pytest.skip(f"{REAL_DATA} is not set: the real data is not part of the repository")
    folder = Path(os.environ[REAL_DATA])
    assert folder.is_dir(), f"{REAL_DATA}={folder} is no folder"
    return folder.resolve()


@pytest.fixture(scope="session", autouse=True)
def one_thread_a_worker() -> None:
    """Tests run beside each other, one a core; more threads would only get in each other's way."""
    torch.set_num_threads(1)


Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def rnnlab(tmp_path: Path) -> Command:
    """Runs `rnnlab WORDS…` in an empty folder, as a person would; returns exit code and output."""

    def run(*words: str, cwd: Path = tmp_path, **options: object) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "160", "NO_COLOR": "1"}
        return subprocess.run(
            [sys.executable, "-c", "from rnnlab.cli.app import main; main()", *words],
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
            **options,  # type: ignore[call-overload]
        )

    return run
