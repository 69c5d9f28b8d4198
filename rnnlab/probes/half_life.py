"""How many steps until what decays with the distance is halved, with the uncertainty of that figure."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

RESAMPLES, FEWEST_POINTS = 1000, 3


class HalfLife(NamedTuple):
    """Steps until a norm is halved and the 95 % interval of that; inf where it does not decay."""

    steps: float
    low: float
    high: float


def fit_half_life(norms: Float[np.ndarray, "distances examples"], rng: np.random.Generator) -> HalfLife:
    """Returns the half-life of `norms`, row d being those at distance d.

    Each example's log-norms get a straight line by least squares, over the distances at which its norm is
    above zero and finite (NaN: the example does not reach so far); the half-life is that of the median
    slope over examples. The interval is the bootstrap's, examples drawn anew (Efron 1979,
    percentiles 2.5 and 97.5). Examples with fewer than three such distances are left out; NaN where none is left.
    """
    present = (norms > 0) & np.isfinite(norms)
    usable = present.sum(axis=0) >= FEWEST_POINTS
    norms, present = norms[:, usable], present[:, usable]
    if not usable.any():
        return HalfLife(np.nan, np.nan, np.nan)
    logs = np.log(np.where(present, norms, 1.0))
    distances = np.arange(len(norms))[:, None] * present
    centred = (distances - distances.sum(axis=0) / present.sum(axis=0)) * present
    slopes = (centred * logs).sum(axis=0) / (centred**2).sum(axis=0)
    drawn = np.median(rng.choice(slopes, size=(RESAMPLES, len(slopes))), axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return HalfLife(*(steps_to_half(np.exp(slope)) for slope in (np.median(slopes), low, high)))


def steps_to_half(factor: float) -> float:
    """Returns after how many steps `factor` per step has halved a number; inf if it never does."""
    if factor == 0:
        return 0.0
    return float(np.log(2) / -np.log(factor)) if factor < 1 else float("inf")
