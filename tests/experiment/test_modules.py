"""Modules of the user's own: what `--module` lets a configuration name, and that nothing else does."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from omegaconf import DictConfig

import rnnlab
from rnnlab.core.errors import InputError
from rnnlab.core.files import fingerprint
from rnnlab.experiment import launch, modules
from rnnlab.experiment.compose import compose_config, plain_values
from rnnlab.experiment.modules import use_modules
from rnnlab.experiment.target import read_target
from tests.conftest import Outcome

Call = Callable[..., Outcome]
MARK = "it-ran"
EVIL = f"""
from pathlib import Path
from typing import Any

Path(__file__).with_name("{MARK}").touch()


class Evil:
    pass
"""
CELL = """
from rnnlab.cells import Cell, tanh


class MyCell(Cell):
    gates = ("new",)

    def step(self, x, h, state, own, mix):
        n = tanh(x.new + h.new)
        return (n,), {"n": n}
"""


UNITS = """
from torch import nn


class Units(nn.Module):
    def __init__(self, input_size: int, units: int, leak: float = 0.1) -> None:
        super().__init__()
        self.cell, self.leak = nn.GRUCell(input_size, units), leak

    def forward(self, x, h):
        return self.leak * h + (1 - self.leak) * self.cell(x, h)
"""


@pytest.fixture
def evil(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a module `evil` that Python would find, and that leaves a mark when it is imported."""
    (tmp_path / "evil.py").write_text(EVIL)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def nothing_ran(folder: Path) -> bool:
    return "evil" not in sys.modules and not list(folder.rglob(MARK))


@pytest.mark.parametrize("group", ["task", "model", "optimizer", "scheduler", "probe"])
@pytest.mark.parametrize(
    "name",
    [
        "evil.Evil",
        "evil",
        "evil.",
        ".evil.Evil",
        "..evil.Evil",
        "Evil.Evil",
        "evil:Evil",
        "os.system",
        "builtins.eval",
        "subprocess.Popen",
        "rnnlab.cells.os.system",
        "rnnlab.evil.Evil",
        "rnnlab.models.evil.Evil",
        "rnnlab.experiment.modules.sys.modules",
        "torch.hub.load",
        "torchrecurrent.LEMCell",
        "torchrecurrent.cells.lem_cell.LEMCell",
        "${oc.env:HOME}",
    ],
)
def test_a_class_of_a_module_that_was_not_named_is_refused_and_not_imported(
    group: str, name: str, evil: Path
) -> None:
    before = set(sys.modules)
    with pytest.raises(InputError, match=rf"^{group}\._target_: expected the name of a class in ") as error:
        read_target({"_target_": name}, group)
    module = name.rpartition(".")[0]
    advised = name != "evil." and module in (
        "evil",
        "Evil",
        "torch.hub",
        "torchrecurrent",
        "torchrecurrent.cells.lem_cell",
    )
    assert (f"a module of yours? add --module {module}" in str(error.value)) == advised, error.value
    assert nothing_ran(evil) and not {m for m in set(sys.modules) - before if not m.startswith("rnnlab.")}


FILES: dict[str, tuple[str, str, list[str]]] = {
    "a defaults list": (
        "configs/experiment/x.yaml",
        "# @package _global_\ndefaults: [override /model: x]\n",
        ["experiment=x"],
    ),
    "interpolation": (
        "configs/experiment/x.yaml",
        "# @package _global_\nsimilarity: [[a, b]]\nmodel: {_target_: '${name}'}\nname: evil.Evil\n",
        ["experiment=x"],
    ),
    "an override": ("configs/model/y.yaml", "_target_: evil.Evil\n", ["model._target_=evil.Evil"]),
    "the primary configuration's searchpath": (
        "configs/config.yaml",
        "defaults: [model: boe]\nhydra: {searchpath: ['pkg://evil']}\n",
        [],
    ),
    "structured configurations": (
        "configs/config.yaml",
        "hydra: {searchpath: ['structured://evil']}\n",
        [],
    ),
    "searchpath by override": ("x", "", ["hydra.searchpath=[pkg://evil]"]),
    "a logger's stream": (
        "configs/experiment/x.yaml",
        "# @package _global_\nhydra: {job_logging: {handlers: {mine: {class: logging.StreamHandler, "
        "stream: 'ext://evil.Evil'}}, root: {handlers: [mine]}}}\n",
        ["experiment=x"],
    ),
    "a logger's queue": (
        "configs/experiment/x.yaml",
        "# @package _global_\nhydra: {job_logging: {handlers: {mine: {class: logging.handlers.QueueHandler, "
        "queue: evil.Evil}}, root: {handlers: [mine]}}}\n",
        ["experiment=x"],
    ),
}


