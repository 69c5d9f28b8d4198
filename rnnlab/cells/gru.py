"""The gated recurrent unit: one step forward and, beside it, one step back.

`d_y` is the derivative of the loss with respect to `y` and has y's shape, (batch, hidden). Numbers in
brackets are equations of docs/from-scratch.md; the products with matrices, (1) and (4) to (8), are those of
every cell and stand in `scratch/cell.py`. In (25) they have three blocks of rows, in the order of `gates`.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from rnnlab.cells.activations import sigmoid_derivative, tanh_derivative
from rnnlab.cells.base import Bias, Cell, Kept, Numbers, StepBack
from rnnlab.cells.chrono import Longest, start_chrono
from rnnlab.cells.functions import sigmoid, tanh
from rnnlab.core.errors import InputError


class GRU(Cell):
    """A state that is overwritten as far as an update gate says (Cho et al. 2014).

    With `reset_after` (torch's form) the reset gate scales the product W_hn h + b_hn, (28); without it
    (the paper's form and ONNX's default) it scales h before the product, (28'). chrono: the longest distance
    to remember, by which the update gates' biases are drawn (see `start_chrono`). bias: with `single`, only
    without `reset_after`, there is no b_hh; in torch's form b_hn is scaled by the reset gate, another thing
    than b_in.
    """

    gates = ("reset", "update", "new")  # (25)
    titles: ClassVar = {"r": "reset gate", "z": "update gate", "u": "state's part", "n": "candidate"}
    saturating = "h"

    def __init__(self, *, reset_after: bool = True, chrono: Longest = None, bias: Bias = "double") -> None:
        if reset_after and bias == "single":
            raise InputError(
                "bias=single: with reset_after=true the two biases of the candidate do not act as one; "
                "expected reset_after=false, or bias=double"
            )
        if bias == "single":
            self.recurrent_bias = False
        self.reset_after, self.chrono = reset_after, chrono
        if not reset_after:
            self.recurrent, self.mixed = {"h": ("reset", "update")}, ("new",)

    def step(self, x: Numbers, h: Numbers, state: Numbers, own: Numbers, mix: Any) -> tuple[tuple[Any], Kept]:
        """Returns the next state (h,), and the gates."""
        r = sigmoid(x.reset + h.reset)  # (26)
        z = sigmoid(x.update + h.update)  # (27)
        u = h.new if self.reset_after else mix(r * state.h)  # (28), (28')
        n = tanh(x.new + (r * u if self.reset_after else u))  # (29), (29')
        return ((1 - z) * n + z * state.h,), {"r": r, "z": z, "u": u, "n": n}  # (30)

    def step_back(self, d: Numbers, kept: Numbers, old: Numbers, new: Numbers, mix_back: Any) -> StepBack:
        """Returns the gradients of the products and of the old state.

        mix_back: takes the gradient of what a `mix` gave and the value that it was given; adds the
        gradients of its matrix and returns that of the value.
        """
        r, z, n = kept.r, kept.z, kept.n
        d_z = d.h * (old.h - n)  # (31), back through (30)
        d_a_n = d.h * (1 - z) * tanh_derivative(n)  # (32), back through (30) and (29)
        d_h_old = d.h * z  # the first part of (37)
        if self.reset_after:
            d_r, d_h = d_a_n * kept.u, {"new": d_a_n * r}  # (33), back through (29); the product is (34)
        else:
            d_read = mix_back(d_a_n, r * old.h)  # back through (28')
            d_r, d_h, d_h_old = d_read * old.h, {}, d_h_old + d_read * r  # (33'), (34')
        d_a = {
            "reset": d_r * sigmoid_derivative(r),  # (35), back through (26)
            "update": d_z * sigmoid_derivative(z),  # (36), back through (27)
        }
        return StepBack(x={**d_a, "new": d_a_n}, h={**d_a, **d_h}, state={"h": d_h_old})  # (37): the sum

    @property
    def torch_layer(self) -> tuple[str, dict[str, Any]] | None:  # type: ignore[override]
        """torch's own, which resets after the product."""
        return ("GRU", {}) if self.reset_after else None

    def retention(self, kept: Numbers, state: Numbers) -> Kept:
        """Returns the update gate, by which the state itself is multiplied."""
        return {"h": kept.z}

    def start(self, parameters: Mapping[str, Any], rng: np.random.Generator) -> None:
        """Sets the update gates' biases, if `chrono` is given."""
        start_chrono(self, parameters, rng, self.chrono, keep=["update"])
