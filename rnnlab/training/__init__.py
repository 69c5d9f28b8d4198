"""The training loop, checkpoints and early stopping."""
