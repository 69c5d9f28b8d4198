"""The linear recurrent unit: complex numbers that turn and shrink at every step, each at its own pace."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import numpy as np
from annotated_types import Ge, Gt, Le, Lt

from rnnlab.cells.base import Cell, Kept, Numbers
from rnnlab.cells.functions import cos, exp, sin
from rnnlab.core.errors import InputError


class LRU(Cell):
    """s = λ ⊙ s_prev + γ ⊙ B x, complex, with λ = exp(−exp(ν) + i exp(θ)); read is the real part of s.

    Orvieto et al. 2023, "Resurrecting Recurrent Neural Networks for Long Sequences" (arXiv 2303.06349),
    sections 3.3 and 3.4. The states h and im are the real and the imaginary part of s; the rows of
    `weight_ih` those of B. At the start, λ is uniform on the ring of radii r_min to r_max, at angles up to
    max_phase; γ is √(1 − |λ|²); B is normal with variance 1 / (2E) in each part.

    Left out: the output Re(C s) + D x, for which the next layer or the head reads Re(s), and the block
    around it (normalisation, MLP, skip connection).
    """

    gates = ("real", "imaginary")
    states = ("h", "im")
    recurrent = {}
    input_bias = False
    unit_parameters = ("log_decay", "log_phase", "log_scale")
    titles: ClassVar = {"r": "modulus", "p": "phase", "im": "imaginary part"}

    def __init__(
        self,
        *,
        r_min: Annotated[float, Ge(0.0), Lt(1.0)] = 0.0,
        r_max: Annotated[float, Gt(0.0), Le(1.0)] = 1.0,
        max_phase: Annotated[float, Gt(0.0), Le(2 * math.pi)] = 2 * math.pi,
    ) -> None:
        if r_min > r_max:
            raise InputError(f"r_min: expected at most r_max, {r_max}, found {r_min}")
        self.r_min, self.r_max, self.max_phase = r_min, r_max, max_phase

    def step(
        self, x: Numbers, h: Numbers, state: Numbers, own: Numbers, mix: Any
    ) -> tuple[tuple[Any, ...], Kept]:
        """Returns the next states (h, im), and modulus and phase of λ."""
        r, p, g = exp(-exp(own.log_decay)), exp(own.log_phase), exp(own.log_scale)
        real = r * (cos(p) * state.h - sin(p) * state.im) + g * x.real
        imaginary = r * (sin(p) * state.h + cos(p) * state.im) + g * x.imaginary
        return (real, imaginary), {"r": r, "p": p}

    def retention(self, kept: Numbers, state: Numbers) -> Kept:
        """Returns |λ|, by which the complex number shrinks that h is the real part of."""
        return {"h": kept.r * np.ones_like(state.h)}

    def start(self, parameters: Mapping[str, Any], rng: np.random.Generator) -> None:
        """Sets B, λ and γ as the paper does, its lemma 3.2 and appendix."""
        B = parameters["weight_ih"]
        B[:] = rng.standard_normal(B.shape) / math.sqrt(2 * B.shape[1])
        u, v = rng.random((2, len(B) // 2))
        squared = u * (self.r_max**2 - self.r_min**2) + self.r_min**2
        parameters["log_decay"][:] = np.log(-0.5 * np.log(squared))
        parameters["log_phase"][:] = np.log(self.max_phase * v)
        parameters["log_scale"][:] = 0.5 * np.log(1 - squared)