@pytest.mark.parametrize(("path", "text", "words"), FILES.values(), ids=FILES.keys())
def test_no_way_of_a_configuration_imports_a_module(
    path: str, text: str, words: list[str], call: Call, tiny: list[str], evil: Path
) -> None:
    for name, content in {"configs/model/x.yaml": "_target_: evil.Evil\n", path: text}.items():
        (evil / name).parent.mkdir(parents=True, exist_ok=True)
        (evil / name).write_text(content)
    data = [word for word in tiny if not word.startswith("model=")]
    outcome = call("train", *data, *words)
    assert outcome.code == 2 and len(outcome.err.splitlines()) == 1, outcome
    assert ("evil" in outcome.err or "hydra.job_logging" in outcome.err) and nothing_ran(evil)
    assert not list(evil.glob("outputs/*/summary.json"))


RUN_COMMANDS = [
    ["evaluate", "one"],
    ["predict", "one", "a film"],
    ["predict", "one", "a film", "--trace"],
    ["grads", "--run", "one"],
    ["through-time", "one"],
    ["probe", "one", "health"],
    ["doctor", "one"],
    ["weights", "one"],
    ["similarity", "one"],
]


def test_a_run_folder_that_was_handed_over_imports_nothing_and_its_commands_say_what_it_needs(
    call: Call, trained: Path, evil: Path
) -> None:
    shutil.copytree(trained, evil, dirs_exist_ok=True)
    run = evil / "outputs" / "one"
    values = yaml.safe_load((run / "config.yaml").read_text())
    values["model"] = {"_target_": "evil.Evil"}
    (run / "config.yaml").write_text(yaml.safe_dump(values))
    summary = json.loads((run / "summary.json").read_text())
    assert summary["modules"] == {}
    (run / "summary.json").write_text(json.dumps({**summary, "modules": {"evil": {}, "x\x1b[31m": {}}}))
    for words in RUN_COMMANDS:
        outcome = call(*words)
        assert outcome.code == 2 and "model._target_" in outcome.err, (words, outcome)
        assert outcome.err.endswith("add --module evil; the run was trained with --module evil\n"), outcome
    for words in (["show", "one"], ["runs"], ["report", "one"]):
        assert call(*words).code == 0
    assert nothing_ran(evil)


def test_a_file_of_the_current_folder_is_found_and_recorded(
    call: Call, tiny: list[str], tmp_path: Path
) -> None:
    (tmp_path / "my_cell.py").write_text(CELL)
    words = [*tiny, "model=my_cell.MyCell", "hydra.run.dir=run"]
    outcome = call("train", *words)
    assert outcome.code == 2 and outcome.err.endswith("a module of yours? add --module my_cell\n"), outcome
    outcome = call("train", "--module", "my_cell", *words)
    assert outcome.code == 0, outcome
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["modules"] == {"my_cell": {"my_cell.MyCell": fingerprint(tmp_path / "my_cell.py")}}
    assert summary["command"].startswith("rnnlab train --module my_cell data=files ")
    modules._named.clear()
    assert "trained with --module my_cell" in call("weights", "run").err
    outcome = call("evaluate", "run", "--module", "my_cell")
    assert outcome.code == 0 and outcome.err == "", outcome
    (tmp_path / "my_cell.py").write_text(f"{CELL}# changed\n")
    outcome = call("evaluate", "run", "--module", "my_cell")
    assert outcome.code == 0 and "my_cell.MyCell: its file has changed since the run" in outcome.err
    assert str(tmp_path) not in sys.path


