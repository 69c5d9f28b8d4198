"""What a training has loaded when it takes its first step: what it needs, and no more."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import rnnlab
from tests.conftest import Outcome

HEAVY = {"spacy", "captum", "matplotlib", "jinja2", "torch._dynamo", "numba"}
# Ends at the first step, with the names of the heavy modules that are there.
PROGRAM = f"""
import os, sys
from rnnlab.cli.app import main
from rnnlab.training import loop

def first_step(*arguments, **settings):
    print("LOADED", *sorted({HEAVY!r} & set(sys.modules)), flush=True)
    os._exit(0)

loop.train_epoch = first_step
sys.argv = ["rnnlab", "train", *sys.argv[1:]]
main()
"""


@pytest.fixture
def encoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the bundled sample has been encoded."""
    monkeypatch.chdir(tmp_path)
    rnnlab.experiment()
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "needed"),
    [
        (["engine=torch"], []),
        (["engine=scratch"], []),
        (["engine=fused"], ["numba"]),
        (["engine=torch", "model=rnn", "model.init=identity"], []),
        (["engine=torch", "model.init=orthogonal"], []),
    ],
)
def test_a_first_step_has_loaded_no_heavy_module_that_it_does_without(
    words: list[str], needed: list[str], encoded: Path
) -> None:
    words = ["model=lstm", "insert=middle", *words]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words], cwd=encoded, capture_output=True, text=True, check=False
    )
    loaded = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("LOADED")]
    assert loaded == [needed], done.stderr


@pytest.mark.slow
def test_a_second_run_on_the_same_texts_ends_without_spacy_too(
    call: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("train", "model=boe", "training.epochs=1", "probe.every=null")
    assert call(*words, "hydra.run.dir=first").code == 0
    monkeypatch.setitem(sys.modules, "spacy", None)  # to import it now is an error
    outcome = call(*words, "hydra.run.dir=second")
    assert outcome.code == 0, outcome
    first, second = (Path(run, "pairs.csv").read_text() for run in ("first", "second"))
    assert first == second
