"""On plain torch modules and every criterion the scratch engine takes torch's steps, to rounding."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from rnnlab.core.batch import Batch
from rnnlab.core.errors import DivergenceError, InputError
from rnnlab.training.engine import TorchEngine
from rnnlab.training.scratch_engine import ScratchEngine
from tests.scratch.plain_torch import PlainNet, random_inputs

TOLERANCE = 1e-10
LENGTHS = torch.tensor([3, 5, 1, 4])
KINDS = ["tanh", "relu", "lstm", "gru"]
OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "adam": lambda p: torch.optim.Adam(p, lr=0.01),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.2),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.001, momentum=0.5),
}


class Objective:
    """One of the three criteria; a unit is a sequence, a counted step or a counted number."""

    output_size = 1

    def __init__(self, criterion: str) -> None:
        self.criterion = criterion
        self.metrics = ("loss", "error")

    def measure(self, logits: Tensor, targets: Tensor) -> dict[str, Tensor]:
        if self.criterion == "binary_cross_entropy":
            loss = nn.functional.binary_cross_entropy_with_logits(logits[:, 0], targets, reduction="none")
            return {"loss": loss, "error": ((logits[:, 0] > 0) != (targets > 0.5)).double()}
        if self.criterion == "cross_entropy":
            counted = targets != -100
            loss = nn.functional.cross_entropy(logits[counted], targets[counted], reduction="none")
            return {"loss": loss, "error": (logits.argmax(-1) != targets)[counted].double()}
        difference = (logits - targets)[~targets.isnan()]
        return {"loss": difference.square(), "error": difference.abs()}

    def figures(self, means: dict[str, float]) -> dict[str, float]:
        return means


def make_batch(criterion: str, *, ids: bool, every_step: bool) -> Batch:
    """Random sequences of 1 to 5 steps; the padding and some of the rest are not counted."""
    rng = np.random.default_rng(0)
    inputs = torch.tensor(random_inputs(rng, ids=ids, batch=4, time=5))
    if criterion == "binary_cross_entropy":
        return Batch(inputs, LENGTHS, torch.tensor([0.0, 1.0, 1.0, 0.0]).double())
    shape = (4, 5) if every_step else (4,)
    if criterion == "cross_entropy":
        targets, nothing = torch.tensor(rng.integers(0, 3, shape)), -100.0
    else:
        targets, nothing = torch.tensor(rng.standard_normal((*shape, 3))), torch.nan
    if every_step:
        targets[torch.arange(5) >= LENGTHS[:, None]] = nothing
    targets.view(4, -1)[0, :1] = nothing
    return Batch(inputs, LENGTHS, targets)


def take_steps(
    engine_type: Any, optimizer: str, criterion: str, batch: Batch, **parts: Any
) -> tuple[list[dict[str, Tensor]], PlainNet, dict[int, dict[str, Tensor]]]:
    """Returns what three steps and a measurement gave, the net and the optimizer's state."""
    model = PlainNet(**parts)
    rule = OPTIMIZERS[optimizer](model.parameters())
    engine, objective = engine_type(model, rule), Objective(criterion)
    measures = [engine.step(objective, batch, clip_norm=1.0) for _ in range(3)]
    return [*measures, engine.measure(objective, batch)], model, rule.state_dict()["state"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ids", [False, True], ids=["numbers", "ids"])
@pytest.mark.parametrize(
    ("criterion", "every_step", "optimizer"),
    [
        ("binary_cross_entropy", False, "adam"),
        ("cross_entropy", False, "adamw"),
        ("cross_entropy", False, "rmsprop"),
        ("cross_entropy", True, "adam"),
        ("mean_squared_error", False, "sgd"),
        ("mean_squared_error", True, "sgd"),
    ],
)
def test_steps_and_measures_are_torchs(
    criterion: str, every_step: bool, optimizer: str, ids: bool, kind: str
) -> None:
    batch = make_batch(criterion, ids=ids, every_step=every_step)
    parts: dict[str, Any] = {
        "kind": kind,
        "ids": ids,
        "every_step": every_step,
        "hidden_layer": not every_step,
        "bidirectional": True,
        "outputs": 1 if criterion == "binary_cross_entropy" else 3,
    }
    expected, torch_model, torch_state = take_steps(TorchEngine, optimizer, criterion, batch, **parts)
    found, model, state = take_steps(ScratchEngine, optimizer, criterion, batch, **parts)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours["loss"].shape == theirs["loss"].shape and theirs["loss"].mean() > 0
        torch.testing.assert_close(ours["loss"].mean(), theirs["loss"].mean(), rtol=0, atol=TOLERANCE)
        torch.testing.assert_close(ours["error"], theirs["error"], rtol=0, atol=TOLERANCE)
    assert expected[0]["loss"].mean() > expected[-1]["loss"].mean()
    start = PlainNet(**parts)
    for (name, ours), theirs, before in zip(
        model.named_parameters(), torch_model.parameters(), start.parameters(), strict=True
    ):
        assert (theirs != before).any(), name
        torch.testing.assert_close(ours, theirs, rtol=0, atol=TOLERANCE)
    for index, values in torch_state.items():
        for name, value in values.items():
            assert value.abs().max() > 0, name
            torch.testing.assert_close(state[index][name], value, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("pooling", ["mean", "max", "mean_max", "attention"])
def test_steps_over_pooled_states_are_torchs(pooling: str) -> None:
    batch = make_batch("binary_cross_entropy", ids=True, every_step=False)
    parts: dict[str, Any] = {"kind": "lstm", "ids": True, "every_step": False, "hidden_layer": True}
    parts |= {"bidirectional": True, "outputs": 1, "pooling": pooling}
    expected, torch_model, _ = take_steps(TorchEngine, "adam", "binary_cross_entropy", batch, **parts)
    found, model, _ = take_steps(ScratchEngine, "adam", "binary_cross_entropy", batch, **parts)
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours["loss"].mean(), theirs["loss"].mean(), rtol=0, atol=TOLERANCE)
    start = dict(PlainNet(**parts).named_parameters())
    for (name, ours), theirs in zip(model.named_parameters(), torch_model.parameters(), strict=True):
        assert (theirs != start[name]).any(), name
        torch.testing.assert_close(ours, theirs, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("engine", [TorchEngine, ScratchEngine])
@pytest.mark.parametrize("kind", KINDS)
def test_numbers_that_diverge_are_a_loss_that_is_not_finite(kind: str, engine: Any) -> None:
    batch = make_batch("mean_squared_error", ids=False, every_step=True)
    model = PlainNet(kind, ids=False, every_step=True, hidden_layer=False)
    with torch.no_grad():
        model.recurrent.weight_ih_l0.fill_(torch.nan)
    made = engine(model, OPTIMIZERS["sgd"](model.parameters()))
    with pytest.raises(DivergenceError, match=r"^the training loss became nan$"):
        made.step(Objective("mean_squared_error"), batch, clip_norm=None)


def test_a_model_without_a_recurrent_layer_is_refused() -> None:
    model = nn.Linear(2, 2)
    with pytest.raises(InputError, match="engine=scratch: the equations of Linear are not known"):
        ScratchEngine(model, OPTIMIZERS["sgd"](model.parameters()))
