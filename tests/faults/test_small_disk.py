"""A disk that is really too small, from hardly any room to nearly enough, where one may be mounted."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.chosen import some
from tests.faults.conftest import Undisturbed
from tests.faults.lives import Lives
from tests.faults.test_full_disk_of_a_sweep import goes_on
from tests.faults.whole import check_goes_on, check_whole, contents, told_in_one_line

pytestmark = pytest.mark.slow
PAGE, ROOMY = 4096, 2**28


class Disk:
    """A file system in memory, mounted on `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def of(self, size: int) -> None:
        """Gives it so many bytes, of which what lies there already is a part."""
        mount = ["mount", "-t", "tmpfs", "-o", f"remount,size={size}", "tmpfs", str(self.folder)]
        subprocess.run(mount, check=True, capture_output=True)

    @property
    def used(self) -> int:
        """Bytes that are taken."""
        return shutil.disk_usage(self.folder).used


@pytest.fixture
def disk(tmp_path: Path, undisturbed: Undisturbed) -> Iterator[Disk]:
    """A roomy one with the data alone."""
    folder = tmp_path / "disk"
    folder.mkdir()
    try:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOMY}", "tmpfs", str(folder)]
        done = subprocess.run(mount, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("there is no mount on this machine")
    if done.returncode:
        pytest.skip(f"a tmpfs cannot be mounted here: {' '.join(done.stderr.split())}")
    try:
        shutil.copytree(
            undisturbed.folder, folder, ignore=lambda *_: ["outputs", "cache"], dirs_exist_ok=True
        )
        yield Disk(folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def on_smaller_disks(disk: Disk, run: Callable[[], None]) -> Iterator[int]:
    """Yields sizes at which `run`, done once with room enough, finds none at some point; the disk has it."""
    before = disk.used
    run()
    needed = disk.used
    for made in ("outputs", "cache"):
        shutil.rmtree(disk.folder / made, ignore_errors=True)
    for size in some(range(before + PAGE, needed, PAGE)):
        disk.of(size)
        yield size
        disk.of(ROOMY)
        for made in ("outputs", "cache"):
            shutil.rmtree(disk.folder / made, ignore_errors=True)


def test_a_training_on_a_disk_that_is_too_small_goes_on_once_there_is_room(
    lives: Lives, undisturbed: Undisturbed, disk: Disk
) -> None:
    met = 0
    for _ in on_smaller_disks(disk, lambda: _well(lives, disk, *undisturbed.words)):
        life = lives.live(disk.folder, *undisturbed.words)
        told_in_one_line(life)
        met += life.code != 0 and "No space left on device" in life.printed
        disk.of(ROOMY)
        check_whole(disk.folder)
        check_goes_on(lives, undisturbed.words, disk.folder, undisturbed.folder / "outputs/one")
    assert met


def test_a_sweep_on_a_disk_that_is_too_small_goes_on_once_there_is_room(
    lives: Lives, undisturbed_sweep: Undisturbed, disk: Disk
) -> None:
    met = 0
    for _ in on_smaller_disks(disk, lambda: _well(lives, disk, *undisturbed_sweep.words)):
        life = lives.live(disk.folder, *undisturbed_sweep.words)
        met += "No space left on device" in life.printed
        disk.of(ROOMY)
        goes_on(life, lives, undisturbed_sweep, disk.folder)
    assert met


def test_a_report_on_a_full_disk_leaves_the_one_before(
    lives: Lives, undisturbed: Undisturbed, disk: Disk
) -> None:
    shutil.copytree(undisturbed.folder, disk.folder, dirs_exist_ok=True)
    _well(lives, disk, "report", "one")
    before, used = contents(disk.folder), disk.used
    for size in some(range(used, used + 100 * PAGE, PAGE)):
        disk.of(size)
        life = lives.live(disk.folder, "report", "one")
        told_in_one_line(life)
        assert life.code == 0 or "No space left on device" in life.printed
        assert contents(disk.folder) == before


def _well(lives: Lives, disk: Disk, *words: str) -> None:
    life = lives.live(disk.folder, *words)
    assert life.code == 0, life.printed
