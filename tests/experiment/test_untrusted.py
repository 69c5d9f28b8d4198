"""A stranger's yaml runs nothing: every class it names is rnnlab's, torch's, or one of Hydra's own."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rnnlab.core.errors import InputError
from rnnlab.experiment.target import TARGET_MODULES, import_class, read_target
from tests.conftest import Outcome, write_tiny
from tests.sweeps import folders_of

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
    "callback by a class of another package": (
        "experiment/x.yaml",
        "# @package _global_\nhydra: {callbacks: {mine: '${oc.create:{_target_:spacy.util.import_file,name:x,"
        "loc:theirs/evil.py}}'}}\n",
        ["experiment=x"],
        "hydra.callbacks.mine",
    ),
    "callback behind a reference": (
        "experiment/x.yaml",
        "# @package _global_\nmine: {_target_: os.mkdir, path: it-ran}\nhydra: {callbacks: {a: '${mine}'}}\n",
        ["experiment=x"],
        "hydra.callbacks.a",
    ),
    "callbacks behind a reference": (
        "experiment/x.yaml",
        "# @package _global_\nmine: {a: {_target_: os.mkdir, path: it-ran}}\nhydra: {callbacks: '${mine}'}\n",
        ["experiment=x"],
        "hydra.callbacks",
    ),
    "callback by the header of another group": (
        "experiment/x.yaml",
        "# @package hydra.callbacks.a\n_target_: os.mkdir\npath: it-ran\n",
        ["experiment=x"],
        "hydra.callbacks.a._target_",
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
    "log that overwrites a file": (
        "experiment/x.yaml",
        handler("        class: logging.FileHandler\n        filename: it-ran\n        mode: w\n"),
        ["experiment=x"],
        "hydra.job_logging.handlers.mine.class",
    ),
    "log's own file": (
        "experiment/x.yaml",
        "# @package _global_\nhydra: {job_logging: {handlers: {file: {filename: it-ran}}}}\n",
        ["experiment=x"],
        "hydra.job_logging.handlers.file.filename",
    ),
    "log's own format": (
        "experiment/x.yaml",
        "# @package _global_\nhydra: {job_logging: {formatters: {simple: {format: 'touch it-ran'}}}}\n",
        ["experiment=x"],
        "hydra.job_logging.formatters.simple.format",
    ),
    "log sent away": (
        "hydra/job_logging/mine.yaml",
        "version: 1\nhandlers: {a: {class: logging.handlers.SocketHandler, host: localhost, port: 9}}\n",
        ["hydra/job_logging=mine"],
        "hydra.job_logging.handlers.a.class",
    ),
    "Hydra's log": (
        "experiment/x.yaml",
        "# @package _global_\nhydra: {hydra_logging: {handlers: {a: {class: logging.FileHandler, "
        "filename: it-ran}}}}\n",
        ["-m", "experiment=x"],
        "hydra.hydra_logging.handlers.a.class",
    ),
    "launcher's setting": (
        "hydra/launcher/mine.yaml",
        "_target_: hydra_plugins.rnnlab_launcher.LocalLauncher\nworkers: null\nsetup: [touch it-ran]\n",
        ["-m", "seed=1,2", "hydra/launcher=mine"],
        "hydra.launcher.setup.0",
    ),
    "launcher's text": (
        "experiment/x.yaml",
        "# @package _global_\nhydra: {launcher: {workers: touch it-ran}}\n",
        ["-m", "experiment=x"],
        "hydra.launcher.workers",
    ),
    "sweep over Hydra's own": (
        "experiment/x.yaml",
        "# @package _global_\nhydra: {sweeper: {params: {+hydra.callbacks.a._target_: os.mkdir}}}\n",
        ["-m", "experiment=x"],
        "hydra.sweeper.params.+hydra.callbacks.a._target_",
    ),
    "words as if of the command line": (
        "experiment/x.yaml",
        "# @package _global_\nhydra: {overrides: {hydra: [hydra.launcher.setup=x]}}\n",
        ["experiment=x"],
        "hydra.overrides",
    ),
    "the environment": (
        "experiment/x.yaml",
        "# @package _global_\ndata: {train: '${oc.env:HOME}/train.tsv'}\n",
        ["experiment=x"],
        "data.train",
    ),
    "the environment by a made-up name": (
        "experiment/x.yaml",
        "# @package _global_\nname: env\ndata: {train: '${oc.${name}:HOME}'}\n",
        ["experiment=x"],
        "data.train",
    ),
    "the environment in a text that is read again": (
        "experiment/x.yaml",
        "# @package _global_\ndata: {train: \"${oc.decode:'\\\\${oc.env:HOME}'}\"}\n",
        ["experiment=x"],
        "data.train",
    ),
    "the environment by way of a sweep": (
        "experiment/x.yaml",
        "# @package _global_\nhydra: {sweeper: {params: {data.train: '\\${oc.env:HOME}'}}}\n",
        ["-m", "experiment=x"],
        "hydra.sweeper.params.data.train",
    ),
    "Python's objects": ("model/x.yaml", "a: !!python/object/apply:os.mkdir [it-ran]\n", ["model=x"], ""),
    "git's configuration": (
        "experiment/x.yaml",
        "# @package _global_\nhydra: {job: {env_set: "
        "{GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: core.fsmonitor, GIT_CONFIG_VALUE_0: mkdir it-ran}}}\n",
        ["experiment=x"],
        "hydra.job.env_set",
    ),
}


def without_m(words: list[str]) -> list[str]:
    return [word for word in words if word != "-m"]


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
    (tmp_path / "theirs" / "evil.py").write_text(f"import os\nos.mkdir('{MARK}')\n")
    before = set(tmp_path.rglob("*"))
    outcome = call("train", *tiny, "--config-dir", "theirs", *words)
    said = f"error: {key}: " if key else "error: "
    assert outcome.code == 2 and outcome.err.startswith(said), outcome
    assert len(outcome.err.splitlines()) == 1 and outcome.out == ""
    assert set(tmp_path.rglob("*")) == before
    if not path.startswith(("model", "optimizer", "scheduler", "task")) and "probe" not in key:
        printed = call("train", *tiny, "--config-dir", "theirs", *without_m(words), "--info", "all")
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


ELSEWHERE = {
    "the run": ("hydra: {run: {dir: ../there}}", [], "hydra.run.dir"),
    "the run, by a whole path": ("hydra: {run: {dir: /tmp/it-ran}}", [], "hydra.run.dir"),
    "the run, by a link": ("hydra: {run: {dir: link/there}}", [], "hydra.run.dir"),
    "the run, by a reference": ("hydra: {run: {dir: '${insert}/there'}}\ninsert: ../..", [], "hydra.run.dir"),
    "the current folder itself": ("hydra: {run: {dir: .}}", [], "hydra.run.dir"),
    "a sweep": ("hydra: {sweep: {dir: outputs/../../there}}", ["-m"], "hydra.sweep.dir"),
    "a job of a sweep": ("hydra: {sweep: {subdir: ../../there}}", ["-m"], "hydra.sweep.subdir"),
    "the second job of a sweep": (
        "hydra: {sweep: {subdir: '${where.${hydra.job.num}}'}}\nwhere: {0: here, 1: ../../../there}",
        ["-m", "seed=1,2"],
        "hydra.sweep.subdir",
    ),
    "a job by its overrides": (
        "hydra: {sweep: {subdir: '${hydra.job.override_dirname}'}, "
        "job: {config: {override_dirname: {item_sep: /../../../}}}}",
        ["-m", "seed=1,2", "insert=none"],
        "hydra.sweep.subdir",
    ),
    "the log": ("hydra: {job: {name: ../there}}", [], "hydra.job.name"),
    "Hydra's files": ("hydra: {output_subdir: ../there}", [], "hydra.output_subdir"),
    "the working folder": ("hydra: {job: {chdir: true}}", [], "hydra.job.chdir"),
    "the cache": ("data: {cache: ../there}", [], "data.cache"),
    "the cache, by a reference": ("data: {cache: '${insert}'}\ninsert: /tmp/it-ran", [], "data.cache"),
    "a choice": ("defaults: [override /model: ../model/boe]", [], "model"),
}


@pytest.mark.parametrize(("text", "words", "key"), ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_a_file_writes_nothing_outside_the_current_folder(
    text: str,
    words: list[str],
    key: str,
    call: Callable[..., Outcome],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = tmp_path / "here"
    (here / "configs" / "experiment").mkdir(parents=True)
    (here / "link").symlink_to(tmp_path)
    monkeypatch.chdir(here)
    (here / "configs" / "experiment" / "x.yaml").write_text(f"# @package _global_\n{text}\n")
    data = [word for word in write_tiny(here) if text.startswith("defaults") < (word != "model=boe")]
    before = set(tmp_path.rglob("*"))
    outcome = call("train", *data, "experiment=x", *words)
    assert outcome.code == 2 and outcome.err.startswith(f"error: {key}: "), outcome
    assert len(outcome.err.splitlines()) == 1 and set(tmp_path.rglob("*")) == before


OWN_WORDS = [
    ["hydra.run.dir=../there"],
    ["hydra.run.dir='${oc.env:HERE}/../there'"],
    ["hydra.run={dir: ../there}"],
    ["-m", "hydra.sweep.dir=../there", "hydra.sweep.subdir='${hydra.job.num}/a'"],
    ["data.cache=../there"],
]


@pytest.mark.parametrize("words", OWN_WORDS, ids=" ".join)
def test_the_users_own_words_may_lead_anywhere(
    words: list[str], call: Callable[..., Outcome], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here := tmp_path / "here").mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("HERE", str(here))
    outcome = call("grads", *write_tiny(here), *words)
    assert outcome.code == 0, outcome
    assert list((tmp_path / "there").iterdir())


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (["-m", "hydra.sweep.subdir=../there"], "hydra.sweep.subdir"),
        (["-m", "hydra.sweep.subdir=/tmp/there"], "hydra.sweep.subdir"),
        (["hydra.output_subdir=../there"], "hydra.output_subdir"),
        (["hydra.job.name=../there"], "hydra.job.name"),
        (["hydra.job_logging.handlers.file.filename=there"], "hydra.job_logging.handlers.file.filename"),
        (["hydra.verbose=3"], "hydra.verbose"),
        (["+hydra.callbacks.a._target_=os.mkdir"], "hydra.callbacks.a._target_"),
        (["hydra.launcher={_target_: os.mkdir}"], "hydra.launcher._target_"),
        (["hydra.searchpath=[pkg://logging]"], "hydra.searchpath"),
        (["hydra.searchpath=[file:///nowhere]"], "hydra.searchpath"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_some_of_hydras_settings_are_nobodys(
    words: list[str], key: str, call: Callable[..., Outcome], tiny: list[str], tmp_path: Path
) -> None:
    before = set(tmp_path.rglob("*"))
    outcome = call("train", *tiny, *words)
    assert outcome.code == 2 and outcome.err.startswith(f"error: {key}: "), outcome
    assert len(outcome.err.splitlines()) == 1 and set(tmp_path.rglob("*")) == before


@pytest.mark.slow
def test_a_files_own_folder_launcher_and_sweep_below_the_current_one_are_welcome(
    call: Callable[..., Outcome], tiny: list[str], tmp_path: Path
) -> None:
    (tmp_path / "configs" / "experiment").mkdir(parents=True)
    (tmp_path / "configs" / "hydra" / "launcher").mkdir(parents=True)
    (tmp_path / "configs" / "hydra" / "launcher" / "one.yaml").write_text("defaults: [local]\nworkers: 1\n")
    (tmp_path / "configs" / "experiment" / "x.yaml").write_text(
        "# @package _global_\ndefaults: [override /hydra/launcher: one]\ntraining: {epochs: 1}\n"
        "hydra:\n  sweep: {dir: 'mine/of-${seed}'}\n"
        "  sweeper: {params: {insert: 'none,end'}}\n"
    )
    outcome = call("train", "-m", *tiny, "experiment=x")
    assert outcome.code == 0, outcome
    folders = folders_of(tmp_path / "mine" / "of-1")
    assert len(folders) == 2 and all((folder / "summary.json").is_file() for folder in folders)


BOMBS = {
    "aliases": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"b{i}: &b{i} [{','.join([f'*b{i - 1}' if i else '*a'] * 9)}]\n" for i in range(9)),
    "an alias of itself": "a: &a {b: *a}\n",
    "depth": f"a: {'[' * 5000}{']' * 5000}\n",
    "size": f"a: {'x' * 300_000}\n",
    "references": "".join(f"a{i}: '${{a{i + 1}}}${{a{i + 1}}}'\n" for i in range(60)) + "a60: x\n",
    "references to sections": "".join(
        f"a{i}: {{x: '${{a{i + 1}}}', y: '${{a{i + 1}}}'}}\n" for i in range(60)
    )
    + "a60: {x: 1}\n",
    "references to longer and longer texts": "a0: x\n"
    + "".join(f"a{i}: '{f'${{a{i - 1}}}' * 4}'\n" for i in range(1, 30))
    + "similarity: [['${a29}', b]]\n",
    "a reference to itself": "a: ${b}\nb: ${a}\n",
    "a long reference": f"a: '{'${seed}' * 1000}'\n",
    "not UTF-8": "a: \udcff\n",
    "a list": "- 1\n",
    "a list of choices that is none": "defaults: 5\n",
    "choices that are none": "defaults: [[1], {2: 3}]\n",
    "keys that are no words": "{1: {2: 3}, null: 4}\n",
    "no YAML": "a: [\n",
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_a_file_that_would_eat_memory_or_time_is_refused_in_a_line(
    text: str, call: Callable[..., Outcome], tiny: list[str], tmp_path: Path
) -> None:
    (tmp_path / "configs" / "experiment").mkdir(parents=True)
    path = tmp_path / "configs" / "experiment" / "x.yaml"
    path.write_bytes(f"# @package _global_\n{text}".encode(errors="surrogateescape"))
    for command in (["train"], ["horizon"]):
        outcome = call(*command, *tiny, "experiment=x")
        assert outcome.code == 2 and outcome.err.startswith("error: "), outcome
        assert len(outcome.err.splitlines()) == 1


def test_a_folder_of_configurations_that_is_a_link_to_itself_is_told(
    call: Callable[..., Outcome], tiny: list[str], tmp_path: Path
) -> None:
    (tmp_path / "configs").symlink_to("configs")
    outcome = call("train", *tiny)
    assert outcome.code == 2 and "a symbolic link to itself" in outcome.err and outcome.err.count("\n") == 1
