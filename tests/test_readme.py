"""Every command and every snippet of the README is run, as it stands, in the order in which it stands.

What takes long is cut short by RULES, the one table of that. Names in capitals are a reader's to fill in:
PLACEHOLDERS does. Words in square brackets may be left out: they are run with them. A snippet whose first or
second line is a comment that names a file is written there, in the reader's folder, before anything runs.
"""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.driver import Driver
from tests.readme.files import write_files
from tests.readme.parse import Command, commands_of, snippets_of

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).resolve().parent.parent
README = (REPOSITORY / "README.md").read_text()
COMMANDS = commands_of(README, "rnnlab")
SNIPPETS = snippets_of(README)
LONGEST = 90.0  # seconds of processor for a command

REVIEWS = "data=files data.train=reviews-train.tsv data.valid=reviews-valid.tsv"
STEPS = "training.steps=4 training.validate_every=2"
FEW = f"{STEPS} task.valid_examples=16"
ONE_TRIAL = "--seeds 1 --lengths 2 --workers 1 training.steps=20 training.validate_every=10"


class Rule(NamedTuple):
    """What is done differently with the commands that `pattern` is found in; the first that fits counts.

    more: words added at the end; run: stands for RUN; code: the exit code that the README promises;
    skip: why it is not run.
    """

    pattern: str
    more: str = ""
    run: str = "prepared"
    code: int = 0
    skip: str = ""


RULES = [
    Rule(r"^rnnlab data fetch", skip="downloads hundreds of megabytes"),
    Rule(r"hydra/launcher=(submitit_slurm|ray)", skip="needs a cluster; make test-cluster has one of each"),
    Rule(r"hidden_size=0", code=2),
    Rule(r"^rnnlab generate RUN", run="spoken"),
    Rule(r"^rnnlab reproduce", f"{REVIEWS} training.epochs=1 --seeds 1"),
    Rule(r"^rnnlab bench --tune", skip="measures for minutes; a test of the command does so at small sizes"),
    Rule(r"^rnnlab bench", f"{REVIEWS} --models boe --parts epochs --rounds 1"),
    Rule(r"^rnnlab horizon(?!.*--models)", f"{ONE_TRIAL} --models rnn"),
    Rule(r"^rnnlab horizon", ONE_TRIAL),
    Rule(r"^rnnlab train .*experiment=memory/lengths", f"{FEW} -m task.length=2,3 seed=1,2"),
    Rule(r"^rnnlab train .*experiment=(memory|halves)/", FEW),
    Rule(r"^rnnlab train .*task=(recall|halves|parity)", STEPS),
    Rule(r"^rnnlab train --resume", "training.epochs=2"),
    Rule(r"^rnnlab verify-resume", f"{REVIEWS} training.epochs=1 --kills 1"),
    Rule(r"^rnnlab train -m", f"{REVIEWS} training.epochs=1"),
    Rule(r"^rnnlab train (?!.*(task=|data=|--cfg))", f"{REVIEWS} training.epochs=1"),
    Rule(r"^rnnlab grads .*-m ", REVIEWS),
]
NO_RULE = Rule("")
PLACEHOLDERS = {
    "RUN…": ["prepared", "latest"],
    "TEXT": ["a great film"],
    "WORD": ["film"],
    "OTHER": ["prepared"],
    "PATH": ["reviews-test.tsv"],
    "FILE.py": ["exercise.py"],
    "NAME": ["through_time"],
    "KEY=VALUE": ["examples=4"],
    "SWEEP": ["latest"],
    "seed=range(1,11)": ["seed=1,2"],
    "seed=1,2,3": ["seed=1"],
}
PREPARED = [
    "rnnlab train model=rnn insert=middle training.epochs=1 probe.every=1 hydra.run.dir=outputs/prepared",
    "rnnlab train task=language data.train=moby-dick.txt.gz training.epochs=1 hydra.run.dir=outputs/spoken",
]


def rule_for(command: Command) -> Rule:
    return next((rule for rule in RULES if re.search(rule.pattern, command.text)), NO_RULE)


def words_of(command: Command) -> list[str]:
    """Returns the command's words, what is in capitals filled in and the whole cut short by its rule."""
    if command.mention:
        return [*command.text.split(), "--help"]
    rule = rule_for(command)
    values = {**PLACEHOLDERS, "RUN": [rule.run]}
    words: list[str] = []
    for word in shlex.split(re.sub(r"(?<= )\[([^]]*)\]", r"\1", command.text), comments=True):
        key, _, value = word.partition("=")
        if word not in values and value in values:
            words.append(f"{key}={values[value][0]}")
        else:
            words += values.get(word, [word])
    return [*words, *shlex.split(rule.more)]


