"""Dropout (Srivastava et al. 2014): while a net trains, random numbers are left out.

Numbers in brackets are equations of docs/from-scratch.md.
"""

import numpy as np

from rnnlab.cells.activations import Array


def dropout_mask(x: Array, rate: float, rng: np.random.Generator | None) -> Array | None:
    """Returns what x is to be multiplied by, and on the way back its gradient; None: all of it stays.

    Args:
        x: what dropout falls on, of any shape.
        rate: how likely each number is left out, 0 ≤ rate < 1; what stays is scaled up, so that means stay.
        rng: what to draw from while training; None leaves nothing out.
    """
    if rng is None or not rate:
        return None
    kept = rng.random(x.shape, np.float32) >= rate
    return kept * x.dtype.type(1 / (1 - rate))  # (67)


def drop(x: Array, mask: Array | None) -> Array:
    """Returns x, or of the way back its gradient, without what was left out."""
    return x if mask is None else x * mask  # (68)
