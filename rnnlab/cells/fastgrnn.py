"""A gated net of the size of an ungated one: gate and candidate share their matrices."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from rnnlab.cells.base import Cell, Kept, Numbers
from rnnlab.cells.chrono import Longest, start_chrono
from rnnlab.cells.functions import sigmoid, tanh


class FastGRNN(Cell):
    """h = (ζ (1 − z) + ν) ⊙ n + z ⊙ h_prev, with z = σ(W x + U h_prev + b_z), n = tanh(W x + U h_prev + b_n).

    Kusupati et al. 2018, "FastGRNN" (arXiv 1901.02358), section 3.2. ζ and ν are sigmoids of two trained
    numbers, which start at 1 and −4, and all biases at 1, as in the authors' code. torchrecurrent's start at
    3 and −3, and its gate is a tanh unless told otherwise. Left out: W and U of low rank, sparse or rounded.
    chrono: the longest distance to remember, by which the gate's biases are drawn (see `start_chrono`).
    """

    gates = ("shared",)
    input_bias = recurrent_bias = False
    unit_parameters = ("bias_gate", "bias_new")
    scalars = ("zeta", "nu")
    titles: ClassVar = {"z": "gate", "n": "candidate"}
    saturating = "n"

    def __init__(self, *, chrono: Longest = None) -> None:
        self.chrono = chrono

    def step(self, x: Numbers, h: Numbers, state: Numbers, own: Numbers, mix: Any) -> tuple[tuple[Any], Kept]:
        """Returns the next state (h,), and gate and candidate."""
        a = x.shared + h.shared
        z, n = sigmoid(a + own.bias_gate), tanh(a + own.bias_new)
        new = (sigmoid(own.zeta) * (1 - z) + sigmoid(own.nu)) * n + z * state.h
        return (new,), {"z": z, "n": n}

    def retention(self, kept: Numbers, state: Numbers) -> Kept:
        """Returns the gate, by which the state itself is multiplied."""
        return {"h": kept.z}

    def start(self, parameters: Mapping[str, Any], rng: np.random.Generator) -> None:
        """Sets biases and scalars."""
        for name, value in {"bias_gate": 1.0, "bias_new": 1.0, "zeta": 1.0, "nu": -4.0}.items():
            parameters[name][...] = value
        start_chrono(self, parameters, rng, self.chrono, keep=["gate"])
