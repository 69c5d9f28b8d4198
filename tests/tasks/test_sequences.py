"""Fixed sequences: what is asked, what simple rules reach, and the training of an exercise, in full."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import rnnlab
from rnnlab.core.batch import UNCOUNTED
from rnnlab.core.errors import InputError
from rnnlab.experiment.experiment import Experiment
from rnnlab.scratch.layer import Layer
from rnnlab.scratch.losses import mean_squared_error
from rnnlab.scratch.optimizers import Adam
from rnnlab.scratch.textbook import LSTM, RNN
from rnnlab.tasks.base import DataSettings, TaskData
from rnnlab.tasks.sequences import MEAN, MOST, Sequences
from tests.conftest import Outcome

N, T, F = 24, 6, 2
EPOCHS, LR = 100, 0.01
TARGETS = {"last step": lambda x: x.sum(axis=(1, 2)), "every step": lambda x: np.cumsum(x, axis=1)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Numbers and classes, with a target at the end and at every step."""
    folder = tmp_path_factory.mktemp("sequences")
    x = np.random.default_rng(1).standard_normal((N, T, F))
    for name, target in TARGETS.items():
        np.savez(folder / f"{name}.npz", x=x, y=target(x))
    np.savez(folder / "classes.npz", x=x, y=(x.sum(axis=(1, 2)) > 0).astype(int) * 2)
    return folder


def load(task: Sequences, **paths: Path) -> TaskData:
    return task.load(DataSettings(paths, 1, torch.float64))


def prepare(path: Path, *words: str) -> Experiment:
    settings = [
        "model.hidden_size=8",
        "model.init=normal",
        "training.precision=float64",
        f"optimizer.lr={LR}",
    ]
    return rnnlab.experiment("task=sequences", f"data.train={path}", *settings, *words)


def losses_of(ready: Experiment) -> list[float]:
    """Returns the loss before each of the epochs' steps, as `rnnlab train` has them."""
    state, found = ready.training_state(), []
    assert ready.plan.rounds == EPOCHS
    for epoch in range(1, EPOCHS + 1):
        (batch,) = ready.plan.batches(epoch)
        assert len(batch.inputs) == N
        loss = state.engine.step(ready.task, batch, clip_norm=None)["loss"]
        found.append(float(loss.detach().mean()))
    return found


