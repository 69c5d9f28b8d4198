"""The chrono start: biases by which the units of a gated cell forget after times of all lengths up to one."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge

from rnnlab.cells.base import Cell

Longest = Annotated[int, Ge(2)] | None
"""The longest distance T between what depends on each other, in steps; None: biases start as drawn."""


def start_chrono(
    cell: Cell,
    parameters: Mapping[str, Any],
    rng: np.random.Generator,
    longest: int | None,
    *,
    keep: Sequence[str] = (),
    write: Sequence[str] = (),
) -> None:
    """Sets, in place, the biases of gates that say how much stays to log u, u uniform in 1 to T − 1, and
    those of gates that say how much is new to −log u; a unit has one u.

    A gate σ(log u) = u / (1 + u) forgets within about 1 + u steps (Tallec & Ollivier 2018, "Can recurrent
    neural networks warp time?", arXiv 1804.11188). A gate's bias is its rows of `bias_ih`,
    those of `bias_hh` being zero, or else the cell's own `bias_GATE`.
    """
    if longest is None:
        return
    hidden_size = len(parameters["weight_ih"]) // len(cell.gates)
    log_u = np.log(rng.uniform(1, longest - 1, hidden_size))
    for gate, bias in [*((gate, log_u) for gate in keep), *((gate, -log_u) for gate in write)]:
        if f"bias_{gate}" in parameters:
            parameters[f"bias_{gate}"][:] = bias
            continue
        parameters["bias_ih"][cell.rows("bias_ih", gate, hidden_size)] = bias
        if gate in cell.blocks("bias_hh") and "bias_hh" in parameters:
            parameters["bias_hh"][cell.rows("bias_hh", gate, hidden_size)] = 0.0
