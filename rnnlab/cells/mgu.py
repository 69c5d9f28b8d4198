"""The minimal gated unit: one gate, which both reads from the state and overwrites it."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from rnnlab.cells.base import Cell, Kept, Numbers
from rnnlab.cells.chrono import Longest, start_chrono
from rnnlab.cells.functions import sigmoid, tanh


class MGU(Cell):
    """h = (1 − f) ⊙ h_prev + f ⊙ n, with a gate f = σ(W_f x + U_f h_prev + b_f) and a candidate
    n = tanh(W_n x + U_n (f ⊙ h_prev) + b_n).

    Zhou et al. 2016, "Minimal Gated Unit for Recurrent Neural Networks" (arXiv 1603.09420). Beware: what
    they call a forget gate says how much is new. chrono: the longest distance to remember, by which its
    biases are drawn (see `start_chrono`).
    """

    gates = ("forget", "new")
    recurrent = {"h": ("forget",)}
    mixed = ("new",)
    recurrent_bias = False
    titles: ClassVar = {"f": "forget gate", "n": "candidate"}
    saturating = "h"

    def __init__(self, *, chrono: Longest = None) -> None:
        self.chrono = chrono

    def step(self, x: Numbers, h: Numbers, state: Numbers, own: Numbers, mix: Any) -> tuple[tuple[Any], Kept]:
        """Returns the next state (h,), and gate and candidate."""
        f = sigmoid(x.forget + h.forget)
        n = tanh(x.new + mix(f * state.h))
        return ((1 - f) * state.h + f * n,), {"f": f, "n": n}

    def retention(self, kept: Numbers, state: Numbers) -> Kept:
        """Returns what the gate leaves of the old state."""
        return {"h": 1 - kept.f}

    def start(self, parameters: Mapping[str, Any], rng: np.random.Generator) -> None:
        """Sets the gates' biases, if `chrono` is given."""
        start_chrono(self, parameters, rng, self.chrono, write=["forget"])
