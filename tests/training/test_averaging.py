"""A running average of the parameters: its formula, and where it stands while a net trains."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import rnnlab
from rnnlab.training.averaging import Averaging
from rnnlab.training.checkpoint import read_checkpoint
from tests.conftest import Outcome

DECAY = 0.9


def test_the_average_is_that_of_the_formula_step_by_step() -> None:
    model = nn.Linear(2, 1).double()
    steps = [torch.randn(1, 2).double() for _ in range(200)]
    averaging, expected = Averaging(model, DECAY), model.weight.detach().numpy().copy()
    for k, weight in enumerate(steps, start=1):
        with torch.no_grad():
            model.weight.copy_(weight)
        averaging.update()
        decay = min(DECAY, (1 + k) / (10 + k))
        expected = decay * expected + (1 - decay) * weight.numpy()
    averaging.swap()
    np.testing.assert_allclose(model.weight.detach().numpy(), expected, rtol=0, atol=1e-14)
    assert np.abs(expected).min() > 1e-3 and not torch.equal(model.weight, steps[-1])


def test_swapping_is_in_place_and_twice_leaves_every_bit() -> None:
    model = nn.Linear(3, 2)
    model.bias.requires_grad_(False)
    averaging, bias = Averaging(model, DECAY), model.bias.clone()
    with torch.no_grad():
        model.weight += 1
    averaging.update()
    before, place = model.weight.clone(), model.weight.data_ptr()
    averaging.swap()
    assert model.weight.data_ptr() == place and (model.weight < before).all()
    averaging.swap()
    assert torch.equal(model.weight, before) and torch.equal(model.bias, bias)


@pytest.mark.parametrize("engine", ["torch", "scratch", "fused"])
def test_a_run_validates_keeps_and_answers_with_the_average_that_trains_beside_it(
    engine: str, call: Callable[..., Outcome], tiny: list[str], tmp_path: Path
) -> None:
    words = [*tiny, "model=rnn", "model.hidden_size=4", "training.epochs=3", f"engine={engine}"]
    parameters, rows = {}, {}
    for name, more in {"plain": [], "average": ["training.average=0.8"]}.items():
        outcome = call("train", *words, *more, "optimizer.lr=0.02", f"hydra.run.dir=outputs/{name}")
        assert outcome.code == 0, outcome.err
        run = rnnlab.load_run(tmp_path / "outputs" / name)
        rows[name] = run.metrics
        tensors, _ = read_checkpoint(run.folder / "checkpoints" / "last.safetensors")
        parameters[name] = tensors["model.recurrent.weight_hh_l0"]
        assert run.evaluate("valid")["loss"] == pytest.approx(rows[name]["valid_loss"].iloc[-1], rel=1e-5)
    # What trains is not touched: losses while training are the same, figures after it are not.
    assert rows["average"]["train_loss"].tolist() == rows["plain"]["train_loss"].tolist()
    assert (rows["average"]["valid_loss"][1:] != rows["plain"]["valid_loss"][1:]).all()
    assert not torch.equal(parameters["average"], parameters["plain"])
