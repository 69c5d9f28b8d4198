"""A class that a configuration names: what is wrong with its module or its constructor is said as it is."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

import rnnlab.tasks
from rnnlab.core.errors import InputError
from rnnlab.experiment.target import read_target

HEAD = "from rnnlab.tasks.base import Task\n\n\nclass Mine(Task):\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose files are modules of rnnlab.tasks."""
    monkeypatch.setattr(rnnlab.tasks, "__path__", [*rnnlab.tasks.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "rnnlab.tasks.mine", raising=False)
    monkeypatch.delattr(rnnlab.tasks, "mine", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("\nimport tourch\n", ["ModuleNotFoundError", "No module named 'tourch'", "mine.py, line 2"]),
        ("from math import tau, tauu\n", ["ImportError", "'tauu'", "mine.py, line 1"]),
        ("class Mine(Task):\n    pass\n", ["NameError", "'Task'", "mine.py, line 1"]),
        ("class Mine(:\n", ["SyntaxError", "mine.py, line 1"]),
    ],
    ids=["module", "name", "missing import", "syntax"],
)
def test_a_module_that_cannot_be_imported_is_named_with_the_reason(
    text: str, parts: list[str], folder: Path
) -> None:
    (folder / "mine.py").write_text(text)
    with pytest.raises(InputError) as error:
        read_target({"_target_": "rnnlab.tasks.mine.Mine"}, "task")
    assert str(error.value).startswith("task._target_: rnnlab.tasks.mine cannot be imported: ")
    assert all(part in str(error.value) for part in parts), error.value
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("constructor", "message"),
    [
        (
            "def __init__(self, *, width=3): ...",
            ": width has no type; expected one, as in width: int",
        ),
        (
            "def __init__(self, **a: int): ...",
            ": takes **a: int; expected each setting by its own name",
        ),
        (
            "def __init__(self, *, width: 'Wdith'): ...",
            " has settings that no configuration can hold (name 'Wdith' is not defined)",
        ),
    ],
    ids=["none", "any", "unknown"],
)
def test_a_setting_of_no_known_type_is_named(constructor: str, message: str, folder: Path) -> None:
    (folder / "mine.py").write_text(f"{HEAD}    {constructor}\n")
    with pytest.raises(InputError) as error:
        read_target({"_target_": "rnnlab.tasks.mine.Mine", "width": 3}, "task")
    assert str(error.value).startswith(f"task._target_: rnnlab.tasks.mine.Mine{message}")


def test_a_target_is_made_with_its_settings_and_those_of_run_time() -> None:
    values = {"_target_": "rnnlab.tasks.halves.Halves", "longest": 3}
    target = read_target(values, "task")
    assert target.values() == values and read_target(target, "task") is target
    longer = replace(target, settings={**target.settings, "longest": 4})
    assert (target.make().longest, longer.make(shortest=2).longest) == (3, 4)


def test_a_misspelt_class_gets_a_suggestion() -> None:
    with pytest.raises(InputError, match=r"found 'rnnlab\.tasks\.recall\.Recal'; did you mean 'Recall'\?$"):
        read_target({"_target_": "rnnlab.tasks.recall.Recal"}, "task")
