"""Compositions that are taken again: equal to fresh ones, and never older than the files."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest
from hydra._internal import config_loader_impl
from hydra._internal.defaults_list import create_defaults_list
from omegaconf import DictConfig, OmegaConf

from rnnlab.core.errors import InputError
from rnnlab.experiment import compositions, config_sources
from rnnlab.experiment.compose import choices_of, compose_config
from rnnlab.experiment.modules import use_modules


@pytest.fixture(autouse=True)
def nothing_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    forget()
    yield
    forget()


def forget() -> None:
    compositions._kept.clear()
    config_sources._load.cache_clear()


def values(composed: DictConfig) -> Any:
    """All that was composed, nothing resolved, so without the time."""
    return OmegaConf.to_container(composed, resolve=False)


@pytest.fixture
def kept_and_hydras(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Any, Any]]:
    """What is composed where the same files were composed before, and what Hydra alone makes of the words."""

    def compose(*words: str) -> tuple[Any, Any]:
        compose_config([*words, "seed=99"])
        number = len(compositions._kept)
        kept = values(compose_config(list(words)))
        assert len(compositions._kept) == number > 0
        with monkeypatch.context() as patched:
            patched.setattr(compositions, "create_defaults_list", create_defaults_list)
            return kept, values(compose_config(list(words)))

    return compose


@pytest.mark.parametrize("group", ["model", "optimizer", "scheduler", "task", "data", "experiment/course"])
def test_what_is_taken_again_is_what_hydra_composes(
    group: str, kept_and_hydras: Callable[..., tuple[Any, Any]]
) -> None:
    for name in choices_of(group)[:5]:
        word = f"{group}={name}".replace("/course=", "=course/")
        kept, hydras = kept_and_hydras(word, "training.batch_size=4", "insert=end")
        assert kept == hydras and kept["training"]["batch_size"] == 4
        assert kept["hydra"]["runtime"]["choices"][group.partition("/")[0]].endswith(name)


@pytest.mark.parametrize(
    "words",
    [
        ["+model.more=1", "probe=[gradients]"],
        ["~scheduler"],
        ["hydra/launcher=basic", "hydra.run.dir=here", "hydra.job.name=mine"],
        ["model={_target_: rnnlab.cells.gru.GRU, hidden_size: 3}"],
        ["training.epochs=null", "similarity=[[a,b]]", "data.train='x,y'"],
    ],
)
def test_words_of_every_kind_have_their_effect(
    words: list[str], kept_and_hydras: Callable[..., tuple[Any, Any]]
) -> None:
    kept, hydras = kept_and_hydras(*words)
    assert kept == hydras
    plain, _ = kept_and_hydras()
    assert any(kept.get(key) != plain[key] for key in plain if key != "hydra") or "hydra/" in words[0]


def test_files_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []
    load = OmegaConf.load

    def noted(file: IO[str]) -> Any:
        loaded.append(Path(file.name).name)
        return load(file)

    monkeypatch.setattr(OmegaConf, "load", noted)
    compose_config(["model=lstm"])
    assert {"config.yaml", "lstm.yaml", "adam.yaml"} < set(loaded)
    loaded.clear()
    compose_config(["model=lstm", "seed=2"])
    assert not loaded
    compose_config(["model=gru"])
    assert "gru.yaml" in loaded and not {"config.yaml", "lstm.yaml", "adam.yaml"} & set(loaded)


def test_what_is_done_to_a_composition_stays_with_it() -> None:
    first = compose_config([])
    expected = values(first)
    first.model.hidden_size = 7
    OmegaConf.set_struct(first, False)
    first.new = {"key": 1}
    assert values(compose_config([])) == expected
    with pytest.raises(InputError, match=r"training\.new"):
        compose_config(["training.new=1"])


def written(folder: Path, size: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "gru.yaml").write_text(f"_target_: rnnlab.cells.gru.GRU\nhidden_size: {size}\n")


def hidden_size(*words: str) -> int:
    size = compose_config(["model=gru", *words]).model.hidden_size
    assert isinstance(size, int)
    return size


def test_a_file_that_was_changed_added_or_taken_away_counts_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "configs" / "model"
    shipped = hidden_size()
    for size in (3, 4, 12):  # added, of the same length, of another
        written(folder, size)
        assert hidden_size() == size and hidden_size("seed=2") == size
    before = (folder / "gru.yaml").stat()
    written(folder, 13)  # of the same length, and dated as the one before
    os.utime(folder / "gru.yaml", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert hidden_size() == 13
    (folder / "gru.yaml").unlink()
    assert hidden_size() == shipped
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "gru.yaml").write_text("_target_: rnnlab.cells.gru.GRU\nhidden_size: 5\n")
    (tmp_path / "new" / "gru.yaml").replace(folder / "gru.yaml")
    assert hidden_size() == 5
    (folder / "gru.yaml").write_text("_target_: [\n")
    with pytest.raises(InputError, match=r"gru\.yaml"):
        hidden_size()


def test_another_current_folder_has_other_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in (("one", 3), ("two", 4)):
        written(tmp_path / name / "configs" / "model", size)
    for name, size in (("one", 3), ("two", 4), ("one", 3)):
        monkeypatch.chdir(tmp_path / name)
        assert hidden_size() == size
        named = [f"hydra.searchpath=[file://{tmp_path / name / 'configs'}]"]
        assert hidden_size(*named) == size


def test_a_file_that_is_refused_is_refused_again(tmp_path: Path) -> None:
    (tmp_path / "configs" / "model").mkdir(parents=True)
    (tmp_path / "configs" / "model" / "mine.yaml").write_text("hidden_size: ${oc.env:HOME}\n")
    for _ in range(2):
        with pytest.raises(InputError, match=r"a file may not use \$\{oc\.env"):
            compose_config(["model=mine"])


def test_a_class_by_its_name_is_looked_at_each_time(tmp_path: Path, no_module_of_another_test: None) -> None:
    (tmp_path / "own_layer.py").write_text("import torch\n\nclass Mine(torch.nn.GRU):\n    pass\n")
    use_modules({"own_layer": tmp_path})
    for name in ("gru", "own_layer.Mine"):
        compose_config([f"model={name}"])
    assert [key for key in compositions._kept if "gru" in str(key)]
    assert not [key for key in compositions._kept if "own_layer" in str(key)]


def test_a_choice_that_follows_from_the_environment_is_made_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("rnn", "lstm", "gru"):
        monkeypatch.setenv("MODEL", name)
        model = compose_config(["model=${oc.env:MODEL}"]).model
        assert str(model["_target_"]).rpartition(".")[2].lower() == name


def test_a_choice_that_follows_from_the_time_is_made_each_time(tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "timed.yaml").write_text(
        "defaults:\n  - config\n  - override /model: ${now:gr}u\n"
    )
    composed = compose_config([], config_name="timed")
    assert str(composed.model["_target_"]).endswith(".GRU")
    assert not [key for key in compositions._kept if "timed" in str(key)]


def test_no_more_than_a_few_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compositions, "MOST_KEPT", 2)
    for name in choices_of("model")[:5]:
        compose_config([f"model={name}"])
        assert 0 < len(compositions._kept) <= 2


def test_hydra_is_as_before_once_something_is_composed() -> None:
    compose_config([])
    assert vars(config_loader_impl)["create_defaults_list"] is create_defaults_list
