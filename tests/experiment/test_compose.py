"""Shipped and own configurations compose, check and build; a fault is said in one line."""

from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from rnnlab.core.errors import InputError
from rnnlab.experiment.build import build_device, check_buildable
from rnnlab.experiment.compose import CONFIG_DIR, checked, compose_config
from rnnlab.experiment.hydra_compat import quoted
from rnnlab.experiment.job_folder import claimed

CHOICES = sorted(
    path.relative_to(CONFIG_DIR).with_suffix("").as_posix()
    for group in ("task", "model", "optimizer", "scheduler", "experiment")
    for path in (CONFIG_DIR / group).rglob("*.yaml")
)
NO_DATA = {"task/language", "task/sequences", "task/tagging"}  # nor is there any to ship


@pytest.mark.parametrize("choice", CHOICES)
def test_every_shipped_choice_composes_and_builds(choice: str) -> None:
    group, _, name = choice.partition("/")
    needed = ["data.train=train.tsv"] if choice in NO_DATA else []
    config = compose_config([f"{group}={name}", *needed])
    check_buildable(checked(config))
    assert config.hydra.runtime.choices[group] == name


def test_presets_set_everything_themselves() -> None:
    plain = checked(compose_config(["experiment=course/end"]))
    changed = ["model=lstm", "optimizer=rmsprop", "scheduler=cosine", "experiment=course/end"]
    assert checked(compose_config(changed)).insert == plain.insert == "end"
    for name in (path.stem for path in (CONFIG_DIR / "experiment" / "course").glob("*.yaml")):
        text = (CONFIG_DIR / "experiment" / "course" / f"{name}.yaml").read_text()
        assert all(
            f"{key}:" in text
            for key in ("/model", "/optimizer", "/scheduler", "insert", "freeze", "epochs", "strip_html")
        ), name


def test_broken_yaml_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "configs" / "model").mkdir(parents=True)
    (tmp_path / "configs" / "model" / "mine.yaml").write_text("a: [\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"mine\.yaml: not valid YAML"):
        compose_config(["model=mine"])


def test_a_value_that_refers_to_nothing_is_named() -> None:
    with pytest.raises(InputError, match=r"^training\.epochs: Interpolation key 'nope' not found"):
        checked(compose_config(["training.epochs=${nope}"]))


def test_auto_takes_what_is_there() -> None:
    assert build_device(checked(compose_config(["training.device=auto"]))) in ("cpu", "cuda")
    assert build_device(checked(compose_config(["training.device=cpu"]))) == "cpu"


def test_of_several_runs_at_once_one_gets_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "run"
    refused = pytest.raises(InputError, match="another process has begun a run in it")
    with claimed(folder), refused, claimed(folder):
        pass
    (folder / "summary.json").touch()
    with pytest.raises(InputError, match="not empty"), claimed(folder):
        pass


@pytest.mark.parametrize("name", ["notes.txt", "metrics.csv", ".hydra/mine.txt", "mine/config.yaml"])
def test_a_folder_with_anything_but_the_beginning_of_a_run_is_not_claimed(name: str, tmp_path: Path) -> None:
    (tmp_path / "run" / name).parent.mkdir(parents=True)
    (tmp_path / "run" / name).write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError, match="not empty"), claimed(tmp_path / "run"):
        pass
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "a b",
        "it's",
        "''",
        'q"q',
        "a\\b",
        "a\\\\b",
        "a\\'b",
        "end\\",
        "end\\\\",
        "a=b,{c}[d](e):$f",
        "é🙂",
    ],
)
def test_a_quoted_value_is_read_as_it_was(text: str) -> None:
    override = OverridesParser.create().parse_override(f"key={quoted(text)}")
    value = override.value()
    assert getattr(value, "text", value) == text
