"""The NumPy engine with its loops compiled."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from rnnlab.cells.activations import Array
from rnnlab.core.batch import Batch, Objective
from rnnlab.core.profile import span
from rnnlab.kernels.layer import CompiledLayer
from rnnlab.kernels.losses import COMPILED_CRITERIA
from rnnlab.kernels.net import CompiledNet
from rnnlab.kernels.optimizers import COMPILED_OPTIMIZERS, compiled_clip_by_norm
from rnnlab.kernels.threads import Threads
from rnnlab.scratch.cell import Gradients
from rnnlab.training.engine import Measures, check_finite
from rnnlab.training.scratch_engine import ScratchEngine

TOGETHER = 512
"""Texts whose logits are measured together: measures of a few cost as much as a step."""
EVALUATED = 8192
"""Steps of texts that are evaluated together: a call for fewer costs as much as its work."""
BINARY = "classification", "binary_cross_entropy"
"""Criteria that are binary cross-entropy where a net has one logit."""
WAITING = ("logits", "targets")
"""Names of what is still to be measured, in a checkpoint."""


class _Waiting:
    """Logits of batches and their targets."""

    def __init__(self) -> None:
        self._batches: list[tuple[Tensor, Tensor]] = []
        self.texts = 0

    def add(self, logits: Tensor, targets: Tensor) -> None:
        self._batches.append((logits, targets))
        self.texts += logits.shape[0]  # len() of a tensor takes three times as long

    def both(self) -> tuple[Tensor, Tensor]:
        logits, targets = zip(*self._batches, strict=True)
        return torch.cat(logits), torch.cat(targets)

    def take(self) -> tuple[Tensor, Tensor]:
        """Returns both, and is empty then."""
        found = self.both()
        self._batches.clear()
        self.texts = 0
        return found


def together(batches: Iterable[Batch]) -> Iterator[Batch]:
    """Yields batches of the same texts, as many together as have EVALUATED steps, their padding counted."""
    waiting: list[Batch] = []
    for batch in batches:
        texts = sum(len(other.lengths) for other in (*waiting, batch))
        longest = max(other.inputs.shape[1] for other in (*waiting, batch))
        if waiting and texts * longest > EVALUATED:
            yield _joined(waiting)
            waiting = []
        waiting.append(batch)
    if waiting:
        yield _joined(waiting)


def _joined(batches: Sequence[Batch]) -> Batch:
    """Returns one batch of all texts, the shorter padded with zeros."""
    if len(batches) == 1:
        return batches[0]
    inputs, lengths, targets = zip(*batches, strict=True)
    longest = max(part.shape[1] for part in inputs)
    whole = inputs[0].new_zeros((sum(map(len, inputs)), longest, *inputs[0].shape[2:]))
    for rows, part in zip(whole.split([len(part) for part in inputs]), inputs, strict=True):
        rows[:, : part.shape[1]] = part
    return Batch(whole, torch.cat(lengths), torch.cat(targets))


class FusedEngine(ScratchEngine):
    """The nets, losses and optimizers of `ScratchEngine`; loops over time, words and rows are compiled."""

    name = "fused"
    layer_type = CompiledLayer
    net_type = CompiledNet
    criteria = COMPILED_CRITERIA
    optimizers = COMPILED_OPTIMIZERS
    clip = staticmethod(compiled_clip_by_norm)

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        super().__init__(model, optimizer)
        self._waiting, self._taken_up = _Waiting(), _Waiting()

    def train(
        self, objective: Objective, batches: Iterable[Batch], *, clip_norm: float | None
    ) -> Iterator[Measures]:
        """Takes a step on every batch; yields the measures of some texts together, their loss by torch."""
        self._use_threads()
        self._waiting, self._taken_up = self._taken_up, _Waiting()
        waiting = self._waiting
        for batch in batches:
            of_batch, _ = self.train_on(objective, batch, clip_norm)
            if of_batch.ndim > 2:  # an answer at every step, of batches of different length
                yield objective.measure(torch.from_numpy(of_batch), batch.targets)
                continue
            waiting.add(torch.from_numpy(of_batch), batch.targets)
            if waiting.texts >= TOGETHER:
                yield objective.measure(*waiting.take())
        if waiting.texts:
            yield objective.measure(*waiting.take())

    def gradients_of(self, objective: Objective, batch: Batch) -> tuple[Array, float, Gradients]:
        """Returns the logits, the mean loss and its gradients, of a small bag by one call."""
        net = self._net
        if isinstance(net, CompiledNet) and net.few_of_bag and objective.criterion in BINARY:
            with span("forward and backward"):
                found = net.small_bag(batch.inputs.numpy(), batch.lengths.numpy(), batch.targets.numpy())
            if found is not None:
                check_finite(found.loss)
                return found.logits, found.loss, found.gradients
        return super().gradients_of(objective, batch)

    def evaluate(self, objective: Objective, batches: Iterable[Batch]) -> Iterator[Measures]:
        """Yields the measures of the batches, several of short texts together."""
        return super().evaluate(objective, batches if self._net.every_step else together(batches))

    def measure(self, objective: Objective, batch: Batch) -> Measures:
        """Returns the task's measures of the batch; the layer keeps nothing for a way back."""
        layer = self._net.recurrent
        if not isinstance(layer, CompiledLayer):
            return super().measure(objective, batch)
        layer.keeps = False
        try:
            return super().measure(objective, batch)
        finally:
            layer.keeps = True

    def unmeasured(self) -> dict[str, Tensor]:
        """Returns the logits that are still to be measured, and their targets."""
        return dict(zip(WAITING, self._waiting.both(), strict=True)) if self._waiting.texts else {}

    def take_up(self, unmeasured: Mapping[str, Tensor]) -> None:
        """Goes on from what a checkpoint has put into model and optimizer, and what `unmeasured` kept."""
        super().take_up(unmeasured)
        if unmeasured:
            self._taken_up.add(*(unmeasured[name] for name in WAITING))

    def _use_threads(self) -> None:
        """Gives the layer as many threads as torch has, each with torch's way with subnormal floats."""
        layer, count = self._net.recurrent, torch.get_num_threads()
        if isinstance(layer, CompiledLayer) and layer.threads.count != count:
            smallest = np.full(1, np.finfo(np.float64).tiny)
            layer.threads = Threads(count, partial(torch.set_flush_denormal, not (smallest / 2).any()))
