"""What is to be remembered, and what a wrong answer costs."""

from collections.abc import Iterator

from numpy.typing import ArrayLike

from rnnlab.cells.activations import Array
from rnnlab.scratch.checks import as_numbers, check_shape
from rnnlab.scratch.initialisers import from_global_stream
from rnnlab.scratch.losses import mean_squared_error


def generate_samples(batch_size: int, seq_length: int) -> Iterator[tuple[Array, Array]]:
    """Yields without end x (T, N, 1), uniform in [-1, 1], and y (N, 1), the first number of each sequence.

    Drawn from NumPy's global stream.
    """
    for name, size in (("batch_size", batch_size), ("seq_length", seq_length)):
        if size < 1:
            raise ValueError(f"{name} is {size}, expected 1 or more")
    rng = from_global_stream()
    while True:
        x = rng.uniform(-1, 1, (seq_length, batch_size, 1))
        yield x, x[0].copy()


class MSELoss:
    """The mean of squared differences over all numbers."""

    def __init__(self) -> None:
        self.gradient: Array | None = None

    def forward(self, y_hat: ArrayLike, y_true: ArrayLike) -> float:
        """Returns the loss of predictions y_hat, of the shape of y_true."""
        y_hat, y_true = as_numbers("y_hat", y_hat), as_numbers("y_true", y_true)
        check_shape("y_true", y_true, *y_hat.shape)
        loss = mean_squared_error(y_hat, y_true)
        self.gradient = loss.gradient
        return loss.value

    def backward(self) -> Array:
        """Returns the gradient at the predictions of the last `forward`, in their shape."""
        if self.gradient is None:
            raise ValueError("backward goes back through the last forward, and there was none")
        return self.gradient
