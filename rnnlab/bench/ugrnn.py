"""A cell as somebody might bring it along: its step alone, nothing said of its derivatives."""

from typing import Any

from rnnlab.cells import Cell, sigmoid, tanh


class UGRNN(Cell):
    """The update gate RNN of Collins, Sohl-Dickstein & Sussillo 2017 (arXiv 1611.09913)."""

    gates = ("keep", "new")

    def step(self, x: Any, h: Any, state: Any, own: Any, mix: Any) -> Any:
        """Returns the new state."""
        f = sigmoid(x.keep + h.keep)
        return (f * state.h + (1 - f) * tanh(x.new + h.new),), {"f": f}
