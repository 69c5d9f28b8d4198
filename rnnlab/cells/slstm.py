"""The LSTM with exponential gates: what is written can outweigh all that was."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from rnnlab.cells.base import Cell, Kept, Numbers
from rnnlab.cells.chrono import Longest, start_chrono
from rnnlab.cells.functions import exp, log_sigmoid, maximum, sigmoid, tanh

TINY = 1e-30  # lost in rounding, but where a first input gate is so small that n and c come out as 0


class SLSTM(Cell):
    """An LSTM whose input gate is exponential, whose cell c is read divided by a normaliser n, and whose
    numbers are kept small by a stabiliser m, exp(m) being the scale of both.

    Beck et al. 2024, "xLSTM: Extended Long Short-Term Memory" (arXiv 2405.04517), (8) to (17). One head:
    every unit hears every other's h through a full matrix. All states start at zero; the authors' code skips
    the maximum in (15) at a text's first step, which changes c, n and m by a factor, not h. From there the
    input gates' biases cancel out of c / n: they have no gradient. Left out: the block around it
    (convolution, group norm, up- and down-projection).

    forget: the forget gate's function. chrono: the longest distance to remember, by which the forget gates'
    biases are drawn (see `start_chrono`), those of exponential gates so that they start as sigmoids would.
    """

    gates = ("input", "forget", "cell", "output")
    states = ("h", "c", "n", "m")
    recurrent_bias = False
    titles: ClassVar = {
        "i": "input gate",
        "f": "forget gate",
        "z": "candidate",
        "o": "output gate",
        "c": "cell",
        "n": "normaliser",
        "m": "stabiliser",
    }
    saturating = "z"

    def __init__(
        self, *, forget: Literal["sigmoid", "exponential"] = "sigmoid", chrono: Longest = None
    ) -> None:
        self.forget, self.chrono = forget, chrono

    def step(
        self, x: Numbers, h: Numbers, state: Numbers, own: Numbers, mix: Any
    ) -> tuple[tuple[Any, ...], Kept]:
        """Returns the next states (h, c, n, m), and the gates, input and forget gate as stabilised."""
        log_i = x.input + h.input  # (12)
        a_f = x.forget + h.forget
        log_f = log_sigmoid(a_f) if self.forget == "sigmoid" else a_f  # (13)
        m = maximum(log_f + state.m, log_i)  # (15)
        i = exp(log_i - m)  # (16)
        f = exp(log_f + state.m - m)  # (17)
        z = tanh(x.cell + h.cell)  # (11)
        o = sigmoid(x.output + h.output)  # (14)
        c = f * state.c + i * z  # (8)
        n = f * state.n + i  # (9)
        return (o * c / (n + TINY), c, n, m), {"i": i, "f": f, "z": z, "o": o}  # (10)

    def retention(self, kept: Numbers, state: Numbers) -> Kept:
        """Returns the stabilised forget gate, by which cell and normaliser are multiplied."""
        return {"c": kept.f, "n": kept.f}

    def start(self, parameters: Mapping[str, Any], rng: np.random.Generator) -> None:
        """Sets the forget gates' biases, if `chrono` is given."""
        start_chrono(self, parameters, rng, self.chrono, keep=["forget"])
        if self.chrono is not None and self.forget == "exponential":
            bias = parameters["bias_ih"]
            rows = self.rows("bias_ih", "forget", len(bias) // len(self.gates))
            bias[rows] = log_sigmoid(bias[rows])
