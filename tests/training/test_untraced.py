"""torch's optimizers without torch.compile's machinery against torch's own."""

import subprocess
import sys
from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn

from rnnlab.training.optimizers import untraced

SETTINGS = {
    "Adam": {"lr": 0.01, "weight_decay": 0.1, "amsgrad": True},
    "AdamW": {"lr": 0.01},
    "RMSprop": {"lr": 0.01, "momentum": 0.5, "centered": True},
    "SGD": {"lr": 0.1, "momentum": 0.9, "nesterov": True},
    "Adagrad": {"lr": 0.1},
}


def trained(make: type[torch.optim.Optimizer], settings: dict[str, float]) -> tuple[list[Tensor], dict]:
    """Returns the weights after some steps with a schedule, saved and restored on the way."""
    torch.manual_seed(0)
    model, inputs = nn.Linear(4, 3), torch.randn(5, 4)
    optimizer = make(model.parameters(), **settings)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    for step in range(6):
        optimizer.zero_grad()
        model(inputs).square().sum().backward()
        optimizer.step()
        schedule.step()
        if step == 2:
            optimizer.load_state_dict(deepcopy(optimizer.state_dict()))
    return list(model.parameters()), optimizer.state_dict()


@pytest.mark.parametrize("name", SETTINGS)
def test_an_untraced_optimizer_takes_torchs_steps_bit_for_bit(name: str) -> None:
    cls = getattr(torch.optim, name)
    ours, our_state = trained(untraced(cls), SETTINGS[name])
    torchs, state = trained(cls, SETTINGS[name])
    assert all(bool((a != 0).any()) for a in torchs)
    assert all(torch.equal(a, b) for a, b in zip(ours, torchs, strict=True))
    assert not any(parameter.requires_grad and parameter.grad_fn for parameter in ours)
    torch.testing.assert_close(our_state, state, rtol=0, atol=0)


def test_an_untraced_optimizer_is_one_of_its_class_under_its_name() -> None:
    found = untraced(torch.optim.Adam)
    assert issubclass(found, torch.optim.Adam)
    assert (found.__name__, found.__module__) == ("Adam", torch.optim.Adam.__module__)
    assert found is untraced(torch.optim.Adam)


def test_an_optimizer_of_ones_own_stays_as_it_is() -> None:
    class Own(torch.optim.SGD):
        pass

    assert untraced(Own) is Own


def test_a_closure_is_called_with_gradients_and_its_loss_returned() -> None:
    weight = nn.Parameter(torch.ones(2))
    optimizer = untraced(torch.optim.SGD)([weight], lr=0.5)

    def closure() -> Tensor:
        weight.grad = None
        loss = weight.square().sum()
        loss.backward()
        return loss

    assert optimizer.step(closure) == 2
    assert torch.equal(weight.detach(), torch.zeros(2))


def test_no_optimizer_that_is_shipped_imports_torchs_compiler() -> None:
    program = f"""
import sys, torch
from rnnlab.training.optimizers import untraced
for name, settings in {SETTINGS!r}.items():
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = untraced(getattr(torch.optim, name))([weight], **settings)
    weight.grad = torch.ones(2)
    optimizer.step()
    optimizer.zero_grad()
    optimizer.load_state_dict(optimizer.state_dict())
assert "torch._dynamo" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)
