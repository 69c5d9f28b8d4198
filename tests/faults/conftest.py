"""A process that lives die in, and a folder for each."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import write_tiny
from tests.faults.lives import Life, Lives


@pytest.hookimpl(hookwrapper=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    """Prints how many processes were killed, where more than a few were to be."""
    yield
    reports = (report for found in terminalreporter.stats.values() for report in found)
    properties = [pair for report in reports for pair in getattr(report, "user_properties", ())]
    kills = {name: number for name, number in properties if name.startswith("kills of ")}
    if kills and "RNNLAB_FAULTS" in os.environ:
        for name, number in sorted(kills.items()):
            terminalreporter.write_line(f"{number:>5} {name}")
        terminalreporter.write_line(f"{sum(kills.values()):>5} SIGKILLs in all")


@pytest.fixture(scope="session")
def lives() -> Iterator[Lives]:
    """What runs commands that meet faults."""
    with Lives() as lives:
        yield lives


@dataclass(frozen=True)
class Undisturbed:
    """A training that met no fault: its words, its folder with data, cache and `outputs/one`, how it went."""

    words: list[str]
    folder: Path
    life: Life


@pytest.fixture(scope="session")
def undisturbed(lives: Lives, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """A training of two epochs on tiny data, with tables, probes and a page."""
    folder = tmp_path_factory.mktemp("undisturbed")
    tiny = [word for word in write_tiny(folder) if not word.startswith("probe.")]
    words = ["train", *tiny, "optimizer.lr=0.05", "data.cache=cache", "hydra.run.dir=outputs/one"]
    life = lives.live(folder, *words)
    assert life.code == 0, life.printed
    return Undisturbed(words, folder, life)


@pytest.fixture(scope="session")
def undisturbed_sweep(
    lives: Lives, undisturbed: Undisturbed, tmp_path_factory: pytest.TempPathFactory
) -> Undisturbed:
    """A sweep of two such trainings, `outputs/sweep-s`, that met no fault either."""
    folder = shutil.copytree(
        undisturbed.folder, tmp_path_factory.mktemp("sweep") / "work", ignore=lambda *_: ["outputs", "cache"]
    )
    words = ["train", "-m", *undisturbed.words[1:-1], "seed=1,2", "sweep=s"]
    life = lives.live(folder, *words, "hydra/launcher=basic")  # whose writes are all of one process
    assert life.code == 0, life.printed
    return Undisturbed(words, folder, life)


@pytest.fixture
def folder(undisturbed: Undisturbed, tmp_path: Path) -> Path:
    """A folder with the data alone."""
    return shutil.copytree(
        undisturbed.folder, tmp_path / "work", ignore=lambda *_: ["outputs", "cache"], dirs_exist_ok=True
    )


@pytest.fixture
def trained(undisturbed: Undisturbed, tmp_path: Path) -> Path:
    """A folder with the data, the cache and the finished run."""
    return shutil.copytree(undisturbed.folder, tmp_path / "work", dirs_exist_ok=True)
