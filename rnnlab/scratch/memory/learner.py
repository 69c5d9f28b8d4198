"""Trains the net of the memory exercise, and draws what came of it."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from rnnlab.cells.activations import Array


class Learner:
    """A model, a loss and a generator of (x, y); losses: the loss of every step so far."""

    def __init__(self, model: Any, loss_obj: Any, data_generator: Iterator[Any]) -> None:
        self.model, self.loss_obj, self.data_generator = model, loss_obj, data_generator
        self.losses: list[float] = []
        self.predictions: tuple[Array, Array] | None = None

    def train(self, iter_steps: int, lr: float, log_steps: int = 50) -> None:
        """Takes steps of gradient descent, a fresh batch each, and prints the loss every `log_steps`.

        Called again, it goes on where it stopped.
        """
        if log_steps < 1:
            raise ValueError(f"log_steps is {log_steps}, expected 1 or more")
        for _ in range(iter_steps):
            x, y = next(self.data_generator)
            loss = self.loss_obj.forward(self.model.forward(x), y)
            self.model.backward(self.loss_obj.backward())
            self.model.update(lr)
            self.losses.append(float(loss))
            if len(self.losses) % log_steps == 0:
                print(f"step {len(self.losses)}: loss {loss:.5f}")

    def make_predictions(self, n_batches: int) -> tuple[Array, Array]:
        """Returns predictions and targets (n_batches * N, O) of fresh batches."""
        if n_batches < 1:
            raise ValueError(f"n_batches is {n_batches}, expected 1 or more")
        batches = [next(self.data_generator) for _ in range(n_batches)]
        y_hat = np.concatenate([self.model.forward(x) for x, _ in batches])
        self.predictions = y_hat, np.concatenate([y for _, y in batches])
        return self.predictions

    def plot_loss(self) -> Any:
        """Draws the loss of every step; returns the axes."""
        axes = _axes("step", "loss")
        axes.plot(range(1, len(self.losses) + 1), self.losses)
        return axes

    def scatter_plot(self) -> Any:
        """Draws the predictions last made (else of one batch) over their targets; returns the axes."""
        y_hat, y_true = self.predictions or self.make_predictions(1)
        axes = _axes("target", "prediction")
        ends = [float(np.min(y_true)), float(np.max(y_true))]
        axes.plot(ends, ends, color="0.6", linewidth=1)
        axes.scatter(np.ravel(y_true), np.ravel(y_hat), s=8)
        return axes


def _axes(x_label: str, y_label: str) -> Any:
    from matplotlib import pyplot  # late: only who draws needs it

    _, axes = pyplot.subplots()
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    return axes
