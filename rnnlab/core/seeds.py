"""Where every random number comes from."""

import numpy as np
import torch


def seed_everything(seed: int) -> None:
    """Seeds torch's global stream, from which PyTorch's own initialisation and dropout draw."""
    torch.manual_seed(seed)


def epoch_order(examples: int, *, seed: int, epoch: int) -> np.ndarray:
    """Returns a permutation of `examples` numbers that follows from (seed, epoch) alone."""
    return np.random.default_rng([seed, epoch]).permutation(examples)
