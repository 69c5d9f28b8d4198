"""The yamls of `configs/optimizer` and `configs/scheduler` are torch's own, and act as torch says."""

import inspect
import math

import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler

from rnnlab.experiment.build import build_optimizer, build_state
from rnnlab.experiment.compose import CONFIG_DIR, checked, compose_config

OPTIMIZERS = sorted(path.stem for path in (CONFIG_DIR / "optimizer").glob("*.yaml"))
OTHER_THAN_TORCH = {("sgd", "lr"): 0.01}
EPOCHS = 6


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_yaml_lists_every_setting_with_torchs_default(name: str) -> None:
    target = checked(compose_config([f"optimizer={name}"])).optimizer
    cls, settings = target.cls, target.settings
    signature = inspect.signature(cls).parameters
    expected = {key: signature[key].default for key in signature if key != "params"}
    expected |= {key: value for (optimizer, key), value in OTHER_THAN_TORCH.items() if optimizer == name}
    assert settings == expected


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_step_is_torchs(name: str) -> None:
    config = checked(compose_config([f"optimizer={name}", "optimizer.lr=0.03", "optimizer.weight_decay=0.1"]))
    classes = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    cls = {**classes, "rmsprop": torch.optim.RMSprop}[name]
    ours, theirs = nn.Parameter(torch.tensor([1.0, -2.0])), nn.Parameter(torch.tensor([1.0, -2.0]))
    optimizer, reference = build_optimizer(config, [ours]), cls([theirs], lr=0.03, weight_decay=0.1)
    for _ in range(3):
        for parameter, stepper in ((ours, optimizer), (theirs, reference)):
            parameter.grad = parameter.detach() ** 2
            stepper.step()
    assert torch.equal(ours, theirs) and ours[0] != 1.0


def rates(*words: str) -> list[float]:
    """The learning rate of every epoch, the monitor never getting better."""
    overrides = [f"training.epochs={EPOCHS}", "optimizer=sgd", "optimizer.lr=0.2", "engine=torch", *words]
    state = build_state(checked(compose_config(overrides)), nn.Linear(1, 1))
    found = []
    for _ in range(EPOCHS):
        found.append(state.optimizer.param_groups[0]["lr"])
        state.optimizer.step()
        if isinstance(state.scheduler, lr_scheduler.ReduceLROnPlateau):
            state.scheduler.step(1.0)
        else:
            state.scheduler.step()
    return found


def test_the_default_rate_is_constant() -> None:
    assert rates() == rates("scheduler=constant") == [0.2] * EPOCHS


def test_cosine_is_half_a_cosine_over_the_training() -> None:
    expected = [0.1 * (1 + math.cos(math.pi * epoch / EPOCHS)) for epoch in range(EPOCHS)]
    assert rates("scheduler=cosine") == pytest.approx(expected, rel=1e-12)
    floor = [0.05 + 0.075 * (1 + math.cos(math.pi * epoch / EPOCHS)) for epoch in range(EPOCHS)]
    assert rates("scheduler=cosine", "scheduler.eta_min=0.05") == pytest.approx(floor, rel=1e-12)


def test_plateau_cuts_the_rate_after_patience() -> None:
    words = ("scheduler=plateau", "scheduler.patience=1", "scheduler.factor=0.5")
    assert rates(*words) == pytest.approx([0.2, 0.2, 0.2, 0.1, 0.1, 0.05])


@pytest.mark.parametrize(("monitor", "mode"), [("valid_loss", "min"), ("valid_acc", "max")])
def test_plateau_knows_which_way_the_monitor_is_better(monitor: str, mode: str) -> None:
    config = checked(compose_config(["engine=torch", "scheduler=plateau", f"training.monitor={monitor}"]))
    scheduler = build_state(config, nn.Linear(1, 1)).scheduler
    assert isinstance(scheduler, lr_scheduler.ReduceLROnPlateau) and scheduler.mode == mode
