"""The long short-term memory: one step forward and, beside it, one step back.

`d_y` is the derivative of the loss with respect to `y` and has y's shape, (batch, hidden). Numbers in
brackets are equations of docs/from-scratch.md; the products with matrices, (1) and (4) to (8), are those of
every cell and stand in `scratch/cell.py`. In (11) they have four blocks of rows, in the order of `gates`.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from rnnlab.cells.activations import sigmoid_derivative, tanh_derivative
from rnnlab.cells.base import Bias, Cell, Kept, Numbers, StepBack
from rnnlab.cells.chrono import Longest, start_chrono
from rnnlab.cells.functions import sigmoid, tanh
from rnnlab.core.errors import InputError


class LSTM(Cell):
    """A cell c, kept, written to and read through sigmoid gates (Hochreiter & Schmidhuber 1997; the forget
    gate: Gers et al. 2000).

    forget_bias: what the forget gates' biases start as, both b_ih and b_hh together (Jozefowicz, Zaremba &
    Sutskever 2015 advise 1 or more); None leaves them as drawn, near 0, where half of a cell is forgotten
    at every step. chrono: the longest distance to remember, by which forget and input gates' biases are drawn
    instead (see `start_chrono`). bias: with `single` there is no b_hh.
    """

    gates = ("input", "forget", "cell", "output")  # (11)
    states = ("h", "c")
    titles: ClassVar = {
        "i": "input gate",
        "f": "forget gate",
        "g": "candidate",
        "o": "output gate",
        "s": "tanh of the cell",
        "c": "cell",
    }
    torch_layer: tuple[str, dict[str, Any]] | None = ("LSTM", {})
    saturating = "s"

    def __init__(
        self, *, forget_bias: float | None = None, chrono: Longest = None, bias: Bias = "double"
    ) -> None:
        if forget_bias is not None and chrono is not None:
            raise InputError("forget_bias and chrono both say where the forget gates start, expected one")
        self.forget_bias, self.chrono = forget_bias, chrono
        if bias == "single":
            self.recurrent_bias, self.torch_layer = False, None

    def step(
        self, x: Numbers, h: Numbers, state: Numbers, own: Numbers, mix: Any
    ) -> tuple[tuple[Any, ...], Kept]:
        """Returns the next states (h, c), and the gates."""
        i = sigmoid(x.input + h.input)  # (12) how much of the candidate to write
        f = sigmoid(x.forget + h.forget)  # (13) how much of the old cell to keep
        g = tanh(x.cell + h.cell)  # (14) the candidate
        o = sigmoid(x.output + h.output)  # (15) how much of the cell to show
        c = f * state.c + i * g  # (16)
        s = tanh(c)
        return (o * s, c), {"i": i, "f": f, "g": g, "o": o, "s": s}  # (17)

    def step_back(self, d: Numbers, kept: Numbers, old: Numbers, new: Numbers, mix_back: Any) -> StepBack:
        """Returns the gradients of the products and of the old cell.

        d: the gradients of the new states by name; kept: what the step kept; old, new: the states before and
        after it; mix_back: takes a `mix` back, in the reverse order of the calls (see `GRU`).
        """
        d_o = d.h * kept.s  # (18), back through (17)
        d_c = d.c + d.h * kept.o * tanh_derivative(kept.s)  # (19), back through (17)
        d_i = d_c * kept.g  # (20), back through (16), as are the next three
        d_f = d_c * old.c  # (21)
        d_g = d_c * kept.i  # (22)
        d_c_old = d_c * kept.f  # (23)
        d_a = {  # (24), back through (12) to (15)
            "input": d_i * sigmoid_derivative(kept.i),
            "forget": d_f * sigmoid_derivative(kept.f),
            "cell": d_g * tanh_derivative(kept.g),
            "output": d_o * sigmoid_derivative(kept.o),
        }
        return StepBack(x=d_a, h=d_a, state={"c": d_c_old})

    def retention(self, kept: Numbers, state: Numbers) -> Kept:
        """Returns the forget gate, by which alone the cell is multiplied."""
        return {"c": kept.f}

    def start(self, parameters: Mapping[str, Any], rng: np.random.Generator) -> None:
        """Sets the forget gates' biases, with `chrono` the input gates', too."""
        if self.forget_bias is not None:
            hidden_size = parameters["weight_hh"].shape[1]
            forget = self.rows("bias_ih", "forget", hidden_size)
            parameters["bias_ih"][forget] = self.forget_bias
            if self.recurrent_bias:
                parameters["bias_hh"][forget] = 0.0
        start_chrono(self, parameters, rng, self.chrono, keep=["forget"], write=["input"])
