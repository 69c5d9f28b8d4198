"""How many repeats a comparison takes."""

import math
from collections.abc import Callable

POWER = 0.8
MOST = 1_000_000  # repeats, beyond which nobody asks


def pairs_needed(effect: float, level: float) -> int | None:
    """Returns how many pairs Student's paired test takes to see such an effect with a chance of 80 %.

    Cohen 1988, "Statistical power analysis", by the noncentral t distribution; a permutation test takes
    about as many. None: more than a million.

    Args:
        effect: mean over standard deviation of the paired differences, d_z.
        level: the two-sided level of the test, 0 to 1.
    """
    return _fewest(lambda number: _power(abs(effect) * math.sqrt(number), number - 1, level))


def repeats_needed(effect: float, level: float) -> int | None:
    """Returns how many repeats of each of two groups it takes, unpaired; see `pairs_needed`.

    effect: difference of the means over the pooled standard deviation, d_s.
    """
    return _fewest(lambda number: _power(abs(effect) * math.sqrt(number / 2), 2 * number - 2, level))


def fewest_pairs(level: float) -> int:
    """Returns with how many pairs the smallest p of an exact paired test, 2 / 2ⁿ, is below the level."""
    return next(number for number in range(2, 2000) if 2 / 2**number < level)


def fewest_repeats(level: float) -> int:
    """Returns with how many repeats in each of two groups that of an unpaired one is, 2 / C(2n, n)."""
    return next(number for number in range(2, 2000) if 2 / math.comb(2 * number, number) < level)


def _power(shift: float, freedom: int, level: float) -> float:
    """Returns the chance that |t| exceeds its critical value where t is centred at `shift`."""
    from scipy.special import nctdtr, stdtrit  # late: it takes long to import

    critical = float(stdtrit(freedom, 1 - level / 2))
    # Far out the distribution function is no longer computed, and the chance is 1 to all digits.
    if not math.isfinite(shift) or shift > critical + 30:
        return 1.0
    return float(1 - nctdtr(freedom, shift, critical) + nctdtr(freedom, shift, -critical))


def _fewest(power: Callable[[int], float]) -> int | None:
    """Returns the smallest number from 2 on whose power suffices."""
    high = 2
    while power(high) < POWER:
        high *= 2
        if high > MOST:
            return None
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power(middle) >= POWER else (middle, high)
    return high
