"""Two groups of repeats: can they be told apart?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rnnlab.core.intervals import Interval
from rnnlab.core.permutation import Permutation, holm, holm_at_best, paired_test, unpaired_test
from rnnlab.core.power import fewest_pairs, fewest_repeats, pairs_needed, repeats_needed
from rnnlab.core.scores import SIGNIFICANT

Verdict = Literal["told apart", "not told apart", "too few seeds"]
Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Pair:
    """Two groups beside each other, `one` less `other` by name.

    left, right: the figures of either, (runs,); where paired, of one seed each, in the same order. Once all
    pairs are known (`corrected`), comparisons is their number, p_holm the corrected p, and smallest_holm what
    that could be at least with so many seeds.
    """

    one: str
    other: str
    left: Values
    right: Values
    paired: bool
    comparisons: int = 1
    p_holm: float = math.nan
    smallest_holm: float = math.nan

    @cached_property
    def permutation(self) -> Permutation:
        """The permutation test of the two."""
        test = paired_test if self.paired else unpaired_test
        return test(self.left, self.right)

    @property
    def n(self) -> int:
        """The number of pairs, or of the smaller group's runs."""
        return min(len(self.left), len(self.right))

    @property
    def difference(self) -> float:
        """The difference of the means."""
        return float(self.left.mean() - self.right.mean())

    @property
    def interval(self) -> Interval:
        """The 95 % interval of the difference: all that the test, uncorrected, would not reject."""
        return self.permutation.interval

    @property
    def effect(self) -> float:
        """The difference of the means in standard deviations: paired d_z, of the differences; unpaired d_s.

        Cohen 1988; Lakens 2013, "Calculating and reporting effect sizes", formulas 6 and 1. NaN where
        nothing varies or there is a single run.
        """
        spread = self._spread()
        return self.difference / spread if spread > 0 else math.nan

    def _spread(self) -> float:
        if self.paired:
            return float((self.left - self.right).std(ddof=1)) if self.n > 1 else math.nan
        freedom = len(self.left) + len(self.right) - 2
        squares = sum(float(((side - side.mean()) ** 2).sum()) for side in (self.left, self.right))
        return math.sqrt(squares / freedom) if freedom > 0 else math.nan

    @cached_property
    def verdict(self) -> Verdict:
        """Whether the two are told apart: p, corrected, is below 0.05."""
        if self.smallest_holm >= SIGNIFICANT:
            return "too few seeds"
        return "told apart" if self.p_holm < SIGNIFICANT else "not told apart"

    @cached_property
    def seeds_needed(self) -> int | None:
        """How many seeds it takes where these do not tell the two apart; None for more than a million.

        With too few seeds so many that p can be small enough at all; else so many that a difference like
        the one seen is told apart four times out of five, at the level that Holm's first step has.
        """
        if self.verdict == "told apart":
            return self.n
        level = SIGNIFICANT / self.comparisons
        fewest = (fewest_pairs if self.paired else fewest_repeats)(level)
        if self.verdict == "too few seeds":
            return fewest
        if math.isnan(self.effect):
            return None if self.difference == 0 else fewest
        needed = (pairs_needed if self.paired else repeats_needed)(self.effect, level)
        return None if needed is None else max(needed, fewest)

    @property
    def test(self) -> str:
        """The test in a few words."""
        return f"{'paired' if self.paired else 'unpaired'}, {'exact' if self.permutation.exact else 'random'}"


def corrected(pairs: Sequence[Pair]) -> list[Pair]:
    """Returns the pairs with p-values corrected for their number (Holm 1979)."""
    tests = [pair.permutation for pair in pairs]
    p = [test.p for test in tests]
    at_best = holm_at_best(p, [test.smallest for test in tests])
    return [
        replace(pair, comparisons=len(pairs), p_holm=adjusted, smallest_holm=best)
        for pair, adjusted, best in zip(pairs, holm(p), at_best, strict=True)
    ]
