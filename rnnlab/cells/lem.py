"""Long expressive memory: two states whose units move in steps of time that they choose themselves."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Gt, Le

from rnnlab.cells.base import Cell, Kept, Numbers
from rnnlab.cells.chrono import Longest, start_chrono
from rnnlab.cells.functions import sigmoid, tanh


class LEM(Cell):
    """z = (1 − Δt) ⊙ z_prev + Δt ⊙ tanh(W_z h_prev + V_z x + b_z), then the same of h, in steps Δt̄, from z.

    Rusch et al. 2022, "Long Expressive Memory for Sequence Modeling" (arXiv 2110.04744), (3), whose y is our
    h. Both steps are `time_step` times a sigmoid of x and h_prev. h sees the new z, as in the paper;
    torchrecurrent's sees the old one. The rows of the matrix that multiplies z come last in `weight_hh`.
    Weights start as torch's do, which is how the authors' code starts them. chrono: the longest distance to
    remember, by which the biases of both time steps are drawn (see `start_chrono`).
    """

    gates = ("step_z", "step_h", "z", "h")
    states = ("h", "z")
    recurrent = {"h": ("step_z", "step_h", "z")}
    mixed = ("h",)
    recurrent_bias = False
    titles: ClassVar = {"dz": "time step of z", "dh": "time step of h"}
    saturating = "h"

    def __init__(
        self, *, time_step: Annotated[float, Gt(0.0), Le(1.0)] = 1.0, chrono: Longest = None
    ) -> None:
        self.time_step, self.chrono = time_step, chrono

    def step(
        self, x: Numbers, h: Numbers, state: Numbers, own: Numbers, mix: Any
    ) -> tuple[tuple[Any, ...], Kept]:
        """Returns the next states (h, z), and the time steps."""
        dz = self.time_step * sigmoid(x.step_z + h.step_z)
        dh = self.time_step * sigmoid(x.step_h + h.step_h)
        z = (1 - dz) * state.z + dz * tanh(x.z + h.z)
        new = (1 - dh) * state.h + dh * tanh(x.h + mix(z))
        return (new, z), {"dz": dz, "dh": dh}

    def retention(self, kept: Numbers, state: Numbers) -> Kept:
        """Returns what the time steps leave of either state."""
        return {"h": 1 - kept.dh, "z": 1 - kept.dz}

    def start(self, parameters: Mapping[str, Any], rng: np.random.Generator) -> None:
        """Sets the time steps' biases, if `chrono` is given."""
        start_chrono(self, parameters, rng, self.chrono, write=["step_z", "step_h"])
