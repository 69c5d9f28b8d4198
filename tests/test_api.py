"""What a notebook needs: `rnnlab.load_run`."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
import torch

import rnnlab
from rnnlab.core.errors import InputError
from tests.conftest import Outcome
from tests.trained import train_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A finished run on tiny texts, cut to four words."""
    words = ("model=lstm", "model.dropout=0.5", "data.max_length=4")
    yield train_run(tmp_path_factory.mktemp("run"), *words)
    torch.set_flush_denormal(False)


def test_a_run_gives_metrics_and_the_model_in_evaluation_mode(folder: Path) -> None:
    run = rnnlab.load_run(folder)
    assert isinstance(run.metrics, pd.DataFrame)
    assert run.metrics["epoch"].tolist() == list(range(7))
    assert isinstance(run.model, torch.nn.Module)
    assert not run.model.training


def test_a_run_predicts_one_text_or_several(folder: Path) -> None:
    run = rnnlab.load_run(str(folder))
    several = run.predict(["the film was great", "an awful film"])
    assert several["Input text"].tolist() == ["the film was great", "an awful film"]
    assert several["Classifier probability"].between(0, 1).all()
    one = run.predict("the film was great")
    assert one["Classifier probability"][0] == pytest.approx(several["Classifier probability"][0], abs=1e-12)
    assert several["Unknown words"].tolist() == ["", "an"]


def test_a_text_is_cut_as_the_runs_texts_were(folder: Path) -> None:
    run = rnnlab.load_run(folder)
    cut, long = run.predict(["the film was a", "the film was a great awful plot"])["Classifier probability"]
    assert cut == pytest.approx(long, abs=1e-12)


def test_inserted_tokens_cannot_be_written_into_a_text(folder: Path) -> None:
    (text,) = rnnlab.load_run(folder).encode(["<newpos> film"])
    assert text.unknown == ["<newpos>"]


def test_the_best_checkpoint_can_be_asked_for(folder: Path) -> None:
    best = rnnlab.load_run(folder, checkpoint="best")
    assert best.epoch == int(best.metrics["valid_loss"][1:].idxmin())


def test_an_empty_text_and_a_run_that_is_none_say_so(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="text 2: is empty"):
        rnnlab.load_run(folder).predict(["film", "  "])
    with pytest.raises(InputError, match="no run"):
        rnnlab.load_run(tmp_path / "none")
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "metrics.csv").write_text("")
    with pytest.raises(InputError, match=r"metrics.csv: not readable as a table of metrics"):
        _ = rnnlab.load_run(copy).metrics


def test_importing_the_package_alone_stays_light() -> None:
    code = "import sys, rnnlab; print(sorted({'torch', 'numpy', 'pandas'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_run_without_texts_predicts_none_and_says_so(call: Callable[..., Outcome]) -> None:
    assert call("train", "task=recall", "training.steps=1", "hydra.run.dir=outputs/recall").code == 0
    with pytest.raises(InputError, match="recall: task=recall reads no texts with a class"):
        rnnlab.load_run("recall").predict("a text")