class Reader:
    """A reader of the README with a copy of the program, small files and two finished runs."""

    def __init__(self, folder: Path) -> None:
        self.program, self.folder = folder / "program", folder / "reader"
        self.folder.mkdir()
        leave_out = shutil.ignore_patterns("__pycache__")
        for name in ("rnnlab", "hydra_plugins", "configs", "tests"):
            shutil.copytree(REPOSITORY / name, self.program / name, ignore=leave_out)
        shutil.copytree(REPOSITORY / "inputs" / "sample", self.program / "inputs" / "sample")
        shutil.copy(REPOSITORY / "pyproject.toml", self.program)
        write_files(self.folder)
        for snippet in SNIPPETS:
            if snippet.path:
                file = self.folder / snippet.path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(snippet.text + "\n")
        self.driver = Driver(self.folder, self.program)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    reader = Reader(tmp_path_factory.mktemp("readme"))
    for command in PREPARED:
        done = reader.driver.do(words=shlex.split(command), here=True)
        assert done.code == 0, done.printed
    with reader.driver:
        yield reader


def test_every_command_and_every_piece_of_python_runs(reader: Reader) -> None:
    run = [command for command in COMMANDS if not rule_for(command).skip]
    scripts = [snippet for snippet in SNIPPETS if snippet.kind == "python" and not snippet.path]
    faults = []
    for item in sorted([*run, *scripts], key=lambda item: item.line):
        if isinstance(item, Command):
            task, expected = {"words": words_of(item)}, rule_for(item).code
        else:
            task, expected = {"code": item.text}, 0
        code, seconds, printed = reader.driver.do(**task)
        where = f"README.md, line {item.line}: {item.text}"
        if code != expected:
            ran = shlex.join(task["words"]) if "words" in task else "as it stands"
            faults.append(f"{where}\n  run as: {ran}\n  exit code {code}, not {expected}:\n{printed[-2000:]}")
        elif seconds > LONGEST:
            faults.append(f"{where}\n  took {seconds:.0f} s of processor; cut it short in RULES")
    assert not faults, "\n\n".join(faults)


def into_the_program(reader: Reader) -> list[Path]:
    """Puts what the snippets add where it would stand in a checkout; returns the yamls."""
    rooms = {"model": "cells", "task": "tasks", "probe": "probes"}
    added = []
    for path in [snippet.path for snippet in SNIPPETS if snippet.path and snippet.path.suffix == ".yaml"]:
        text, group = (reader.folder / path).read_text(), path.parts[1]
        module = re.findall(r"_target_: (\w+)\.", text)[0]
        if not (reader.folder / f"{module}.py").is_file():
            continue  # of an installed package
        shutil.copy(reader.folder / f"{module}.py", reader.program / "rnnlab" / rooms[group])
        (reader.program / path).write_text(
            text.replace(f"_target_: {module}.", f"_target_: rnnlab.{rooms[group]}.{module}.")
        )
        added.append(Path(path))
    return added


def test_what_the_snippets_add_is_found_by_the_tests_and_passes_them(reader: Reader) -> None:
    added = into_the_program(reader)
    assert {path.parts[1] for path in added} == {"model", "task", "probe"}
    where = ["tests/cells", "tests/models/test_every_model.py", "tests/tasks/test_every_task.py"]
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", *where]
    done = subprocess.run(
        [*command, "-k", " or ".join(path.stem for path in added)],
        cwd=reader.program,
        env=reader.driver.environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    for path in added:
        if path.parts[1] != "probe":
            assert f"[{path.stem}" in done.stdout, f"README.md, {path}: no test of {where} has found it"


def test_every_rule_and_placeholder_is_needed() -> None:
    needed = [rule_for(command) for command in COMMANDS]
    assert [rule.pattern for rule in RULES if rule not in needed] == []
    words = {word for command in COMMANDS for word in re.split(r"[\s\[\]\"']", command.text)}
    assert [name for name in PLACEHOLDERS if not any(name in (w, w.partition("=")[2]) for w in words)] == []
    for command in COMMANDS:
        left = [word for word in words_of(command) if re.fullmatch(r"[A-Z]{3,}…?", word.rpartition("=")[2])]
        assert not left, f"README.md, line {command.line}: {command.text}: PLACEHOLDERS does not know {left}"


def test_every_yaml_says_where_it_goes_and_every_target_of_make_is_one() -> None:
    for snippet in SNIPPETS:
        assert snippet.path or snippet.kind == "python", f"README.md, line {snippet.line}: no `# PATH.yaml`"
    targets = re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
    for command in commands_of(README, "make"):
        assert command.text.split()[1] in targets, (
            f"README.md, line {command.line}: {command.text}: no target"
        )


def test_there_is_a_command_to_run_wherever_readers_may_find_one() -> None:
    markdown = """Once `rnnlab graph` is there, `rnnlab horizon
--models lstm` runs.

| a | b |
| --- | --- |
| `rnnlab show RUN`, `rnnlab predict RUN` `--trace` | `--not-this` |

    $ rnnlab train  # a comment
    printed rnnlab line

```bash
rnnlab train -m \\
  model=rnn
```

```python
rnnlab = 1
```
"""
    assert commands_of(markdown, "rnnlab") == [
        Command(1, "rnnlab graph", mention=True),
        Command(1, "rnnlab horizon --models lstm"),
        Command(6, "rnnlab show RUN"),
        Command(6, "rnnlab predict RUN"),
        Command(6, "rnnlab predict RUN --trace"),
        Command(8, "rnnlab train  # a comment"),
        Command(12, "rnnlab train -m model=rnn"),
    ]
