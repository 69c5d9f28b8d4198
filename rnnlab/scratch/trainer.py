"""A small trainer: batches in, one optimizer step each, the mean loss of every epoch out."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from rnnlab.cells.activations import Array
from rnnlab.scratch.nets import Prediction
from rnnlab.scratch.optimizers import Optimizer, clip_by_norm


@runtime_checkable
class Net(Protocol):
    """What the trainer needs of a net."""

    parameters: dict[str, Array]
    loss_and_gradients: Callable[..., Prediction]


def shuffled(
    arrays: Sequence[Array | None], batch_size: int, rng: np.random.Generator
) -> Iterator[tuple[Any, ...]]:
    """Yields the rows of all arrays (None stays None) in batches, in an order drawn from `rng`."""
    order = rng.permutation(next(len(array) for array in arrays if array is not None))
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        yield tuple(None if array is None else array[rows] for array in arrays)


def fit(
    net: Net,
    batches: Callable[[int], Iterable[tuple[Any, ...]]],
    optimizer: Optimizer,
    *,
    epochs: int,
    max_norm: float | None = None,
) -> list[float]:
    """Trains `net` in place; `batches(epoch)` yields the arguments of `net.loss_and_gradients`.

    Returns, for every epoch, the running loss: the batches' losses, each before its step, weighted by
    the number of rows in the batch. `max_norm` clips the gradients' joint norm.
    """
    history = []
    for epoch in range(epochs):
        total, count = 0.0, 0
        for batch in batches(epoch):
            prediction = net.loss_and_gradients(*batch)
            if max_norm is not None:
                clip_by_norm(prediction.gradients, max_norm)
            optimizer.step(prediction.gradients)
            rows = len(batch[-1])
            total, count = total + prediction.loss * rows, count + rows
        history.append(total / count)
    return history
