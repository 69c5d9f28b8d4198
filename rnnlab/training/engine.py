"""What does the arithmetic of a training; the loop says what is done and when.

An engine is made of a model and its optimizer, TorchEngine here or ScratchEngine beside it.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping

import torch
from torch import Tensor, nn

from rnnlab.core.batch import Batch, Objective
from rnnlab.core.errors import DivergenceError
from rnnlab.core.profile import span
from rnnlab.models.base import SequenceModel
from rnnlab.models.padded import padded_form

Measures = dict[str, Tensor]
"""Each metric's values (units,) of one batch, to be averaged over units."""


class Engine(ABC):
    """Trains on batches and measures them."""

    @abstractmethod
    def step(self, objective: Objective, batch: Batch, *, clip_norm: float | None) -> Measures:
        """Takes one optimizer step on the batch's mean loss; returns the task's measures before it.

        Raises DivergenceError where that loss is not finite, the parameters being as they were.
        """

    @abstractmethod
    def measure(self, objective: Objective, batch: Batch) -> Measures:
        """Returns the task's measures of the batch, in evaluation mode."""

    def train(
        self, objective: Objective, batches: Iterable[Batch], *, clip_norm: float | None
    ) -> Iterator[Measures]:
        """Takes a step on every batch; yields the measures, of some batches together where that pays."""
        for batch in batches:
            yield self.step(objective, batch, clip_norm=clip_norm)

    def evaluate(self, objective: Objective, batches: Iterable[Batch]) -> Iterator[Measures]:
        """Yields the measures of all batches, in evaluation mode, of some together where that pays."""
        for batch in batches:
            yield self.measure(objective, batch)

    def unmeasured(self) -> dict[str, Tensor]:
        """Returns what a checkpoint within a round has to keep of batches that are trained on, but not yet
        measured; here there are none.
        """
        return {}

    def take_up(self, unmeasured: Mapping[str, Tensor]) -> None:  # noqa: B027 (others need not do anything)
        """Goes on from what a checkpoint has put into model and optimizer, and what `unmeasured` kept."""


MakeEngine = Callable[[nn.Module, torch.optim.Optimizer], Engine]
"""Makes an engine that trains this model by this optimizer."""


class TorchEngine(Engine):
    """torch's own modules, autograd and optimizer."""

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        self._model, self._optimizer = model, optimizer
        self._parameters = list(model.parameters())

    def step(self, objective: Objective, batch: Batch, *, clip_norm: float | None) -> Measures:
        """Takes one step; the model is to be in training mode."""
        for parameter in self._parameters:  # optimizer.zero_grad() takes longer to do the same
            parameter.grad = None
        with span("forward"):
            measured = objective.measure(self._model(batch.inputs, batch.lengths), batch.targets)
            loss = measured["loss"].mean()
            check_finite(loss.item())
        with span("backward"):
            loss.backward()
        with span("update"):
            if clip_norm is not None:
                nn.utils.clip_grad_norm_(self._parameters, clip_norm)
            self._optimizer.step()
        return measured

    def measure(self, objective: Objective, batch: Batch) -> Measures:
        """Returns the task's measures of the batch."""
        return measure(self._model, objective, batch)


class PaddedEngine(TorchEngine):
    """torch's own modules, its recurrent layers over padded texts; see `rnnlab.models.padded`."""

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        assert isinstance(model, SequenceModel)
        super().__init__(padded_form(model), optimizer)


@torch.no_grad()
def measure(model: nn.Module, objective: Objective, batch: Batch) -> Measures:
    """Returns the task's measures of the batch, the model in evaluation mode."""
    return objective.measure(model.eval()(batch.inputs, batch.lengths), batch.targets)


def check_finite(loss: float) -> None:
    """Raises DivergenceError unless `loss` is finite."""
    if not math.isfinite(loss):
        raise DivergenceError(f"the training loss became {loss}")
