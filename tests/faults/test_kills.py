"""SIGKILL at any moment: what is there is whole, what is not finished says so, and the next one goes on."""

import hashlib
import random
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.data.test_fetch import Handler, Server, tar_gz
from tests.faults.chosen import NUMBER
from tests.faults.conftest import Undisturbed
from tests.faults.lives import ENDED_BY_KILL, Life, Lives
from tests.faults.whole import check_goes_on, check_sweep, check_whole, contents

pytestmark = pytest.mark.slow
Record = Callable[[str, object], None]


class Killer:
    """Kills lives at random moments, drawn over as long as the last one took that was not killed."""

    def __init__(self, lives: Lives, seed: int, life: Life) -> None:
        self._lives, self._draw, self._seconds = lives, random.Random(seed), life.seconds

    def kill(self, folder: Path, *words: str, code: str | None = None) -> bool:
        """Returns whether a life was killed, False if it was faster."""
        moment = self._draw.uniform(0, self._seconds)
        life = self._lives.live(folder, *words, code=code, kill_after=moment)
        assert life.code in (0, ENDED_BY_KILL), life.printed
        if life.code == 0:
            self._seconds = life.seconds
        return life.code == ENDED_BY_KILL


def test_a_killed_training_goes_on_to_what_an_undisturbed_one_leaves(
    lives: Lives, undisturbed: Undisturbed, folder: Path, record_property: Record
) -> None:
    killer, killed = Killer(lives, 1, undisturbed.life), 0
    while killed < NUMBER:
        if not killer.kill(folder, *undisturbed.words):
            assert [run.status for run in check_whole(folder)] == ["finished"]
            shutil.rmtree(folder / "outputs")
            continue
        killed += 1
        for run in check_whole(folder):
            assert run.status in ("killed", "trained", "finished")
            listed = lives.live(folder, "runs").printed
            assert run.status in listed and "Traceback" not in listed, listed
        check_goes_on(lives, undisturbed.words, folder, undisturbed.folder / "outputs/one")
        if killed % 2:
            shutil.rmtree(folder / "cache")
    record_property("kills of train", killed)


def test_a_killed_sweep_goes_on_with_what_is_left_of_it(
    lives: Lives, undisturbed: Undisturbed, folder: Path, record_property: Record
) -> None:
    words = ["train", "-m", *undisturbed.words[1:-1], "seed=1,2", "sweep=s"]
    life = lives.live(folder, *words)
    assert life.code == 0, life.printed
    sweep, expected = folder / "outputs/sweep-s", folder / "expected"
    sweep.rename(expected)
    assert len(list(expected.glob("*/summary.json"))) == 2
    killer, killed = Killer(lives, 2, life), 0
    while killed < NUMBER:
        if killer.kill(folder, *words):
            killed += 1
            check_whole(folder / "outputs")
            again = lives.live(folder, *words)
            assert again.code == 0 and "Traceback" not in again.printed, again.printed
        check_whole(folder / "outputs")
        check_sweep(sweep, expected)
        shutil.rmtree(folder / "outputs")
    record_property("kills of train -m", killed)


def test_a_killed_report_leaves_the_run_as_it_was(
    lives: Lives, trained: Path, record_property: Record
) -> None:
    words = ["report", "one"]
    killer, killed, before = Killer(lives, 3, lives.live(trained, *words)), 0, contents(trained)
    while killed < NUMBER:
        killed += killer.kill(trained, *words)
        assert contents(trained) == before
    assert lives.live(trained, *words).code == 0
    assert contents(trained) == before
    record_property("kills of report", killed)


@pytest.fixture
def fetching() -> Iterator[str]:
    """Code that runs `rnnlab data fetch imdb` as if an archive of 200 texts were the published one."""
    text = b"text " * 2000
    archive = tar_gz({f"aclImdb/{label}/{n}.txt": text for label in ("pos", "neg") for n in range(100)})
    with Server(("127.0.0.1", 0), Handler) as server:
        server.serve(archive)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield (
            "import sys\nimport rnnlab.data.fetch as fetch\nfrom rnnlab.cli.app import main\n"
            f"source = fetch.Source({server.url!r}, {hashlib.sha256(archive).hexdigest()!r}, 'imdb')\n"
            "fetch.SOURCES['imdb'] = source\nsys.argv = ['rnnlab', 'data', 'fetch', 'imdb']\nmain()\n"
        )
        server.shutdown()
        thread.join()


def test_a_killed_download_is_there_whole_or_not_at_all(
    lives: Lives, fetching: str, tmp_path: Path, record_property: Record
) -> None:
    life = lives.live(tmp_path, code=fetching)
    assert life.code == 0, life.printed
    expected = contents(tmp_path)
    assert len(expected) == 201  # and their sums
    killer, killed = Killer(lives, 4, life), 0
    while killed < NUMBER:
        shutil.rmtree(tmp_path / "inputs", ignore_errors=True)
        if killer.kill(tmp_path, code=fetching):
            killed += 1
            assert contents(tmp_path) in ({}, expected)
            assert lives.live(tmp_path, code=fetching).code == 0
        assert contents(tmp_path) == expected
    record_property("kills of data fetch", killed)
