"""Permutation tests against SciPy, and against whole numbers where rounding sets ties apart."""

from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from scipy import stats

from rnnlab.core.intervals import Interval
from rnnlab.core.permutation import Permutation, holm, holm_at_best, paired_test, unpaired_test

# Cushny & Peebles 1905, hours of sleep gained with two drugs: the data of Student's own paired test.
SLEEP = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
OTHER = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])


def difference(one: np.ndarray, other: np.ndarray, axis: int) -> np.ndarray:
    return one.mean(axis=axis) - other.mean(axis=axis)


def of_scipy(one: np.ndarray, other: np.ndarray, kind: str, resamples: float = np.inf) -> float:
    done = stats.permutation_test(
        (one, other), difference, permutation_type=kind, n_resamples=resamples, vectorized=True, rng=1
    )
    return float(done.pvalue)


@pytest.mark.parametrize("number", [2, 3, 5, 8, 12])
def test_paired_is_scipys_exact_test(number: int) -> None:
    for seed in range(5):
        one, other = np.random.default_rng(seed).normal([[0.5], [0]], 1, (2, number))
        found = paired_test(one, other)
        assert found.exact and found.p == pytest.approx(of_scipy(one, other, "samples"), abs=1e-12)
        assert found.smallest == 2 / 2**number <= found.p


@pytest.mark.parametrize("sizes", [(2, 3), (4, 4), (6, 5), (3, 9)])
def test_unpaired_is_scipys_exact_test(sizes: tuple[int, int]) -> None:
    for seed in range(5):
        rng = np.random.default_rng(seed)
        one, other = rng.normal(0.8, 1, sizes[0]), rng.normal(size=sizes[1])
        found = unpaired_test(one, other)
        assert found.exact and found.p == pytest.approx(of_scipy(one, other, "independent"), abs=1e-12)


def test_students_data_have_the_published_p_values() -> None:
    assert paired_test(SLEEP, OTHER).p == pytest.approx(of_scipy(SLEEP, OTHER, "samples"), abs=1e-12)
    assert paired_test(SLEEP, OTHER).p == pytest.approx(4 / 1024)  # all of one sign, one of them 0
    assert unpaired_test(SLEEP, OTHER).p == pytest.approx(0.08145, abs=5e-6)  # of all 184,756, by SciPy


@pytest.mark.parametrize("seed", range(10))
def test_equal_accuracies_are_ties_whatever_rounding_makes_of_them(seed: int) -> None:
    thousandths = np.random.default_rng(seed).integers(840, 860, (2, 7))
    one, other = thousandths / 1000
    differences = thousandths[0] - thousandths[1]
    sums = np.array(list(product((1, -1), repeat=7))) @ differences  # of whole numbers, which are exact
    tails = (sums <= differences.sum()).sum(), (sums >= differences.sum()).sum()
    assert paired_test(one, other).p == min(1, 2 * min(tails) / 2**7)
    sums = np.array([sum(chosen) for chosen in combinations(thousandths.ravel().tolist(), 7)])
    tails = (sums <= thousandths[0].sum()).sum(), (sums >= thousandths[0].sum()).sum()
    assert unpaired_test(one, other).p == pytest.approx(min(1, 2 * min(tails) / 3432), abs=1e-15)


def test_no_difference_has_p_1_and_sides_do_not_matter() -> None:
    same = np.full(7, 0.9)
    assert paired_test(same, same) == Permutation(1.0, 2 / 128, Interval(0.0, 0.0), True)
    assert unpaired_test(same, same[:3]).p == 1
    assert paired_test(SLEEP, OTHER).p == paired_test(OTHER, SLEEP).p


@pytest.mark.parametrize("test", [paired_test, unpaired_test])
def test_many_values_are_permuted_at_random_the_same_each_time(test: Any) -> None:
    one, other = np.random.default_rng(3).normal([[0.4], [0]], 1, (2, 25))
    found = test(one, other)
    kind = "samples" if test is paired_test else "independent"
    assert not found.exact and found == test(one, other)
    assert found.p == pytest.approx(of_scipy(one, other, kind, 4_000), abs=0.03) and 0.005 < found.p < 0.9


@pytest.mark.parametrize("test", [paired_test, unpaired_test])
@pytest.mark.parametrize("number", [8, 30])
def test_the_interval_holds_the_differences_that_the_test_does_not_reject(test: Any, number: int) -> None:
    one, other = np.random.default_rng(number).normal([[0.5], [0]], 1, (2, number))
    low, high = test(one, other).interval
    for end, outwards in ((low, -1e-9), (high, 1e-9)):
        assert test(one - end - outwards, other).p < 0.05 <= test(one - end + outwards, other).p
    assert low < one.mean() - other.mean() < high


def test_intervals_hold_the_true_difference_as_often_as_they_say() -> None:
    drawn = np.random.default_rng(4).exponential(size=(2000, 2, 9))  # skewed, and of the same mean
    found = [paired_test(one, other).interval for one, other in drawn]
    assert np.mean([low <= 0 <= high for low, high in found]) == pytest.approx(0.95, abs=0.015)


def test_too_few_values_have_no_interval() -> None:
    assert all(np.isnan(paired_test(SLEEP[:5], OTHER[:5]).interval))
    assert not any(np.isnan(paired_test(SLEEP[:6], OTHER[:6]).interval))
    assert all(np.isnan(unpaired_test(SLEEP[:1], OTHER[:1]).interval))


def test_holms_are_those_of_his_paper() -> None:
    # R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.5]) == [1.0, 1.0] and holm([0.02]) == [0.02] and holm([]) == []


def test_the_best_that_a_corrected_p_can_be_is_holms_with_its_own_smallest() -> None:
    rng = np.random.default_rng(0)
    for number in range(1, 9):
        smallest = (rng.random(number) ** 3).tolist()
        p = [
            least + (1 - least) * float(more)
            for least, more in zip(smallest, rng.random(number), strict=True)
        ]
        expected = [holm([*p[:i], smallest[i], *p[i + 1 :]])[i] for i in range(number)]
        assert holm_at_best(p, smallest) == pytest.approx(expected, abs=1e-15)
