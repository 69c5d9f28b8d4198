"""The multiplicative LSTM: every input has, as it were, a recurrent matrix of its own."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from rnnlab.cells.base import Cell, Kept, Numbers
from rnnlab.cells.chrono import Longest, start_chrono
from rnnlab.cells.functions import sigmoid, tanh


class MultiplicativeLSTM(Cell):
    """An LSTM whose gates see m = (W_mx x) ⊙ (W_mh h_prev) in place of h_prev.

    Krause et al. 2016, "Multiplicative LSTM for sequence modelling" (arXiv 1609.07959). Its LSTM is not the
    common one: the candidate g is not squashed, c = f ⊙ c_prev + i ⊙ g, and the output gate stands inside,
    h = tanh(c ⊙ o), as in the authors' first code. Their later code and torchrecurrent have tanh(g) and
    o ⊙ tanh(c), torchrecurrent also biases in m. The rows of W_mh come first in `weight_hh`, then those that
    multiply m. chrono: the longest distance to remember, by which forget and input gates' biases are drawn
    (see `start_chrono`).
    """

    gates = ("multiplicative", "input", "forget", "cell", "output")
    states = ("h", "c")
    recurrent = {"h": ("multiplicative",)}
    mixed = ("input", "forget", "cell", "output")
    input_bias = recurrent_bias = False
    unit_parameters = ("bias_input", "bias_forget", "bias_cell", "bias_output")
    titles: ClassVar = {
        "m": "multiplicative state",
        "i": "input gate",
        "f": "forget gate",
        "g": "candidate",
        "o": "output gate",
        "c": "cell",
    }
    saturating = "h"

    def __init__(self, *, chrono: Longest = None) -> None:
        self.chrono = chrono

    def step(
        self, x: Numbers, h: Numbers, state: Numbers, own: Numbers, mix: Any
    ) -> tuple[tuple[Any, ...], Kept]:
        """Returns the next states (h, c), and the multiplicative state and the gates."""
        m = x.multiplicative * h.multiplicative
        i = sigmoid(x.input + mix(m) + own.bias_input)
        f = sigmoid(x.forget + mix(m) + own.bias_forget)
        g = x.cell + mix(m) + own.bias_cell
        o = sigmoid(x.output + mix(m) + own.bias_output)
        c = f * state.c + i * g
        return (tanh(c * o), c), {"m": m, "i": i, "f": f, "g": g, "o": o}

    def retention(self, kept: Numbers, state: Numbers) -> Kept:
        """Returns the forget gate, by which alone the cell is multiplied."""
        return {"c": kept.f}

    def start(self, parameters: Mapping[str, Any], rng: np.random.Generator) -> None:
        """Sets forget and input gates' biases, if `chrono` is given."""
        start_chrono(self, parameters, rng, self.chrono, keep=["forget"], write=["input"])
