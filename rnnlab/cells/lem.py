"""Long expressive memory: two states whose units move in steps of time that they choose themselves."""

from typing import Annotated, Any, ClassVar

from annotated_types import Gt, Le

from rnnlab.cells.base import Cell, Kept, Numbers
from rnnlab.cells.functions import sigmoid, tanh


class LEM(Cell):
    """z = (1 − Δt) ⊙ z_prev + Δt ⊙ tanh(W_z h_prev + V_z x + b_z), then the same of h, in steps Δt̄, from z.

    Rusch et al. 2022, "Long Expressive Memory for Sequence Modeling" (arXiv 2110.04744), (3), whose y is our
    h. Both steps are `time_step` times a sigmoid of x and h_prev. h sees the new z; torchrecurrent's sees
    the old one. The rows of the matrix that multiplies z come last in `weight_hh`.
    """

    gates = ("step_z", "step_h", "z", "h")
    states = ("h", "z")
    recurrent = {"h": ("step_z", "step_h", "z")}  # noqa: RUF012 (read only)
    mixed = ("h",)
    recurrent_bias = False
    titles: ClassVar = {"dz": "time step of z", "dh": "time step of h"}
    saturating = "h"

    def __init__(self, *, time_step: Annotated[float, Gt(0.0), Le(1.0)] = 1.0) -> None:
        self.time_step = time_step

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
