"""What all tests share: where the real data is, a run of the command line, strict numerics."""

import logging
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import jaxtyping
import pytest

from tests import check_types

# Types and shapes in signatures are checked while testing; the hook stands before rnnlab's first import.
# Not in `make fuzz`, which calls every reader many thousand times.
if not jaxtyping.config.jaxtyping_disable:
    check_types.install()

import torch
from threadpoolctl import threadpool_limits

REAL_DATA = "RNNLAB_REAL_DATA"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts long tests first, the longest of all before them: nobody is to wait for the last one alone."""
    items.sort(key=lambda item: (item.get_closest_marker("slow") is None, item.path.stem != "test_readme"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data; skips where there is none, fails where RNNLAB_REAL_DATA names no folder."""
    if REAL_DATA not in os.environ:
        pytest.skip(f"{REAL_DATA} is not set: the real data is not part of the repository")
    folder = Path(os.environ[REAL_DATA])
    assert folder.is_dir(), f"{REAL_DATA}={folder} is not a folder"
    return folder.resolve()


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A folder for data.cache: what texts are cut into is the same for all tests, of all workers."""
    own = tmp_path_factory.getbasetemp()
    return (own.parent if hasattr(request.config, "workerinput") else own) / "shared-cache"


@pytest.fixture(scope="session", autouse=True)
def one_thread_a_worker() -> Iterator[None]:
    """Tests run beside each other, one a core; more threads would only get in each other's way."""
    torch.set_num_threads(1)
    with threadpool_limits(1, user_api="blas"):  # whose threads wait for work by spinning
        yield


@pytest.fixture(autouse=True)
def unchecked_types(request: pytest.FixtureRequest) -> Iterator[None]:
    """No types are checked in slow tests and in those marked `unchecked_types`.

    They call a million times what quick ones have called with every argument checked, or hand over what
    annotations forbid, to see how rnnlab itself refuses it.
    """
    if not any(request.node.get_closest_marker(name) for name in ("slow", "unchecked_types")):
        yield
        return
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture(autouse=True)
def no_module_of_another_test() -> Iterator[None]:
    """What a test has named with `--module` is no longer named, and modules of its folder are forgotten."""
    before = set(sys.modules)
    yield
    if named := sys.modules.get("rnnlab.experiment.modules"):
        for name in named._named:
            if name not in before:
                sys.modules.pop(name, None)
        named._named.clear()


Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def rnnlab(tmp_path: Path) -> Command:
    """Runs `rnnlab WORDS…` in an empty folder, as a person would; returns exit code and output."""

    def run(*words: str, cwd: Path = tmp_path, **options: object) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "160", "NO_COLOR": "1"}
        return subprocess.run(
            [sys.executable, "-c", "from rnnlab.cli.app import command; command()", *words],
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
            **options,  # type: ignore[call-overload]
        )

    return run


class Outcome(NamedTuple):
    """What a command left: its exit code, and what it wrote to standard output and standard error."""

    code: int
    out: str
    err: str


@pytest.fixture
def call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., Outcome]]:
    """Runs `rnnlab WORDS…` in this process, in an empty folder; an error that is not an exit gets out."""
    from rnnlab.cli.app import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")  # set by the command, too: so it is unset after the test

    def run(*words: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["rnnlab", *words])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        return Outcome(code, *capsys.readouterr())

    yield run
    torch.set_flush_denormal(False)
    for handler in logging.getLogger().handlers[:]:
        if isinstance(handler, logging.FileHandler):
            logging.getLogger().removeHandler(handler)
            handler.close()


def write_tiny(folder: Path) -> list[str]:
    """Writes 40 + 20 short texts and vectors into `folder`; returns the words that train on them at once."""
    generator = random.Random(0)
    neutral = ["the", "a", "film", "plot", "was", "is", "it", "actor", "scene"]
    for name, count in (("train", 40), ("valid", 20)):
        lines = []
        for index in range(count):
            label, marks = ("pos", ["outstanding", "great"]) if index % 2 else ("neg", ["boring", "awful"])
            words = [*generator.choices(neutral, k=5), generator.choice(marks)]
            lines.append(f"{label}\t{' '.join(words)}\n")
        (folder / f"{name}.tsv").write_text("".join(lines))
    vectors = [
        f"{word} {' '.join(f'{generator.gauss(0, 1):.3f}' for _ in range(4))}\n"
        for word in [*neutral, "outstanding", "great", "boring", "awful"]
    ]
    (folder / "vectors.txt").write_text("".join(vectors))
    data = ["data=files", "data.train=train.tsv", "data.valid=valid.tsv", "data.tokenizer=whitespace"]
    return [*data, "model=boe", "training.epochs=2", "probe.every=null"]


@pytest.fixture
def tiny(tmp_path: Path) -> list[str]:
    """The words that train on tiny data, in the test's own folder, in a fraction of a second."""
    return write_tiny(tmp_path)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tiny data and a finished run `outputs/one` on it; to be copied, not changed."""
    from rnnlab.cli.app import main

    folder = tmp_path_factory.mktemp("trained")
    words = write_tiny(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("HYDRA_FULL_ERROR", "1")
        patch.setattr("rnnlab.workflows.train.write_artifacts", lambda run: {})
        words += ["insert=end", "optimizer.lr=0.05", "hydra.run.dir=outputs/one"]
        patch.setattr(sys, "argv", ["rnnlab", "train", *words])
        with pytest.raises(SystemExit) as stop:
            main()
    assert not stop.value.code
    return folder
