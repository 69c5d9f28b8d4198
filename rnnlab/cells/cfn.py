"""The chaos-free network: without an input every unit decays to zero, whatever the weights."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from rnnlab.cells.base import Cell, Kept, Numbers
from rnnlab.cells.chrono import Longest, start_chrono
from rnnlab.cells.functions import sigmoid, tanh


class CFN(Cell):
    """h = θ ⊙ tanh(h_prev) + η ⊙ tanh(W x), with gates θ = σ(U_θ h_prev + V_θ x + b_θ) and
    η = σ(U_η h_prev + V_η x + b_η).

    Laurent & von Brecht 2016, "A recurrent neural network without chaos" (arXiv 1612.06212). W x has no
    bias, which would be an input that never ends; torchrecurrent has one, and two to each gate. b_θ starts
    at 1 and b_η at −1, to keep rather than to write, as in the paper. chrono: the longest distance to
    remember, by which both are drawn instead (see `start_chrono`).
    """

    gates = ("forget", "input", "new")
    recurrent = {"h": ("forget", "input")}
    input_bias = recurrent_bias = False
    unit_parameters = ("bias_forget", "bias_input")
    titles: ClassVar = {"f": "horizontal gate θ", "i": "vertical gate η", "s": "tanh of the old state"}

    def __init__(self, *, chrono: Longest = None) -> None:
        self.chrono = chrono

    def step(self, x: Numbers, h: Numbers, state: Numbers, own: Numbers, mix: Any) -> tuple[tuple[Any], Kept]:
        """Returns the next state (h,), and the gates."""
        f = sigmoid(x.forget + h.forget + own.bias_forget)
        i = sigmoid(x.input + h.input + own.bias_input)
        s = tanh(state.h)
        return (f * s + i * tanh(x.new),), {"f": f, "i": i, "s": s}

    def retention(self, kept: Numbers, state: Numbers) -> Kept:
        """Returns the horizontal gate times the slope of tanh at the old state."""
        return {"h": kept.f * (1 - kept.s**2)}

    def start(self, parameters: Mapping[str, Any], rng: np.random.Generator) -> None:
        """Sets the gates' biases."""
        parameters["bias_forget"][:], parameters["bias_input"][:] = 1.0, -1.0
        start_chrono(self, parameters, rng, self.chrono, keep=["forget"], write=["input"])
