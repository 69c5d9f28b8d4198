"""How many repeats a comparison takes: against SciPy's noncentral t, simulation and published tables."""

import math

import numpy as np
import pytest
from scipy import stats

from rnnlab.core.power import fewest_pairs, fewest_repeats, pairs_needed, repeats_needed


# G*Power's and Cohen 1988's: 80 % at the two-sided 0.05 level.
@pytest.mark.parametrize(("effect", "pairs", "each"), [(0.2, 199, 394), (0.5, 34, 64), (0.8, 15, 26)])
def test_cohens_small_medium_and_large_effects(effect: float, pairs: int, each: int) -> None:
    assert pairs_needed(effect, 0.05) == pairs_needed(-effect, 0.05) == pairs
    assert repeats_needed(effect, 0.05) == each


@pytest.mark.parametrize("effect", [0.15, 0.4, 1.1, 2.5])
@pytest.mark.parametrize("level", [0.05, 0.05 / 6])
def test_the_number_is_the_first_whose_power_is_enough(effect: float, level: float) -> None:
    def power(number: int) -> float:
        critical = stats.t.ppf(1 - level / 2, number - 1)
        shift = effect * math.sqrt(number)
        return float(stats.nct.sf(critical, number - 1, shift) + stats.nct.cdf(-critical, number - 1, shift))

    found = pairs_needed(effect, level)
    assert found is not None and power(found) >= 0.8 > power(found - 1)


def test_that_many_pairs_are_told_apart_four_times_out_of_five() -> None:
    number = pairs_needed(0.7, 0.05)
    assert number == 19
    drawn = np.random.default_rng(0).normal(0.7, 1, (4000, number))
    assert np.mean(stats.ttest_1samp(drawn, 0, axis=1).pvalue < 0.05) == pytest.approx(0.8, abs=0.03)


def test_no_effect_takes_more_than_anybody_asks_and_a_huge_one_few() -> None:
    assert pairs_needed(0.0, 0.05) is None and repeats_needed(1e-9, 0.05) is None
    assert pairs_needed(1e6, 0.05) == 2 and repeats_needed(1e300, 0.05) == 2


def test_the_fewest_are_those_whose_smallest_p_is_below_the_level() -> None:
    for level in (0.05, 0.05 / 3, 0.001):
        pairs, repeats = fewest_pairs(level), fewest_repeats(level)
        assert 2 / 2**pairs < level <= 2 / 2 ** (pairs - 1)
        assert 2 / math.comb(2 * repeats, repeats) < level <= 2 / math.comb(2 * repeats - 2, repeats - 1)
    assert (fewest_pairs(0.05), fewest_repeats(0.05)) == (6, 4)
