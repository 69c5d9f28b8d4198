"""A running average of a net's parameters, which is often better than where its last step happened to end."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Averaging:
    """Keeps an exponential moving average of the parameters that are trained.

        a ← d a + (1 − d) θ,   d = min(decay, (1 + k) / (10 + k)),   k the number of steps

    Polyak & Juditsky 1992 have the plain mean; the smaller decay of the first steps forgets the start.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self._parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self._decay = decay
        self.average = [parameter.detach().clone() for parameter in self._parameters]
        self.steps = 0

    @torch.no_grad()
    def update(self) -> None:
        """Takes in the parameters after a step."""
        self.steps += 1
        decay = min(self._decay, (1 + self.steps) / (10 + self.steps))
        for average, parameter in zip(self.average, self._parameters, strict=True):
            average.lerp_(parameter, 1 - decay)

    @torch.no_grad()
    def swap(self) -> None:
        """Exchanges the model's parameters and their average, in place; a second time, back again."""
        for average, parameter in zip(self.average, self._parameters, strict=True):
            kept = parameter.clone()
            parameter.copy_(average)
            average.copy_(kept)

    @torch.no_grad()
    def load(self, average: Sequence[Tensor], steps: int) -> None:
        """Goes on from an average of so many steps."""
        for ours, theirs in zip(self.average, average, strict=True):
            ours.copy_(theirs)
        self.steps = steps
