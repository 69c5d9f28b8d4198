"""A stranger's yaml runs nothing: every class it names is rnnlab's, torch's, or one of Hydra's own."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rnnlab.core.errors import InputError
from rnnlab.experiment.launch import HYDRA_MODULES
from rnnlab.experiment.target import TARGET_MODULES, import_class, read_target
from tests.conftest import Outcome

MARK = "it-ran"
CALL = f"_target_: os.mkdir\npath: {MARK}\n"


def handler(lines: str) -> str:
    head = "# @package _global_\nhydra:\n  job_logging:\n    handlers:\n      mine:\n"
    return f"{head}{lines}    root: {{handlers: [mine]}}\n"


STRANGERS: dict[str, tuple[str, str, list[str], str]] = {
    "model": ("model/x.yaml", CALL, ["model=x"], "model._target_"),
    "optimizer": ("optimizer/x.yaml", CALL, ["optimizer=x"], "optimizer._target_"),
    "scheduler": ("scheduler/x.yaml", CALL, ["scheduler=x"], "scheduler._target_"),
    "task": ("task/x.yaml", CALL, ["task=x"], "task._target_"),
    "probe": (
        "experiment/x.yaml",
        "# @package _global_\nprobe: {active: {mine: {_target_: os.mkdir, path: it-ran}}}\n",
        ["experiment=x"],
        "probe._target_",
    ),
    "callback": (
        "hydra/callbacks/x.yaml",
        "mine: {_target_: os.mkdir, path: it-ran}\n",
        ["hydra/callbacks=x"],
        "hydra.callbacks.mine._target_",
    ),
    "callback by way of Hydra": (
        "hydra/callbacks/x.yaml",
        "mine: {_target_: hydra.utils.logging.os.mkdir, path: it-ran}\n",
        ["hydra/callbacks=x"],
        "hydra.callbacks.mine._target_",
    ),
    "callback below one of Hydra's": (
        "hydra/callbacks/x.yaml",
        "mine:\n  _target_: hydra.experimental.callbacks.LogJobReturnCallback\n"
        "  a: [{_target_: os.mkdir, path: it-ran}]\n",
        ["hydra/callbacks=x"],
        "hydra.callbacks.mine.a.0._target_",
    ),
    "name made by interpolation": (
        "experiment/x.yaml",
        "# @package _global_\nhydra: {callbacks: {mine: {_target_: '${oc.env:X,os.mkdir}', path: it-ran}}}\n",
        ["experiment=x"],
        "hydra.callbacks.mine._target_",
    ),
    "launcher": ("hydra/launcher/x.yaml", CALL, ["-m", "hydra/launcher=x"], "hydra.launcher._target_"),
    "sweeper": ("hydra/sweeper/x.yaml", CALL, ["-m", "hydra/sweeper=x"], "hydra.sweeper._target_"),
    "log handler": (
        "experiment/x.yaml",
        handler("        (): os.mkdir\n        path: it-ran\n"),
        ["experiment=x"],
        "hydra.job_logging.handlers.mine.()",
    ),
    "log handler by way of logging": (
        "experiment/x.yaml",
        handler("        (): logging.os.mkdir\n        path: it-ran\n"),
        ["experiment=x"],
        "hydra.job_logging.handlers.mine.()",
    ),
    "log handler's class": (
        "experiment/x.yaml",
        handler("        class: subprocess.Popen\n        args: [mkdir, it-ran]\n"),
        ["experiment=x"],
        "hydra.job_logging.handlers.mine.class",
    ),
    "git's configuration": (
        "experiment/x.yaml",
        "# @package _global_\nhydra: {job: {env_set: "
        "{GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: core.fsmonitor, GIT_CONFIG_VALUE_0: mkdir it-ran}}}\n",
        ["experiment=x"],
        "hydra.job.env_set",
    ),
}


@pytest.mark.parametrize(("path", "text", "words", "key"), STRANGERS.values(), ids=STRANGERS.keys())
def test_a_strangers_yaml_runs_nothing(
    path: str,
    text: str,
    words: list[str],
    key: str,
    call: Callable[..., Outcome],
    tiny: list[str],
    tmp_path: Path,
) -> None:
    (tmp_path / "theirs" / path).parent.mkdir(parents=True)
    (tmp_path / "theirs" / path).write_text(text)
    before = set(tmp_path.rglob("*"))
    outcome = call("train", *tiny, "--config-dir", "theirs", *words)
    assert outcome.code == 2 and outcome.err.startswith(f"error: {key}: "), outcome
    assert len(outcome.err.splitlines()) == 1 and outcome.out == ""
    assert set(tmp_path.rglob("*")) == before
    if not path.startswith(("model", "optimizer", "scheduler", "task")) and "probe" not in key:
        flags = [word for word in words if word != "-m"]
        printed = call("train", *tiny, "--config-dir", "theirs", *flags, "--info", "all")
        assert printed.code == 2
    assert not (tmp_path / MARK).exists()


def test_hydras_own_classes_are_let_through(
    call: Callable[..., Outcome], tiny: list[str], tmp_path: Path
) -> None:
    words = ["+hydra.callbacks.a._target_=hydra.experimental.callbacks.LogJobReturnCallback"]
    outcome = call(
        "train", *tiny, *words, "training.epochs=1", "hydra.run.dir=run", "hydra/job_logging=default"
    )
    assert outcome.code == 0, outcome
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["status"] == "finished"


@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "rnnlab.cli.app.main",
        "rnnlab.models.base.Tensor",  # merely imported there
        "rnnlab.models.boe.functional",
        "rnnlab.models..boe.BoE",
        "rnnlab.models.recurrent",
        "rnnlab.modelsx.LSTM",
        "LSTM",
        "",
        "rnnlab.models.",
    ],
)
def test_only_a_class_of_its_own_place_is_imported(name: str) -> None:
    assert import_class(name, TARGET_MODULES["model"]) is None
    with pytest.raises(InputError, match=r"model\._target_: expected the name of a class in rnnlab\.models"):
        read_target({"_target_": name}, "model")


def test_the_right_classes_are_found() -> None:
    assert import_class("rnnlab.cells.lstm.LSTM", TARGET_MODULES["model"]) is not None
    assert import_class("logging.FileHandler", HYDRA_MODULES) is not None
    assert import_class("logging.os.system", HYDRA_MODULES) is None
    assert import_class("logging.config.dictConfig", HYDRA_MODULES) is None
