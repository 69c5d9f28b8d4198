"""Which links a sweep's folder may have: none that leads what is written there to anywhere else."""

from pathlib import Path

import pytest

from rnnlab.core.errors import InputError
from rnnlab.runs.own_files import check_no_links


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """A sweep's folder as SLURM leaves it."""
    sweep = tmp_path / "sweep"
    (sweep / ".submitit" / "1").mkdir(parents=True)
    (sweep / "job-1" / ".hydra").mkdir(parents=True)
    script = sweep / ".submitit" / "1" / "1_submission.sh"
    script.touch()
    (sweep / ".submitit" / ".submission_file_8.sh").symlink_to(script)
    return sweep


def test_submitits_names_for_its_own_scripts_are_none_of_those_links(sweep: Path) -> None:
    check_no_links(sweep)


@pytest.mark.parametrize("name", [".submitit/x.sh", "job-2", "job-1/metrics.csv", "job-1/.hydra/config.yaml"])
@pytest.mark.parametrize("target", ["outside", "loop", "sweep/job-1", "sweep/nothing"])
def test_a_link_is_told_wherever_it_stands_and_leads(name: str, target: str, sweep: Path) -> None:
    link = sweep / name
    link.symlink_to(link if target == "loop" else sweep.parent / target)
    if name.startswith(".submitit") and target == "loop":
        check_no_links(sweep)  # it leads nowhere
        return
    with pytest.raises(InputError, match="is a symbolic link; a sweep has its own files and folders in it"):
        check_no_links(sweep)
