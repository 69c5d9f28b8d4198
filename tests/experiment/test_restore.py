"""A run made again from its folder has the same configuration, vocabulary and parameters."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml
from safetensors import safe_open
from torch import nn

from rnnlab.core.errors import InputError
from rnnlab.experiment.probe_input import task_data_of
from rnnlab.experiment.restore import read_config, restore
from rnnlab.runs.finder import open_run
from rnnlab.tasks.base import untracked
from tests.conftest import Outcome


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained / "outputs" / "one", tmp_path / "one"))


def test_parameters_are_those_of_the_checkpoint(folder: Path) -> None:
    restored = restore(open_run(folder))
    assert restored.epoch == 2 and not restored.model.training
    with safe_open(folder / "checkpoints" / "last.safetensors", framework="pt") as file:
        for name, value in restored.model.state_dict().items():
            assert torch.equal(value, file.get_tensor(f"model.{name}"))
    assert (restored.config, []) == read_config(folder)
    assert restored.vocabulary.words[-2:] == ("<newneg>", "<newpos>")


def test_nothing_but_the_folder_is_needed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    assert not Path("train.tsv").exists()
    assert restore(open_run(folder), checkpoint="best").epoch in (1, 2)


def test_an_unfinished_run_is_refused(folder: Path) -> None:
    summary = json.loads((folder / "summary.json").read_text())
    (folder / "summary.json").write_text(json.dumps(summary | {"status": "running"}))
    with pytest.raises(InputError, match="unfinished"):
        restore(open_run(folder))


def test_another_model_than_the_checkpoints_is_refused(folder: Path) -> None:
    text = (folder / "config.yaml").read_text()
    assert "head_size: 20" in text
    (folder / "config.yaml").write_text(text.replace("head_size: 20", "head_size: 21"))
    with pytest.raises(InputError, match=r"last\.safetensors: head.*expected shape \(21.*found \(20"):
        restore(open_run(folder))


def test_a_run_of_before_has_keys_that_are_gone_and_lacks_new_ones(folder: Path) -> None:
    path = folder / "config.yaml"
    then = restore(open_run(folder))
    values = yaml.safe_load(path.read_text())
    del values["engine"], values["task"], values["training"]["threads"], values["model"]["dropout"]
    values["stemming"] = values["data"]["stem"] = values["model"]["width"] = True
    values["probe"]["active"]["health"]["look"] = 1
    path.write_text(yaml.safe_dump(values, sort_keys=False))
    restored = restore(open_run(folder))
    assert restored.config.model.make(embedding=nn.Embedding(2, 2), output_size=1).dropout.p == 0
    others = {"model", "engine"}
    assert restored.config.model_dump(exclude=others) == then.config.model_dump(exclude=others)
    assert restored.config.engine == "torch"  # the only one, when there was no choice
    gone, new = restored.notes
    assert gone.startswith(str(path)) and gone.endswith(
        "no longer a key, and passed over: stemming, data.stem, model.width, probe.active.health.look"
    )
    assert "taken to be the default: engine=torch, task=" in new and new.endswith("training.threads=1")
    assert not then.notes


def test_a_run_of_when_the_task_was_called_sentiment_is_read_as_it_was(folder: Path) -> None:
    path = folder / "config.yaml"
    then, text = restore(open_run(folder)), path.read_text()
    assert "rnnlab.tasks.classification.Classification" in text
    path.write_text(text.replace("classification.Classification", "sentiment.Sentiment"))
    restored = restore(open_run(folder))
    assert restored.config == then.config and not restored.notes
    assert restored.classes == ("neg", "pos")


def test_a_key_without_a_default_has_to_be_there(folder: Path) -> None:
    path = folder / "config.yaml"
    values = yaml.safe_load(path.read_text())
    del values["data"]["cache"]
    path.write_text(yaml.safe_dump(values))
    with pytest.raises(InputError, match=r"config\.yaml: data\.cache: a value is needed$"):
        restore(open_run(folder))


@pytest.mark.slow
def test_what_a_run_was_trained_with_is_read_again_without_its_vectors(
    call: Callable[..., Outcome], tiny: list[str], tmp_path: Path
) -> None:
    assert call("train", *tiny, "data.vectors=vectors.txt", "hydra.run.dir=outputs/one").code == 0
    (tmp_path / "vectors.txt").unlink()
    restored = restore(open_run(tmp_path / "outputs" / "one"))
    task_data = task_data_of(restored, track=untracked)
    assert (len(task_data.finite["train"]), len(task_data.finite["valid"])) == (40, 20)
    for command in ("evaluate", "weights", "similarity", "positions", "pairs", "doctor", "grads"):
        name = ["--run", "one"] if command == "grads" else ["one"]
        assert call(command, *name).code == 0, command
    found = call("neighbours", "one", "great")
    assert found.code == 0 and "vectors.txt" in found.err and found.err.count("\n") == 1
    assert "after" in found.out and "before training" not in found.out
