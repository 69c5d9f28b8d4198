"""A cell, a task and a probe, each one file and one yaml in a folder of the user's: all works on them."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.driver import Driver

REPOSITORY = Path(__file__).parents[1]
ADDED = {
    "wheel.py": '''
"""A cell that no paper has: three states, one of them mixed in the middle, and a trainable scalar."""

from rnnlab.cells import Cell, exp, sigmoid, tanh


class Wheel(Cell):
    """Turns."""

    gates = ("turn", "new")
    states = ("h", "c", "z")
    recurrent = {"h": ("turn",)}
    mixed = ("new",)
    scalars = ("slip",)

    def __init__(self, *, start_at: float = 0.5) -> None:
        self.start_at = start_at

    def step(self, x, h, state, own, mix):
        f = sigmoid(x.turn + h.turn)
        n = tanh(x.new + mix(f * state.h) - exp(-own.slip) * state.z)
        c = f * state.c + (1 - f) * n
        return (tanh(c) + 0.1 * state.z, c, 0.5 * state.z + 0.5 * c), {"f": f, "n": n}

    def retention(self, kept, state):
        return {"c": kept.f}

    def start(self, parameters, rng):
        parameters["slip"][...] = self.start_at
''',
    "configs/model/wheel.yaml": """
_target_: wheel.Wheel
start_at: 0.25
hidden_size: 8
num_layers: 1
bidirectional: false
head_size: null
dropout: 0.0
init: default
""",
    "majority.py": '''
"""Are there more ones than zeros?"""

from typing import Annotated, ClassVar

import numpy as np
import pandas as pd
from annotated_types import Gt

from rnnlab.tasks.base import InputOutputSizes
from rnnlab.tasks.drawn import Arrays, DrawnTask


class Majority(DrawnTask):
    """Counts."""

    metrics: ClassVar = ("acc", "loss")
    criterion: ClassVar = "cross_entropy"
    sizes = InputOutputSizes(output_size=2, features=1)
    baselines: ClassVar = {"acc": {"guessing": 0.5}, "loss": {"guessing": 0.6931}}

    def __init__(self, *, length: Annotated[int, Gt(0)] = 5, valid_examples: Annotated[int, Gt(0)] = 64):
        self.length, self.valid_examples = length, valid_examples

    def draw(self, examples, rng):
        bits = rng.integers(2, size=(examples, self.length, 1))
        more = (bits.sum(axis=(1, 2)) * 2 > self.length).astype(np.int64)
        return Arrays(bits.astype(float), np.full(examples, self.length), more)

    def tables(self, predict_fn, task_data):
        return {"my_counts": pd.DataFrame({"counted <b>by</b> me": [4711]})}
''',
    "configs/task/majority.yaml": """
# @package _global_
defaults: [override /data: generated]
task: {_target_: majority.Majority, length: 5, valid_examples: 64}
training: {epochs: null, steps: 20, validate_every: 10, batch_size: 8}
similarity: []
""",
    "largest.py": '''
"""The largest number of every parameter."""

import pandas as pd


class Largest:
    """Looks for what is large."""

    def __init__(self, *, times: float = 1.0) -> None:
        self.times = times

    def not_applicable(self, probe_input):
        return None

    def measure(self, probe_input):
        named = probe_input.model.named_parameters()
        rows = [(name, self.times * float(p.abs().max())) for name, p in named]
        return pd.DataFrame(rows, columns=["parameter", "largest_of_all"])
''',
    "configs/probe/largest.yaml": """
# @package probe.active.largest
_target_: largest.Largest
times: 1.0
""",
    "branches.py": '''
"""A cell that asks what a number is, which symbols cannot answer: torch trains it, by its own gradients."""

from rnnlab.cells import Cell, tanh


class Branches(Cell):
    gates = ("new",)

    def step(self, x, h, state, own, mix):
        return (tanh(x.new + h.new) if float(x.new.sum()) > 0 else tanh(x.new - h.new),), {}
''',
    "configs/model/branches.yaml": """
