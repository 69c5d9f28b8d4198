"""What does the arithmetic of a training; the loop says what is done and when.

An engine is made of a model and its optimizer, TorchEngine here or ScratchEngine beside it.
"""

import math
from collections.abc import Callable
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from rnnlab.core.batch import Batch, Objective
from rnnlab.core.errors import DivergenceError

Measures = dict[str, Tensor]
"""Each metric's values (units,) of one batch, to be averaged over units."""


@runtime_checkable
class Engine(Protocol):
    """Trains on a batch and measures one."""

    def step(self, objective: Objective, batch: Batch, *, clip_norm: float | None) -> Measures:
        """Takes one optimizer step on the batch's mean loss; returns the task's measures before it.

        Raises DivergenceError where that loss is not finite, the parameters being as they were.
        """
        ...

    def measure(self, objective: Objective, batch: Batch) -> Measures:
        """Returns the task's measures of the batch, in evaluation mode."""
        ...


MakeEngine = Callable[[nn.Module, torch.optim.Optimizer], Engine]
"""Makes an engine that trains this model by this optimizer."""


class TorchEngine:
    """torch's own modules, autograd and optimizer."""

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        self._model, self._optimizer = model, optimizer
        self._parameters = list(model.parameters())

    def step(self, objective: Objective, batch: Batch, *, clip_norm: float | None) -> Measures:
        """Takes one step; the model is to be in training mode."""
        for parameter in self._parameters:  # optimizer.zero_grad() takes longer to do the same
            parameter.grad = None
        measured = objective.measure(self._model(batch.inputs, batch.lengths), batch.targets)
        loss = measured["loss"].mean()
        check_finite(loss.item())
        loss.backward()
        if clip_norm is not None:
            nn.utils.clip_grad_norm_(self._parameters, clip_norm)
        self._optimizer.step()
        return measured

    def measure(self, objective: Objective, batch: Batch) -> Measures:
        """Returns the task's measures of the batch."""
        return measure(self._model, objective, batch)


@torch.no_grad()
def measure(model: nn.Module, objective: Objective, batch: Batch) -> Measures:
    """Returns the task's measures of the batch, the model in evaluation mode."""
    return objective.measure(model.eval()(batch.inputs, batch.lengths), batch.targets)


def check_finite(loss: float) -> None:
    """Raises DivergenceError unless `loss` is finite."""
    if not math.isfinite(loss):
        raise DivergenceError(f"the training loss became {loss}")
