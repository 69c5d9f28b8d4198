"""A training of a bare model, without a configuration."""

import torch
from torch import nn

from rnnlab.training.loop import TrainingState


def state_of(model: nn.Module, *, lr: float) -> TrainingState:
    """Adam at a constant rate."""
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    return TrainingState(model, optimizer, torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0))
