"""A disk that is full in a sweep, at whichever write: each run whole or unfinished, and all goes on later."""

import shutil
from pathlib import Path

import pytest

from rnnlab.runs.journal import Journal
from tests.faults.chosen import some
from tests.faults.conftest import Undisturbed
from tests.faults.lives import Life, Lives
from tests.faults.whole import check_sweep, check_whole, told_of_each_job

pytestmark = pytest.mark.slow
SWEEP = Path("outputs/sweep-s")
HERE, IN_WORKERS = ["hydra/launcher=basic"], ["hydra.launcher.workers=2"]


def goes_on(life: Life, lives: Lives, sweep: Undisturbed, folder: Path, *words: str) -> None:
    """Asserts that a sweep that met a full disk left nothing half, and ends as one that met none."""
    told_of_each_job(life, jobs=2)
    check_whole(folder)
    journal = Journal(folder / SWEEP)
    journal.read()
    assert not any(map(journal.claimed, journal.jobs))
    again = lives.live(folder, *sweep.words, *words, "--retry-failed")
    assert again.code == 0 and "Traceback" not in again.printed, (life, again)
    check_whole(folder)
    check_sweep(folder / SWEEP, sweep.folder / SWEEP)


@pytest.mark.parametrize("words", [HERE, IN_WORKERS], ids=["one at a time", "in workers"])
@pytest.mark.parametrize("fault", ["no_space_at", "no_space_from"])
def test_a_sweep_that_finds_no_room_for_a_file_goes_on_later(
    fault: str, words: list[str], lives: Lives, undisturbed_sweep: Undisturbed, folder: Path
) -> None:
    assert undisturbed_sweep.life.writes > 100
    for write in some(range(1, undisturbed_sweep.life.writes + 1)):
        life = lives.live(folder, *undisturbed_sweep.words, *words, **{fault: write})
        goes_on(life, lives, undisturbed_sweep, folder, *words)
        for made in ("outputs", "cache"):
            shutil.rmtree(folder / made, ignore_errors=True)
