"""A disk that is full, at whichever write: one line, nothing half, and all goes on once there is room."""

import shutil
from pathlib import Path

import pytest

from tests.faults.chosen import some
from tests.faults.conftest import Undisturbed
from tests.faults.lives import Lives
from tests.faults.whole import check_goes_on, check_whole, contents, told_in_one_line

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("fault", ["no_space_at", "no_space_from"])
def test_a_training_that_finds_no_room_for_a_file_goes_on_later(
    fault: str, lives: Lives, undisturbed: Undisturbed, folder: Path
) -> None:
    assert undisturbed.life.writes > 40
    for write in some(range(1, undisturbed.life.writes + 1)):
        life = lives.live(folder, *undisturbed.words, **{fault: write})
        told_in_one_line(life)
        check_whole(folder)
        check_goes_on(lives, undisturbed.words, folder, undisturbed.folder / "outputs/one")
        shutil.rmtree(folder / "cache", ignore_errors=True)


def test_a_report_that_finds_no_room_leaves_the_one_before(lives: Lives, trained: Path) -> None:
    writes = lives.live(trained, "report", "one").writes
    before = contents(trained)
    for write in some(range(1, writes + 1)):
        life = lives.live(trained, "report", "one", no_space_from=write)
        told_in_one_line(life)
        assert life.code == 2 and "No space left on device" in life.printed
        assert contents(trained) == before


def test_a_file_that_may_grow_no_further_is_not_there_by_half(
    lives: Lives, undisturbed: Undisturbed, folder: Path
) -> None:
    """The system itself refuses, whichever library writes."""
    run = undisturbed.folder / "outputs/one"
    sizes = {path.stat().st_size for path in run.rglob("*") if path.is_file()}
    for size in some(sorted(size - 1 for size in sizes)[1:]):
        told_in_one_line(lives.live(folder, *undisturbed.words, largest_file=size))
        check_whole(folder)
        check_goes_on(lives, undisturbed.words, folder, run)
        shutil.rmtree(folder / "cache", ignore_errors=True)
