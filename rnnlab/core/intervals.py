"""How sure a share is, or the mean of a few repeats."""

import math
from collections.abc import Sequence
from statistics import NormalDist, stdev
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95
RESAMPLES, RANDOM_STATE = 9_999, 0  # of the bootstrap: SciPy's number, and what makes it the same each time
LARGEST_BATCH = 2**24  # values drawn at a time


class Interval(NamedTuple):
    """A 95 % interval; two NaN where there is none."""

    low: float
    high: float


NO_INTERVAL = Interval(math.nan, math.nan)


def wilson(successes: int, number: int) -> Interval:
    """Returns the 95 % score interval of a share, low to high, 0 to 1; two NaN for a number of 0.

    Wilson 1927, "Probable inference, the law of succession, and statistical inference".
    """
    if not number:
        return NO_INTERVAL
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    share = successes / number
    centre = share + z**2 / (2 * number)
    reach = z * math.sqrt(share * (1 - share) / number + z**2 / (4 * number**2))
    low, high = ((centre + sign * reach) / (1 + z**2 / number) for sign in (-1, 1))
    # At a share of 0 or 1 the bound is that very number, which rounding would miss.
    return Interval(low if successes else 0.0, high if successes < number else 1.0)


def student_reach(values: Sequence[float]) -> float:
    """Returns how far Student's 95 % interval of the mean reaches to either side; at least two values.

    Student 1908, "The probable error of a mean".
    """
    from scipy.special import stdtrit  # late: it takes long to import

    quantile = float(stdtrit(len(values) - 1, (1 + CONFIDENCE) / 2))
    return quantile * stdev(values) / math.sqrt(len(values))


def bootstrap_mean(values: NDArray[np.float64]) -> Interval:
    """Returns the bootstrap's 95 % interval of the mean of values, (repeats,); see `bootstrap_means`."""
    low, high = bootstrap_means(values[:, None])
    return Interval(float(low[0]), float(high[0]))


def bootstrap_means(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns the bootstrap's 95 % interval of each column's mean, (columns,) low and high.

    `scipy.stats.bootstrap` with BCa, 9,999 resamples and the random state 0 (Efron 1987, "Better bootstrap
    confidence intervals"). Columns of equal values have these as both ends, a single repeat has no interval.

    Args:
        values: (repeats, columns).
    """
    low, high = np.full((2, values.shape[1]), math.nan)
    if len(values) < 2:
        return low, high
    same = np.ptp(values, axis=0) == 0
    low[same] = high[same] = values[0, same]
    for column in np.flatnonzero(~same):
        low[column], high[column] = _bootstrap(values[:, column])
    return low, high


def _bootstrap(values: NDArray[np.float64]) -> Interval:
    from scipy.stats import bootstrap  # late: it takes long to import

    # Of tiny or huge values the skewness would leave the range of floats; powers of two change no digit.
    exponent = math.frexp(float(np.abs(values).max()))[1]
    found = bootstrap(
        (np.ldexp(values, -exponent),),
        np.mean,
        n_resamples=RESAMPLES,
        confidence_level=CONFIDENCE,
        method="BCa",
        rng=np.random.default_rng(RANDOM_STATE),
        batch=max(1, LARGEST_BATCH // len(values)),
    ).confidence_interval
    return Interval(math.ldexp(found.low, exponent), math.ldexp(found.high, exponent))