_target_: branches.Branches
hidden_size: 3
""",
    "my_modules.py": '''
"""A cell with its own step back, and an ordinary torch module that computes the same."""

import torch
from torch import nn

from rnnlab.cells import Cell, StepBack, tanh


class Elman(Cell):
    """The first recurrent net."""

    gates = ("new",)

    def step(self, x, h, state, own, mix):
        n = tanh(x.new + h.new)
        return (n,), {"n": n}

    def step_back(self, d, kept, old, new, mix_back):
        d_a = {"new": d.h * (1 - kept.n**2)}
        return StepBack(x=d_a, h=d_a)


class Module(nn.Module):
    """Is called as nn.LSTMCell is."""

    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.hidden_size = hidden_size
        self.linear = nn.Linear(input_size + hidden_size, hidden_size)

    def forward(self, x, h=None):
        h = torch.zeros(len(x), self.hidden_size) if h is None else h
        return torch.tanh(self.linear(torch.cat([x, h], dim=1)))
''',
    "configs/model/elman.yaml": """
_target_: my_modules.Elman
hidden_size: 8
""",
    "configs/model/module.yaml": """
_target_: my_modules.Module
hidden_size: 8
""",
}
TEXTS = ["data=files", "data.train=train.tsv", "data.valid=valid.tsv", "data.tokenizer=whitespace"]
QUICK = ["training.epochs=1", "insert=end", "probe.every=1"]
ONE_TRIAL = ["--seeds", "1", "--lengths", "3", "--workers", "1", "training.steps=20"]


class Stranger(NamedTuple):
    """A folder with the files, their yamls and texts, and what runs commands there."""

    folder: Path
    driver: Driver

    def run_all(self, module: str, commands: list[list[str]], *, code: int = 0) -> str:
        """Runs the commands, each with `--module`, and expects their exit code; returns all that they
        printed.
        """
        printed = []
        for words in commands:
            done = self.driver.do(words=["rnnlab", *words, "--module", module])
            assert done.code == code, f"{words}\n{done.printed[-3000:]}"
            printed.append(done.printed)
        return "".join(printed)

    def figures(self, run: str) -> list[float]:
        """Returns accuracies and losses after the first epoch."""
        line = (self.folder / "outputs" / run / "metrics.csv").read_text().split("\n")[2]
        return [float(number) for number in line.split(",")[1:5]]


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stranger]:
    folder = tmp_path_factory.mktemp("stranger")
    for name, text in ADDED.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text.lstrip())
    for name in ("train", "valid"):
        lines = [
            f"{'pos' if n % 2 else 'neg'}\tthe film was {'great' if n % 2 else 'awful'} {n}\n"
            for n in range(24)
        ]
        (folder / f"{name}.tsv").write_text("".join(lines))
    with Driver(folder, REPOSITORY, columns=200) as driver:
        yield Stranger(folder, driver)


def on_a_run(run: str) -> list[list[str]]:
    """Returns the commands that look at a run."""
    return [
        ["grads", "--run", run],
        ["through-time", run],
        ["positions", run, "--steps", "2"],
        ["probe", run, "health"],
        ["predict", run, "the film was great", "--trace"],
        ["report", run],
    ]


@pytest.mark.slow
def test_a_cell_of_one_step_trains_and_every_command_works_on_it(stranger: Stranger) -> None:
    out = stranger.run_all(
        "wheel",
        [
            ["train", "model=wheel", *TEXTS, *QUICK, "hydra.run.dir=outputs/a"],
            ["train", "model=wheel", *TEXTS, *QUICK, "engine=scratch", "hydra.run.dir=outputs/b"],
            ["train", "model=wheel", "model.num_layers=2", "model.bidirectional=true", *TEXTS, *QUICK],
            ["train", "model=wheel", "task=copy", "training.steps=2", "training.validate_every=1"],
            *on_a_run("a"),
            ["doctor", "a"],
            ["predict", "a", "the film was great", "--attribute"],
            ["weights", "a"],
            ["graph", "model=wheel", *TEXTS, "--length", "2", "--output", "graph.svg"],
            ["explain", "--model", "wheel"],
            ["gradcheck", "--model", "wheel", "--hidden-size", "2"],
            ["horizon", "--models", "wheel", *ONE_TRIAL],
        ],
    )
    assert "slip" in out and "wheel" in out
    through_time = (stranger.folder / "outputs" / "a" / "through_time.csv").read_text()
    assert all(f",{path}," in through_time for path in ("hidden", "cell", "cell_only", "z"))
    assert stranger.figures("b") == pytest.approx(stranger.figures("a"), rel=1e-4)
    assert "f₁" in (stranger.folder / "graph.svg").read_text()


@pytest.mark.slow
def test_a_cell_with_its_own_step_back_and_a_module_of_torchs_kind_do_the_same(stranger: Stranger) -> None:
    stranger.run_all(
        "my_modules",
        [
            ["train", "model=elman", *TEXTS, *QUICK, "hydra.run.dir=outputs/c"],
            ["train", "model=elman", *TEXTS, *QUICK, "engine=scratch", "hydra.run.dir=outputs/d"],
            ["train", "model=module", *TEXTS, *QUICK, "hydra.run.dir=outputs/e"],
            *on_a_run("e"),
            ["horizon", "--models", "module", *ONE_TRIAL],
        ],
    )
    assert stranger.figures("d") == pytest.approx(stranger.figures("c"), rel=1e-4)
    refused = stranger.run_all(
        "my_modules",
        [
            ["graph", "model=module", *TEXTS],
            ["explain", "--model", "module"],
            ["train", "model=module", *TEXTS, "engine=scratch"],
        ],
        code=2,
    )
    assert refused.count("the equations of Module are not known") == 3, refused
    assert len([line for line in refused.splitlines() if line.startswith("error: ")]) == 3


@pytest.mark.slow
def test_a_step_that_symbols_cannot_go_through_trains_by_torch_and_is_else_told_in_a_line(
    stranger: Stranger,
) -> None:
    train = ["train", "model=branches", *TEXTS, *QUICK]
    printed = stranger.run_all(
        "branches", [[*train, "hydra.run.dir=outputs/f"], *on_a_run("f"), ["doctor", "f"]]
    )
    assert "engine=auto: torch trains; fused cannot: Branches.step cannot be followed in symbols" in printed
    commands = [
        [*train, "engine=fused", "hydra.run.dir=outputs/g"],
        [*train, "engine=scratch", "hydra.run.dir=outputs/g"],
        ["explain", "f"],
        ["explain", "--model", "branches", "--derivative"],
        ["graph", "model=branches", *TEXTS],
        ["gradcheck", "--model", "branches", "--hidden-size", "2"],
    ]
    refused = stranger.run_all("branches", commands, code=2)
    errors = [line for line in refused.splitlines() if line.startswith("error: ")]
    assert len(errors) == refused.count("Branches.step cannot be followed in symbols") == len(commands), (
        refused
    )
    assert errors[0].startswith("error: engine=fused: ") and errors[0].endswith(", or choose engine=torch")
    assert not (stranger.folder / "outputs" / "g").exists()


@pytest.mark.slow
def test_a_task_and_a_probe_stand_in_the_report_under_their_own_names(stranger: Stranger) -> None:
    begin = ["train", "task=majority", "model=gru", "--module", "majority"]
    stranger.run_all(
        "largest",
        [
            [*begin, "probe=largest", "probe.every=1", "hydra.run.dir=outputs/m"],
            ["probe", "m", "largest", "times=2", "--module", "majority"],
            ["probe", "m", "through_time", "--module", "majority"],
            ["evaluate", "m", "--module", "majority"],
        ],
    )
    stranger.run_all(
        "majority",
        [
            ["train", "task=majority", "model=rnn", "engine=scratch"],
            ["horizon", "task=majority", "--models", "gru", *ONE_TRIAL],
            ["report", "m"],
        ],
    )
    page = (stranger.folder / "outputs" / "m" / "report.html").read_text()
    assert "4711" in page and "counted &lt;b&gt;by&lt;/b&gt; me" in page
    assert "largest of all" in page or "largest_of_all" in page