def plain_pytorch(path: Path, cell: type[nn.Module], start: dict[str, Tensor]) -> list[float]:
    """The exercise in plain PyTorch: all sequences at once, Adam, from the same start."""
    arrays = {name: torch.from_numpy(array) for name, array in np.load(path).items()}
    x, y = arrays["x"], arrays["y"]
    layer, head = (
        cell(F, 8, batch_first=True).double(),
        nn.Linear(8, y.shape[2] if y.ndim == 3 else 1).double(),
    )
    layer.load_state_dict(
        {name[10:]: value for name, value in start.items() if name.startswith("recurrent.")}
    )
    head.load_state_dict(
        {name[12:]: value for name, value in start.items() if name.startswith("head.output.")}
    )
    optimizer = torch.optim.Adam([*layer.parameters(), *head.parameters()], lr=LR)
    losses = []
    for _ in range(EPOCHS):
        states, _ = layer(x)
        loss = functional.mse_loss(head(states) if y.ndim == 3 else head(states[:, -1])[:, 0], y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def from_scratch(path: Path, make: type[RNN] | type[LSTM], start: dict[str, Tensor]) -> list[float]:
    """The same in NumPy, forward and backward."""
    parameters = {key.removeprefix("recurrent."): value.numpy().copy() for key, value in start.items()}
    w, b = parameters.pop("head.output.weight"), parameters.pop("head.output.bias")
    layer: Layer = make(parameters)
    optimizer = Adam({**parameters, "w": w, "b": b}, lr=LR)
    arrays = np.load(path)
    x, y = arrays["x"].swapaxes(0, 1), arrays["y"]
    losses = []
    for _ in range(EPOCHS):
        forward = layer.forward(x)
        h = forward.output.swapaxes(0, 1) if y.ndim == 3 else forward.h_n[-1]
        loss = mean_squared_error(h @ w.T + b, y.reshape(*h.shape[:-1], -1))
        rows, d = h.reshape(-1, h.shape[-1]), loss.gradient.reshape(-1, len(w))
        d_h = loss.gradient @ w
        back = (
            layer.backward(forward.cache, d_output=d_h.swapaxes(0, 1))
            if y.ndim == 3
            else layer.backward(forward.cache, d_h_n=d_h[None])
        )
        optimizer.step({**back.parameters, "w": d.T @ rows, "b": d.sum(axis=0)})
        losses.append(loss.value)
    return losses


@pytest.mark.parametrize(
    ("target", "name", "cell", "make"),
    [("last step", "rnn", nn.RNN, RNN), ("every step", "lstm", nn.LSTM, LSTM)],
)
@pytest.mark.unchecked_types
def test_a_full_batch_training_is_that_of_a_loop_by_hand(
    target: str, name: str, cell: type[nn.Module], make: type[RNN] | type[LSTM], folder: Path
) -> None:
    path = folder / f"{target}.npz"
    ready = prepare(path, f"model={name}")
    start = {key: value.clone() for key, value in ready.model.state_dict().items()}
    by_torch = plain_pytorch(path, cell, start)
    assert by_torch[0] > 1 and by_torch[-1] < by_torch[0] / 3
    np.testing.assert_allclose(losses_of(ready), by_torch, rtol=1e-8)
    np.testing.assert_allclose(
        losses_of(prepare(path, f"model={name}", "engine=scratch")), by_torch, rtol=1e-8
    )
    np.testing.assert_allclose(from_scratch(path, make, start), by_torch, rtol=1e-8)


def test_simple_rules_are_what_their_names_say(folder: Path, tmp_path: Path) -> None:
    x = np.random.default_rng(2).standard_normal((8, T, F))
    np.savez(tmp_path / "valid.npz", x=x, y=x.sum(axis=(1, 2)))
    task_data = load(Sequences(), train=folder / "last step.npz", valid=tmp_path / "valid.npz")
    mean = np.load(folder / "last step.npz")["y"].mean()
    expected = ((x.sum(axis=(1, 2)) - mean) ** 2).mean()
    assert expected > 0.1 and task_data.baselines == {"loss": {MEAN: pytest.approx(expected)}}
    found = load(Sequences(targets="classes"), train=folder / "classes.npz")
    labels = np.load(folder / "classes.npz")["y"]
    share = max((labels == 0).mean(), (labels == 2).mean())
    assert found.classes == ("0", "2") and found.baselines == {"acc": {MOST: pytest.approx(share)}}
    assert found.sizes.output_size == 2 and found.train.targets.tolist() == (labels // 2).tolist()


def test_what_is_not_asked_is_not_counted(tmp_path: Path) -> None:
    for kind, values in (("numbers", (1, 3, 5)), ("classes", ("a", "b", "a"))):
        one, two, three = values
        lines = f"sequence,step,x,y\n1,1,9,{one}\n1,2,9,\n1,3,9,{two}\n2,1,9,{three}\n"
        (tmp_path / "some.csv").write_text(lines)
        task = Sequences(targets=kind)
        task_data = load(task, train=tmp_path / "some.csv")
        assert task_data.sizes.every_step
        (batch,) = task_data.train.batches(np.arange(2), 2)
        logits = torch.zeros(2, 3, task_data.sizes.output_size, dtype=torch.float64)
        measured = task.measure(logits, batch.targets)
        if kind == "numbers":
            assert measured["loss"].tolist() == [1, 9, 25]
            assert task_data.baselines["loss"][MEAN] == pytest.approx(8 / 3)
        else:
            assert (batch.targets == UNCOUNTED).sum() == 3 and len(measured["loss"]) == 3
            assert measured["loss"].tolist() == pytest.approx([np.log(2)] * 3)


def test_files_that_do_not_go_together_are_refused(folder: Path, tmp_path: Path) -> None:
    x = np.ones((3, T, F))
    files = {
        "narrow": ({"x": x[..., :1], "y": x[:, 0, 0]}, "expected 2 number\\(s\\) a step and 1 a target"),
        "wide": ({"x": x, "y": x[:, 0]}, "found 2 and 2"),
        "steps": ({"x": x, "y": x}, r"y: expected \(3,\), \(3, outputs\)"),
    }
    for name, (arrays, message) in files.items():
        np.savez(tmp_path / f"{name}.npz", **arrays)
        with pytest.raises(InputError, match=message):
            load(Sequences(), train=folder / "last step.npz", valid=tmp_path / f"{name}.npz")
    np.savez(tmp_path / "other.npz", x=x, y=np.array([0, 2, 7]))
    with pytest.raises(InputError, match=r"^data.valid: unknown class '7'; expected 0, 2$"):
        load(Sequences(targets="classes"), train=folder / "classes.npz", valid=tmp_path / "other.npz")
    np.savez(tmp_path / "one.npz", x=x, y=np.array([1, 1, 1]))
    with pytest.raises(InputError, match=r"^data.train: all targets are '1'"):
        load(Sequences(targets="classes"), train=tmp_path / "one.npz")


def test_a_run_from_the_shell(folder: Path, call: Callable[..., Outcome], tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    small = ["model.hidden_size=8", "training.epochs=4"]
    words = ["task=sequences", "data.train=every step.npz", *small, "hydra.run.dir=outputs/numbers"]
    assert call("train", *words).code == 0
    assert pd.read_csv("outputs/numbers/metrics.csv")["epoch"].tolist() == [0, 1, 2, 3, 4]
    pairs = pd.read_csv("outputs/numbers/scatter.csv")
    assert pairs["true"].tolist() == pytest.approx(np.load("every step.npz")["y"].ravel().tolist(), abs=1e-5)
    assert (tmp_path / "outputs/numbers/figures/scatter.png").exists()
    outcome = call("train", "task=recall", "training.batch_size=null")
    assert outcome.code == 2 and "training.batch_size: a value is needed" in outcome.err
