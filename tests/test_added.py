"""A cell, a task and a probe, each one file and one yaml: everything works on them without a further line."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
ADDED = {
    "rnnlab/cells/wheel.py": '''
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
_target_: rnnlab.cells.wheel.Wheel
start_at: 0.25
hidden_size: 8
num_layers: 1
bidirectional: false
head_size: null
dropout: 0.0
init: default
""",
    "rnnlab/tasks/majority.py": '''
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
task: {_target_: rnnlab.tasks.majority.Majority, length: 5, valid_examples: 64}
training: {epochs: null, steps: 20, validate_every: 10, batch_size: 8}
similarity: []
""",
    "rnnlab/probes/largest.py": '''
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
_target_: rnnlab.probes.largest.Largest
times: 1.0
""",
}
RUN_ALL = """
import sys
from rnnlab.cli.app import main

for line in sys.stdin.read().splitlines():
    sys.argv = ["rnnlab", *eval(line)]
    code = 0
    try:
        main()
    except SystemExit as stop:
        code = int(stop.code or 0)
    print("EXIT", code, *sys.argv[1:3], flush=True)
"""
TEXTS = ["data=files", "data.train=train.tsv", "data.valid=valid.tsv", "data.tokenizer=whitespace"]
IN_M = "hydra.run.dir=outputs/m"
ONE_TRIAL = ["--seeds", "1", "--lengths", "3", "--workers", "1", "training.steps=20"]
QUICK = ["training.epochs=1", "insert=end", "probe.every=1"]


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program with the three files and their yamls, and texts in a folder `work` beside it."""
    folder = tmp_path_factory.mktemp("extended")
    for name in ("rnnlab", "configs"):
        shutil.copytree(REPOSITORY / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "inputs").symlink_to(REPOSITORY / "inputs")
    for name, text in ADDED.items():
        (folder / name).write_text(text.lstrip())
    work = folder / "work"
    work.mkdir()
    for name in ("train", "valid"):
        lines = [
            f"{'pos' if n % 2 else 'neg'}\tthe film was {'great' if n % 2 else 'awful'} {n}\n"
            for n in range(24)
        ]
        (work / f"{name}.tsv").write_text("".join(lines))
    return work


def run_all(work: Path, commands: list[list[str]]) -> str:
    """Runs the commands in one process of the extended program; returns all that they printed."""
    done = subprocess.run(
        [sys.executable, "-c", RUN_ALL],
        cwd=work,
        env={**os.environ, "PYTHONPATH": str(work.parent), "OMP_NUM_THREADS": "1", "COLUMNS": "200"},
        input="\n".join(map(repr, commands)),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    codes = [line.split(" ", 2)[1:] for line in done.stdout.splitlines() if line.startswith("EXIT ")]
    assert len(codes) == len(commands), done.stderr
    failed = [command for code, command in codes if code != "0"]
    assert not failed, f"{failed}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.mark.slow
def test_a_cell_of_one_step_trains_and_every_command_works_on_it(extended: Path) -> None:
    out = run_all(
        extended,
        [
            ["train", "model=wheel", *TEXTS, *QUICK, "hydra.run.dir=outputs/a"],
            ["train", "model=wheel", *TEXTS, *QUICK, "engine=scratch", "hydra.run.dir=outputs/b"],
            ["train", "model=wheel", "model.num_layers=2", "model.bidirectional=true", *TEXTS, *QUICK],
            ["train", "model=wheel", "task=copy", "training.steps=2", "training.validate_every=1"],
            ["grads", "--run", "a"],
            ["through-time", "a"],
            ["positions", "a", "--steps", "2"],
            ["probe", "a", "health"],
            ["doctor", "a"],
            ["graph", "model=wheel", *TEXTS, "--length", "2", "--output", "graph.svg"],
            ["explain", "--model", "wheel"],
            ["gradcheck", "--model", "wheel", "--hidden-size", "2"],
            [
                "horizon",
                "--models",
                "wheel",
                "--seeds",
                "1",
                "--lengths",
                "3",
                "training.steps=20",
                "--workers",
                "1",
            ],
            ["predict", "a", "the film was great", "--trace"],
            ["predict", "a", "the film was great", "--attribute"],
            ["weights", "a"],
            ["report", "a"],
        ],
    )
    assert "slip" in out and "wheel" in out
    through_time = (extended / "outputs" / "a" / "through_time.csv").read_text()
    assert all(f",{path}," in through_time for path in ("hidden", "cell", "cell_only", "z"))
    (torchs, ours) = (
        (extended / "outputs" / name / "metrics.csv").read_text().split("\n")[2] for name in "ab"
    )
    for a, b in zip(torchs.split(",")[1:5], ours.split(",")[1:5], strict=True):
        assert float(a) == pytest.approx(float(b), rel=1e-4)
    assert "f₁" in (extended / "graph.svg").read_text()


@pytest.mark.slow
def test_a_task_and_a_probe_stand_in_the_report_under_their_own_names(extended: Path) -> None:
    run_all(
        extended,
        [
            [
                "train",
                "task=majority",
                "model=gru",
                "probe=largest",
                "probe.every=1",
                "hydra.run.dir=outputs/m",
            ],
            ["train", "task=majority", "model=rnn", "engine=scratch"],
            [
                "horizon",
                "task=majority",
                "--models",
                "gru",
                "--seeds",
                "1",
                "--lengths",
                "3",
                "training.steps=10",
            ],
            ["probe", "m", "largest", "times=2"],
            ["probe", "m", "through_time"],
            ["evaluate", "m"],
            ["report", "m"],
        ],
    )
    page = (extended / "outputs" / "m" / "report.html").read_text()
    assert "4711" in page and "counted &lt;b&gt;by&lt;/b&gt; me" in page
    assert "largest of all" in page or "largest_of_all" in page