def test_from_python_modules_are_named_by_an_argument(
    tiny: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_cell.py").write_text(CELL)
    words = [*tiny, "model=my_cell.MyCell", "training.epochs=1"]
    with pytest.raises(InputError, match="add --module my_cell"):
        rnnlab.experiment(*words)
    experiment = rnnlab.experiment(*words, modules=["my_cell"])
    assert type(experiment.model.cell).__name__ == "MyCell"
    run = rnnlab.train(*words, "hydra.run.dir=run", modules=["my_cell"], progress=False)
    modules._named.clear()
    with pytest.raises(InputError, match="the run was trained with --module my_cell"):
        rnnlab.load_run(run.folder)
    assert rnnlab.load_run(run.folder, modules="my_cell").model.cell is not None


def test_what_is_named_after_another_folder_was_current_is_that_folder_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in {"a": CELL, "b": CELL.replace("MyCell", "Other")}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "my_cell.py").write_text(text)
        monkeypatch.chdir(tmp_path / name)
        use_modules(["my_cell"])
    assert hasattr(sys.modules["my_cell"], "Other")
    monkeypatch.chdir(tmp_path)
    use_modules(modules.used_modules())  # as in a process of a sweep that has changed its folder
    assert hasattr(sys.modules["my_cell"], "Other")


FAULTS: dict[str, tuple[dict[str, str], str, str]] = {
    "nothing": (
        {"my_cells.py": ""},
        "my_cell",
        "there is no my_cell.py in the current folder, and no such module",
    ),
    "a suggestion": ({"my_cells.py": ""}, "my_cell", "did you mean 'my_cells'?"),
    "a file name": ({"my_cell.py": ""}, "my_cell.py", "did you mean --module my_cell?"),
    "a path": ({}, "../evil", "expected the name of a module"),
    "relative": ({}, ".evil", "expected the name of a module"),
    "an error": (
        {"my_cell.py": "\n1 / 0\n"},
        "my_cell",
        "cannot be imported: ZeroDivisionError: division by zero",
    ),
    "its line": ({"my_cell.py": "\n1 / 0\n"}, "my_cell", "my_cell.py, line 2)"),
    "an exit": ({"my_cell.py": "raise SystemExit(3)"}, "my_cell", "cannot be imported: SystemExit: 3"),
    "syntax": ({"my_cell.py": "def"}, "my_cell", "cannot be imported: SyntaxError"),
    "a missing import": ({"my_cell.py": "import nowhere"}, "my_cell", "No module named 'nowhere'"),
    "Python's own": ({"json.py": EVIL}, "json", "rename yours"),
    "an installed one's": ({"torchrecurrent.py": EVIL}, "torchrecurrent", "as well as "),
    "a missing part": ({"my/__init__.py": ""}, "my.cell", "my has no module my.cell"),
}


