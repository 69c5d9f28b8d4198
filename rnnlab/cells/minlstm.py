"""The minimal LSTM: gates of the input alone that add up to one, a state that no matrix multiplies."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from rnnlab.cells.base import Cell, Kept, Numbers
from rnnlab.cells.chrono import Longest, start_chrono
from rnnlab.cells.functions import log_sigmoid, sigmoid


class MinLSTM(Cell):
    """h = f′ ⊙ h_prev + i′ ⊙ n, with n = W_n x + b_n, f′ = f / (f + i) and i′ = i / (f + i), f and i being
    σ(W_f x + b_f) and σ(W_i x + b_i).

    Feng et al. 2024, "Were RNNs All We Needed?" (arXiv 2410.01201), section 3.2. Written here as
    f′ = σ(ln f − ln i), the same number, which stays one where both gates are closed. chrono: the longest
    distance to remember, by which both gates' biases are drawn (see `start_chrono`). Left out: the
    logarithmic form of their appendix, in which n is held above zero.
    """

    gates = ("forget", "input", "new")
    recurrent = {}
    titles: ClassVar = {
        "f": "normalised forget gate",
        "i": "normalised input gate",
        "n": "candidate",
    }

    def __init__(self, *, chrono: Longest = None) -> None:
        self.chrono = chrono

    def step(self, x: Numbers, h: Numbers, state: Numbers, own: Numbers, mix: Any) -> tuple[tuple[Any], Kept]:
        """Returns the next state (h,), and the normalised gates and the candidate."""
        log_f, log_i = log_sigmoid(x.forget), log_sigmoid(x.input)
        f, i, n = sigmoid(log_f - log_i), sigmoid(log_i - log_f), x.new
        return (f * state.h + i * n,), {"f": f, "i": i, "n": n}

    def retention(self, kept: Numbers, state: Numbers) -> Kept:
        """Returns the normalised forget gate."""
        return {"h": kept.f}

    def start(self, parameters: Mapping[str, Any], rng: np.random.Generator) -> None:
        """Sets both gates' biases, if `chrono` is given."""
        start_chrono(self, parameters, rng, self.chrono, keep=["forget"], write=["input"])
