"""Whether two groups of repeats can be told apart: permutation tests, exact where that is feasible.

Written out rather than taken from SciPy, which draws every permutation in Python, so that twenty pairs are
exact, too, and which takes sums for different that rounding alone sets apart. Tests hold them against SciPy.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnnlab.core.intervals import CONFIDENCE, NO_INTERVAL, Interval

MOST_EXACT = 2**20  # permutations that are all looked at
DRAWN = 99_999  # of more, as many at random
RANDOM_STATE = 0
SAME = 1e-12  # of the largest figure: means no further apart are the same but for rounding

Values = NDArray[np.float64]


class Permutation(NamedTuple):
    """How likely a difference of means so large is, if the groups are alike.

    p: two-sided, twice the smaller one-sided; smallest: what p can be at least with so many values; interval:
    the differences that the same test would not reject, 95 %, two NaN where so few values reject none; exact:
    whether all permutations were looked at, or only some drawn at random.
    """

    p: float
    smallest: float
    interval: Interval
    exact: bool


def paired_test(one: Values, other: Values) -> Permutation:
    """Returns the test of paired values, (pairs,): each pair may be swapped (Fisher 1935, chapter 21).

    `scipy.stats.permutation_test` with permutation_type="samples" gives the same p. If the pairs of a set are
    swapped, the difference of the means is no smaller than before where the set's mean difference is at
    most 0: so the means of all sets are where the p of a shift changes (Hartigan 1969, "Using subsample
    values as typical values").
    """
    differences = one - other
    number = len(differences)
    exact = 2**number <= MOST_EXACT
    if exact:
        sums, sizes = np.zeros(1), np.zeros(1)
        for difference in differences:
            sums, sizes = np.concatenate([sums, sums + difference]), np.concatenate([sizes, sizes + 1])
    else:
        swapped = np.random.default_rng(RANDOM_STATE).random((DRAWN, number)) < 0.5
        sums, sizes = swapped @ differences, swapped.sum(axis=1)
    return _test(sums[sizes > 0] / sizes[sizes > 0], _tolerance(one, other), exact)


def unpaired_test(one: Values, other: Values) -> Permutation:
    """Returns the test of two samples, (values,) each: any value may belong to either (Pitman 1937).

    `scipy.stats.permutation_test` with permutation_type="independent" gives the same p. What is swapped are
    equally many values of either sample, and their means' difference is where the p of a shift changes.
    """
    exact = math.comb(len(one) + len(other), len(one)) <= MOST_EXACT
    if exact:
        sets = range(1, min(len(one), len(other)) + 1)
        pairs = [(_sums_of_subsets(one, k) / k, _sums_of_subsets(other, k) / k) for k in sets]
        shifts = np.concatenate([np.subtract.outer(left, right).ravel() for left, right in pairs])
    else:
        shifts = _drawn_shifts(one, other)
    return _test(shifts, _tolerance(one, other), exact)


def _sums_of_subsets(values: Values, size: int) -> Values:
    """Returns the sum of every subset of that size."""
    sums = [np.zeros(1), *[np.zeros(0)] * size]  # by how many values are in
    for value in values:
        sums = [sums[0], *(np.concatenate([sums[k], sums[k - 1] + value]) for k in range(1, size + 1))]
    return sums[size]


def _drawn_shifts(one: Values, other: Values) -> Values:
    """Returns the difference of the means of what some permutations, drawn at random, swap."""
    number = len(one) + len(other)
    order = np.random.default_rng(RANDOM_STATE).permuted(np.tile(np.arange(number), (DRAWN, 1)), axis=1)
    chosen = np.zeros((DRAWN, number), dtype=bool)
    np.put_along_axis(chosen, order[:, : len(one)], True, axis=1)
    leaving, coming = ~chosen[:, : len(one)], chosen[:, len(one) :]
    sizes = leaving.sum(axis=1)
    return ((leaving @ one - coming @ other)[sizes > 0]) / sizes[sizes > 0]


def _tolerance(*samples: Values) -> float:
    return SAME * max(float(np.abs(sample).max()) for sample in samples)


def _test(shifts: Values, tolerance: float, exact: bool) -> Permutation:
    """Returns the test that has p = 2 (1 + #{shifts ≤ δ}) / (1 + #shifts) for a true difference δ, or the
    same with ≥ where that is smaller; the 1 is for the figures as they are (Phipson & Smyth 2010).
    """
    number = len(shifts) + 1
    counts = int((shifts <= tolerance).sum()), int((shifts >= -tolerance).sum())
    p = min(1.0, 2 * (1 + min(counts)) / number)
    return Permutation(p, min(1.0, 2 / number), _interval(shifts, number, tolerance), exact)


def _interval(shifts: Values, number: int, tolerance: float) -> Interval:
    """Returns all δ whose p is not below the level; an end that only rounding sets apart from 0 is 0."""
    rank = math.ceil((1 - CONFIDENCE) / 2 * number - 1 - 1e-9)  # but for rounding
    if rank < 1:
        return NO_INTERVAL
    ends = np.partition(shifts, [rank - 1, len(shifts) - rank])
    low, high = (float(end) for end in (ends[rank - 1], ends[len(shifts) - rank]))
    return Interval(*(0.0 if abs(end) <= tolerance else end for end in (low, high)))


def holm(p: Sequence[float]) -> list[float]:
    """Returns p-values corrected for how many they are, in their order.

    Holm 1979, "A simple sequentially rejective multiple test procedure": the chance that any difference is
    seen where none is stays below the level.
    """
    adjusted, largest = [0.0] * len(p), 0.0
    for rank, index in enumerate(sorted(range(len(p)), key=lambda index: p[index])):
        largest = max(largest, min(1.0, (len(p) - rank) * p[index]))
        adjusted[index] = largest
    return adjusted


def holm_at_best(p: Sequence[float], smallest: Sequence[float]) -> list[float]:
    """Returns what each corrected p would be if its own p were as small as it can be, the others as they are.

    smallest: what each p can be at least.
    """
    ranked = sorted(p)
    largest = [0.0, *accumulate(((len(p) - rank) * value for rank, value in enumerate(ranked)), max)]
    ranks = [bisect_left(ranked, least) for least in smallest]
    return [
        min(1.0, max((len(p) - rank) * least, largest[rank]))
        for rank, least in zip(ranks, smallest, strict=True)
    ]
