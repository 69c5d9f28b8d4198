"""How many steps until what decays with the distance is halved, with the uncertainty of that figure."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

RESAMPLES, FEWEST_POINTS = 1000, 3


class HalfLife(NamedTuple):
    """Steps until a norm is halved, and the 95 % interval of that; inf where it does not decay.

    r2: how much of the log-norms' variance a straight line explains (1: the decay is exponential; near 0:
    the half-life says little), median over examples.
    """

    steps: float
    low: float
    high: float
    r2: float


def fit_half_life(norms: Float[np.ndarray, "distances examples"], rng: np.random.Generator) -> HalfLife:
    """Returns the half-life of `norms`, row d being those at distance d.

    Each example's log-norms get a straight line by least squares, over the distances at which its norm is
    above zero and finite (NaN: the example does not reach so far); the half-life is that of the median
    slope over examples. The interval is the bootstrap's, examples drawn anew (Efron 1979,
    percentiles 2.5 and 97.5). Examples with fewer than three such distances are left out; NaN where
    none is left.
    """
    present = (norms > 0) & np.isfinite(norms)
    usable = present.sum(axis=0) >= FEWEST_POINTS
    norms, present = norms[:, usable], present[:, usable]
    if not usable.any():
        return HalfLife(np.nan, np.nan, np.nan, np.nan)
    logs = np.log(np.where(present, norms, 1.0))
    x = _centred(np.arange(len(norms), dtype=float)[:, None], present)
    y = _centred(logs, present)
    slopes = (x * y).sum(axis=0) / (x**2).sum(axis=0)
    spread = (y**2).sum(axis=0)
    unexplained = ((y - slopes * x) ** 2).sum(axis=0)
    r2 = np.median(1 - unexplained / np.where(spread > 0, spread, 1.0))
    drawn = np.median(rng.choice(slopes, size=(RESAMPLES, len(slopes))), axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    steps, low, high = (steps_to_half(np.exp(slope)) for slope in (np.median(slopes), low, high))
    return HalfLife(steps, low, high, float(r2))


def _centred(
    values: Float[np.ndarray, "distances _"], present: Bool[np.ndarray, "distances examples"]
) -> Float[np.ndarray, "distances examples"]:
    """Returns values (a column per example, or one for all) less their mean where present, zero elsewhere."""
    mean = (values * present).sum(axis=0) / present.sum(axis=0)
    return (values - mean) * present


def steps_to_half(factor: float) -> float:
    """Returns after how many steps of `factor` a number is halved; inf if it never is, NaN for NaN."""
    if factor == 0:
        return 0.0
    return float(np.log(2) / -np.log(factor)) if not factor >= 1 else float("inf")
