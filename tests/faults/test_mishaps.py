"""Folders that cannot be written, two processes on one, a clock set back, no memory, a damaged cache."""

import random
import shutil
from pathlib import Path

import pytest

from tests.faults.chosen import NUMBER, some
from tests.faults.conftest import Undisturbed
from tests.faults.lives import Lives
from tests.faults.whole import check_goes_on, check_whole, contents, left_by, told_in_one_line

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("command", ["train", "sweep", "report", "resume"])
def test_a_disk_that_cannot_be_written_is_told_in_one_line_and_stays_as_it_is(
    command: str, lives: Lives, undisturbed: Undisturbed, trained: Path
) -> None:
    words = {
        "train": undisturbed.words[:-1],
        "sweep": ["train", "-m", *undisturbed.words[1:-1], "seed=1,2"],
        "report": ["report", "one"],
        "resume": ["train", "--resume", "one", "training.epochs=3"],
    }[command]
    before = contents(trained)
    life = lives.live(trained, *words, read_only=1)
    told_in_one_line(life)
    assert life.code == 2 and "Read-only file system" in life.printed, life.printed
    assert contents(trained) == before


def test_of_two_trainings_in_one_folder_one_goes_on_and_one_is_told(
    lives: Lives, undisturbed: Undisturbed, folder: Path
) -> None:
    for _ in range(NUMBER):
        life = lives.live(folder, *undisturbed.words, twins=2)
        assert sorted(life.codes) == [0, 2], life.printed
        assert "Traceback" not in life.printed and life.printed.count("error: ") == 1
        assert "choose another folder" in life.printed
        assert [run.status for run in check_whole(folder)] == ["finished"]
        assert left_by(folder / "outputs/one") == left_by(undisturbed.folder / "outputs/one")
        for made in ("outputs", "cache"):
            shutil.rmtree(folder / made)


def test_of_two_that_go_on_with_one_run_one_does(
    lives: Lives, undisturbed: Undisturbed, trained: Path
) -> None:
    words = ["train", "--resume", "one", "training.epochs=4"]
    for _ in range(NUMBER):
        life = lives.live(trained, *words, twins=2)
        # Whoever comes late may find that nothing is left to do.
        assert sorted(life.codes) in ([0, 0], [0, 2]), life.printed
        assert "Traceback" not in life.printed
        assert [run.status for run in check_whole(trained)] == ["finished"]
        shutil.rmtree(trained / "outputs")
        shutil.copytree(undisturbed.folder / "outputs", trained / "outputs")


def test_two_processes_may_fill_a_cache_and_draw_a_report_at_once(
    lives: Lives, undisturbed: Undisturbed, trained: Path
) -> None:
    for _ in range(NUMBER):
        shutil.rmtree(trained / "cache")
        for words in (undisturbed.words[:-1], ["report", "one"]):
            life = lives.live(trained, *words, twins=2)
            assert life.codes == [0, 0], life.printed
            assert "Traceback" not in life.printed and "error: " not in life.printed
        runs = check_whole(trained)
        assert {run.status for run in runs} == {"finished"}
        assert all(left_by(run.folder) == left_by(undisturbed.folder / "outputs/one") for run in runs)
        assert len(list((trained / "cache").iterdir())) == 1


def test_a_clock_that_is_set_back_changes_no_figure_and_loses_no_run(
    lives: Lives, undisturbed: Undisturbed, folder: Path
) -> None:
    for number in range(1, 3):
        life = lives.live(folder, *undisturbed.words[:-1], clock=3600.0)
        assert life.code == 0 and "Traceback" not in life.printed, life.printed
        runs = check_whole(folder)
        assert [run.status for run in runs] == ["finished"] * number
    for run in runs:
        assert left_by(run.folder) == left_by(undisturbed.folder / "outputs/one")
    assert lives.live(folder, "runs").printed.count("finished") == 2


def test_no_memory_for_a_batch_ends_a_training_in_one_line_and_it_goes_on_later(
    lives: Lives, undisturbed: Undisturbed, folder: Path
) -> None:
    met = 0
    for batch in some(range(1, 13)):
        life = lives.live(folder, *undisturbed.words, no_memory_at=batch)
        told_in_one_line(life)
        if life.code == 0:
            shutil.rmtree(folder / "outputs")
            continue
        met += 1
        assert "memory" in life.printed, life.printed
        assert [run.status for run in check_whole(folder)] in ([], ["failed"])
        check_goes_on(lives, undisturbed.words, folder, undisturbed.folder / "outputs/one")
    assert met


def test_a_flipped_bit_of_a_cache_is_never_trained_on(
    lives: Lives, undisturbed: Undisturbed, folder: Path
) -> None:
    shutil.copytree(undisturbed.folder / "cache", folder / "cache")
    draw = random.Random(5)
    files = [path for path in sorted((folder / "cache").rglob("*")) if path.is_file()]
    assert len(files) > 5
    for _ in range(NUMBER):
        path = draw.choice(files)
        whole = path.read_bytes()
        broken = bytearray(whole)
        broken[draw.randrange(len(broken))] ^= 1 << draw.randrange(8)
        path.write_bytes(broken)
        life = lives.live(folder, *undisturbed.words)
        assert life.code == 0 and "Traceback" not in life.printed, life.printed
        assert "the texts are encoded anew" in life.printed, path
        assert path.read_bytes() == whole
        # Its summary notes that the cache was broken, and why.
        ours, theirs = (left_by(at / "outputs/one") for at in (folder, undisturbed.folder))
        assert {name for name in ours | theirs if ours.get(name) != theirs.get(name)} <= {"summary.json"}
        shutil.rmtree(folder / "outputs")
