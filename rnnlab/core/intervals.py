"""How sure a share is."""

import math
from statistics import NormalDist

CONFIDENCE = 0.95


def wilson(successes: int, number: int) -> tuple[float, float]:
    """Returns the 95 % score interval of a share, low to high, 0 to 1; two NaN for a number of 0.

    Wilson 1927, "Probable inference, the law of succession, and statistical inference".
    """
    if not number:
        return math.nan, math.nan
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    share = successes / number
    centre = share + z**2 / (2 * number)
    reach = z * math.sqrt(share * (1 - share) / number + z**2 / (4 * number**2))
    low, high = ((centre + sign * reach) / (1 + z**2 / number) for sign in (-1, 1))
    # At a share of 0 or 1 the bound is that very number, which rounding would miss.
    return (low if successes else 0.0), (high if successes < number else 1.0)