@pytest.mark.parametrize(("files", "name", "message"), FAULTS.values(), ids=FAULTS.keys())
def test_a_module_that_cannot_be_had_is_named_in_one_line(
    files: dict[str, str], name: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    with pytest.raises(InputError) as error:
        use_modules([name])
    assert str(error.value).startswith(f"--module {name}: ") and message in str(error.value), error.value
    assert "\n" not in str(error.value) and modules.used_modules() == {} and not (tmp_path / MARK).exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("my_cell.MyCel", "my_cell has no class MyCel of its own; did you mean 'MyCell'?"),
        ("my_cell.tanh", "my_cell has no class tanh of its own"),
        ("my_cell.Path", "my_cell has no class Path of its own"),
        (
            "my_cell.Plain",
            "expected a class of the kind of torch's Module or rnnlab's Cell, found my_cell.Plain",
        ),
        ("my_cell.os.system", "my_cell.os has no class system of its own"),
        ("my_cellx.MyCell", "add --module my_cellx"),
    ],
)
def test_of_a_named_module_only_its_own_classes_of_the_right_kind_are_taken(
    name: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = f"import os\nfrom pathlib import Path\n{CELL}\n\nclass Plain:\n    pass\n"
    (tmp_path / "my_cell.py").write_text(text)
    use_modules(["my_cell"])
    with pytest.raises(InputError) as error:
        read_target({"_target_": name}, "model")
    assert message in str(error.value), error.value


def install(folder: Path, *, files: dict[str, str]) -> None:
    """Lays a distribution with an entry point of rnnlab.plugins into a folder, as an installer does."""
    (folder / "mine-1.0.dist-info").mkdir(parents=True)
    (folder / "mine-1.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n"
    )
    (folder / "mine-1.0.dist-info" / "entry_points.txt").write_text("[rnnlab.plugins]\nmine = mine\n")
    for name, text in files.items():
        (folder / "mine" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "mine" / name).write_text(text)


def test_an_installed_plugin_needs_no_naming_and_brings_its_configurations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = "_target_: mine.MyCell\nhidden_size: 3\n"
    install(tmp_path / "site", files={"__init__.py": CELL, "configs/model/mine.yaml": settings})
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert "mine" in modules.plugins() and "mine" not in sys.modules
    composed = compose_config(["model=mine"])
    target = read_target(dict(composed.model), "model")
    assert (target.class_name, target.module) == ("MyCell", "mine")
    del sys.modules["mine"]


def test_what_lies_in_the_current_folder_is_no_plugin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, files={"__init__.py": EVIL})
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)  # as `python -m` does
    with pytest.raises(InputError, match="add --module mine"):
        read_target({"_target_": "mine.Evil"}, "model")
    assert "mine" not in modules.plugins() and not list(tmp_path.rglob(MARK))


def test_a_class_by_its_dotted_name_is_a_model_without_a_yaml(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_cell.py").write_text(CELL)
    overrides = ["model=my_cell.MyCell", "model.hidden_size=3"]
    with pytest.raises(InputError, match="add --module my_cell"):
        read_target(dict(compose_config(overrides).model), "model")
    assert "my_cell" not in sys.modules
    use_modules(["my_cell"])
    target = read_target(dict(compose_config(overrides).model), "model")
    (tmp_path / "units.py").write_text(UNITS)
    use_modules(["units"])
    with pytest.raises(InputError, match=r"^model\.units: a value is needed; give it as model\.units=…$"):
        plain_values(compose_config(["model=units.Units"]))
    model = rnnlab.experiment("model=units.Units", "model.units=3", "model.leak=0.5", "task=recall").model
    assert (model.recurrent.hidden_size, model.recurrent.cells[0].leak) == (3, 0.5)
    assert (target.class_name, target.settings["hidden_size"], target.settings["num_layers"]) == (
        "MyCell",
        3,
        1,
    )


@pytest.mark.slow
def test_python_m_does_not_take_files_of_the_current_folder_for_packages(tmp_path: Path) -> None:
    """As Python itself would, which searches the current folder first."""
    for name in ("pandas", "hydra_plugins/evil"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.py").write_text(EVIL)
    done = subprocess.run(
        [sys.executable, "-m", "rnnlab", "train", "--cfg", "job"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(rnnlab.__file__).parents[1])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "_target_: rnnlab." in done.stdout and not list(tmp_path.rglob(MARK))


def test_a_job_that_a_launcher_starts_in_a_process_of_its_own_knows_the_modules(
    call: Call, tiny: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_cell.py").write_text(CELL)
    real = launch.run_main

    def elsewhere(job: Callable[..., object], *arguments: Any) -> None:
        def begin(cfg: DictConfig) -> object:
            modules._named.clear()
            del sys.modules["my_cell"]
            return job(cfg)

        real(begin, *arguments)

    monkeypatch.setattr(launch, "run_main", elsewhere)
    words = [*tiny, "model=my_cell.MyCell", "training.epochs=1", "hydra.run.dir=run"]
    outcome = call("train", *words, "--module", "my_cell")
    assert outcome.code == 0, outcome
    assert json.loads((tmp_path / "run" / "summary.json").read_text())["status"] == "finished"
