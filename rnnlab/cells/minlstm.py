"""The minimal LSTM: gates of the input alone that add up to one, a state that no matrix multiplies."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from rnnlab.cells.base import Cell, Kept, Numbers
from rnnlab.cells.chrono import Longest, start_chrono
from rnnlab.cells.functions import sigmoid


class MinLSTM(Cell):
    """h = f′ ⊙ h_prev + i′ ⊙ n, with n = W_n x + b_n, f′ = f / (f + i) and i′ = i / (f + i).

    Feng et al. 2024, "Were RNNs All We Needed?" (arXiv 2410.01201), section 3.2. chrono: the longest distance
    to remember, by which both gates' biases are drawn (see `start_chrono`). Left out: the logarithmic form
    of their appendix, in which n is held above zero.
    """

    gates = ("forget", "input", "new")
    recurrent = {}  # noqa: RUF012 (read only)
    titles: ClassVar = {
        "f": "forget gate",
        "i": "input gate",
        "n": "candidate",
        "keep": "normalised forget gate",
        "write": "normalised input gate",
    }

    def __init__(self, *, chrono: Longest = None) -> None:
        self.chrono = chrono

    def step(self, x: Numbers, h: Numbers, state: Numbers, own: Numbers, mix: Any) -> tuple[tuple[Any], Kept]:
        """Returns the next state (h,), and the normalised gates and the candidate."""
        f, i, n = sigmoid(x.forget), sigmoid(x.input), x.new
        keep, write = f / (f + i), i / (f + i)
        return (keep * state.h + write * n,), {"f": f, "i": i, "n": n, "keep": keep, "write": write}

    def retention(self, kept: Numbers, state: Numbers) -> Kept:
        """Returns the normalised forget gate."""
        return {"h": kept.keep}

    def start(self, parameters: Mapping[str, Any], rng: np.random.Generator) -> None:
        """Sets both gates' biases, if `chrono` is given."""
        start_chrono(self, parameters, rng, self.chrono, keep="forget", write="input")
