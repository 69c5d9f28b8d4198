"""The minimal gated recurrent unit: gates that see only the input, and a state that no matrix multiplies.

`d_y` is the derivative of the loss with respect to `y` and has y's shape, (batch, hidden).
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from rnnlab.cells.activations import sigmoid_derivative
from rnnlab.cells.base import Cell, Kept, Numbers, StepBack
from rnnlab.cells.chrono import Longest, start_chrono
from rnnlab.cells.functions import sigmoid


class MinGRU(Cell):
    """z = σ(W_z x + b_z), n = W_n x + b_n, h = (1 − z) ⊙ h_prev + z ⊙ n.

    Feng et al. 2024, "Were RNNs All We Needed?" (arXiv 2410.01201), section 3.1.2. Beware: their update gate
    says how much is new, torch's GRU's how much stays. chrono: the longest distance to remember, by which the
    update gates' biases are drawn (see `start_chrono`).
    """

    gates = ("update", "new")
    recurrent = {}
    titles: ClassVar = {"z": "update gate", "n": "candidate"}

    def __init__(self, *, chrono: Longest = None) -> None:
        self.chrono = chrono

    def step(self, x: Numbers, h: Numbers, state: Numbers, own: Numbers, mix: Any) -> tuple[tuple[Any], Kept]:
        """Returns the next state (h,), and gate and candidate."""
        z, n = sigmoid(x.update), x.new
        return ((1 - z) * state.h + z * n,), {"z": z, "n": n}

    def step_back(self, d: Numbers, kept: Numbers, old: Numbers, new: Numbers, mix_back: Any) -> StepBack:
        """Returns the gradients of both products and of the old state."""
        d_z = d.h * (kept.n - old.h)
        d_x = {"update": d_z * sigmoid_derivative(kept.z), "new": d.h * kept.z}
        return StepBack(x=d_x, state={"h": d.h * (1 - kept.z)})

    def retention(self, kept: Numbers, state: Numbers) -> Kept:
        """Returns what the update gate leaves of the old state."""
        return {"h": 1 - kept.z}

    def start(self, parameters: Mapping[str, Any], rng: np.random.Generator) -> None:
        """Sets the update gates' biases, if `chrono` is given."""
        start_chrono(self, parameters, rng, self.chrono, write=["update"])
