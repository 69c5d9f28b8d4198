"""The independently recurrent net: a unit's own past reaches it through one weight, and that of no other."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Gt

from rnnlab.cells.activations import find_activation
from rnnlab.cells.base import Cell, Kept, Numbers
from rnnlab.cells.functions import relu, tanh


class IndRNN(Cell):
    """h = f(W x + u ⊙ h_prev + b), f tanh or relu.

    Li et al. 2018, "Independently Recurrent Neural Network (IndRNN)" (arXiv 1803.04831), section 3; relu in
    its experiments. longest: the distance T in steps over which gradients are meant neither to vanish nor to
    explode; u starts uniform in 0 to 2^(1/T), without it in 0 to 1. Left out: that |u| is held below 2^(1/T)
    while training, without which relu can explode, and batch normalisation between layers.
    """

    gates = ("hidden",)
    recurrent = {}
    unit_parameters = ("recurrent_weight",)
    titles: ClassVar = {"u": "recurrent weight"}

    def __init__(
        self, *, nonlinearity: Literal["tanh", "relu"] = "tanh", longest: Annotated[int, Gt(0)] | None = None
    ) -> None:
        self.nonlinearity, self.longest = nonlinearity, longest

    def step(self, x: Numbers, h: Numbers, state: Numbers, own: Numbers, mix: Any) -> tuple[tuple[Any], Kept]:
        """Returns the next state (h,)."""
        f = relu if self.nonlinearity == "relu" else tanh
        return (f(x.hidden + own.recurrent_weight * state.h),), {"u": own.recurrent_weight}

    @property
    def saturating(self) -> str | None:  # type: ignore[override]
        """The states, where they are tanh units."""
        return "h" if self.nonlinearity == "tanh" else None

    def retention(self, kept: Numbers, state: Numbers) -> Kept:
        """Returns the recurrent weight times the slope of the activation."""
        return {"h": kept.u * find_activation(self.nonlinearity).derivative(state.h)}

    def start(self, parameters: Mapping[str, Any], rng: np.random.Generator) -> None:
        """Sets the recurrent weights."""
        u = parameters["recurrent_weight"]
        u[:] = rng.uniform(0, 1 if self.longest is None else 2 ** (1 / self.longest), len(u))
