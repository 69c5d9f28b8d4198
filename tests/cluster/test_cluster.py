"""Sweeps by SLURM and by Ray, for real: `make test-cluster` installs what that needs and sets a variable."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from tests.cluster.slurm import missing_programs, slurm
from tests.sweeps import check_that_no_finished_job_ran_again, events_of, states_of

if "RNNLAB_TEST_CLUSTER" not in os.environ:
    pytest.skip("RNNLAB_TEST_CLUSTER is not set, see make test-cluster", allow_module_level=True)

# Once for each job that is asked to, its process is killed, as where memory runs out.
KILLED = """
import logging, os, signal
from pathlib import Path
import torch

class Killed(torch.optim.SGD):
    def __init__(self, params, *, lr: float = 0.1, kills: bool = False) -> None:
        super().__init__(params, lr=lr)
        self._kills = kills
    def step(self, closure=None):
        if self._kills and len(self.param_groups[0]["params"]) > 1:  # and not merely tried out
            files = [h.baseFilename for h in logging.getLogger().handlers if hasattr(h, "baseFilename")]
            mark = Path(f"killed-{Path(files[0]).parent.name}")
            if not mark.exists():
                mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
        return super().step(closure)
"""


@pytest.fixture(scope="session")
def slurm_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    assert not missing_programs(), f"not installed: {', '.join(missing_programs())}"
    with slurm(tmp_path_factory.mktemp("slurm")) as environment:
        yield environment


def run(words: list[str], folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rnnlab", *words],
        cwd=folder,
        env={**environment, "COLUMNS": "160"},
        capture_output=True,
        text=True,
        timeout=280,
    )


def check_sweep(words: list[str], tiny: list[str], folder: Path, environment: dict[str, str]) -> None:
    """Runs a sweep of which a job fails and a job is killed, and again, and checks what its journal says."""
    (folder / "killed.py").write_text(KILLED)
    (folder / "configs" / "optimizer").mkdir(parents=True)
    yaml = "_target_: killed.Killed\nlr: 0.1\nkills: false\n"
    (folder / "configs" / "optimizer" / "killed.yaml").write_text(yaml)
    swept = ["optimizer.lr=0.1,1e38", "optimizer.kills=false,true"]
    words = ["train", "-m", *tiny, "--module", "killed", "optimizer=killed", *swept, "sweep=mine", *words]
    sweep = folder / "outputs" / "sweep-mine"

    first = run(words, folder, environment)
    print(first.stderr, (sweep / "journal.jsonl").read_text(), sep="\n")
    assert first.returncode == 1, first.stderr
    assert states_of(sweep) == ["done", "killed", "failed", "killed"]
    table = pd.read_csv(sweep / "sweep.csv")
    assert table["status"].tolist() == ["finished", "killed", "failed", "killed"]
    assert "became" in table["error"][2] and "its process" in table["error"][1]

    again = run(words, folder, environment)
    print(again.stderr, (sweep / "journal.jsonl").read_text(), sep="\n")
    assert again.returncode == 1, again.stderr
    assert states_of(sweep) == ["done", "done", "failed", "failed"]
    check_that_no_finished_job_ran_again(sweep)
    assert sum(event.event == "running" for event in events_of(sweep)) == 6


def test_a_sweep_by_slurm(tiny: list[str], tmp_path: Path, slurm_environment: dict[str, str]) -> None:
    check_sweep(["hydra/launcher=submitit_slurm"], tiny, tmp_path, slurm_environment)


def test_a_sweep_by_ray(tiny: list[str], tmp_path: Path) -> None:
    check_sweep(["hydra/launcher=ray", "hydra.launcher.init.num_cpus=2"], tiny, tmp_path, dict(os.environ))
