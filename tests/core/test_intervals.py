import math

import numpy as np
import pytest
from scipy.stats import bootstrap, sem, t

from rnnlab.core.intervals import bootstrap_mean, bootstrap_means, student_reach, wilson


@pytest.mark.parametrize(
    ("successes", "number", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_is_that_of_newcombe_1998_table_1(
    successes: int, number: int, low: float, high: float
) -> None:
    assert wilson(successes, number) == pytest.approx((low, high), abs=5e-5)
    assert wilson(number - successes, number) == pytest.approx((1 - high, 1 - low), abs=5e-5)


def test_nothing_counted_has_no_interval() -> None:
    assert all(math.isnan(bound) for bound in wilson(0, 0))


@pytest.mark.parametrize("number", [1, 7, 10_000])
def test_none_and_all_reach_their_ends_exactly(number: int) -> None:
    assert wilson(0, number)[0] == 0 and wilson(number, number)[1] == 1


SAMPLES = [
    [0.91, 0.93, 0.92, 0.9, 0.94, 0.925],
    [1.0, 2.0, 4.0],
    np.random.default_rng(5).exponential(size=10),
]


@pytest.mark.parametrize("values", SAMPLES)
def test_the_bootstrap_is_scipys_bca(values: list[float]) -> None:
    sample = np.asarray(values)
    expected = bootstrap((sample,), np.mean, n_resamples=9999, method="BCa", rng=np.random.default_rng(0))
    assert bootstrap_mean(sample) == pytest.approx(tuple(expected.confidence_interval), abs=1e-12)
    low, high = bootstrap_means(np.stack([sample, 2 * sample], axis=1))
    assert (low[1], high[1]) == pytest.approx(2 * np.array(bootstrap_mean(sample)), abs=1e-12)


def test_equal_repeats_have_themselves_as_interval_and_a_single_one_none() -> None:
    assert bootstrap_mean(np.full(4, 0.9)) == (0.9, 0.9)
    assert all(math.isnan(end) for end in bootstrap_mean(np.array([0.9])))


def test_students_reach_is_scipys() -> None:
    values = [0.91, 0.93, 0.92, 0.9]
    low, high = t.interval(0.95, 3, np.mean(values), sem(values))
    assert student_reach(values) == pytest.approx((high - low) / 2, abs=1e-14)


@pytest.mark.parametrize("size", [2.0**-1000, 2.0**700])
def test_sizes_at_the_ends_of_floats_change_no_interval(size: float) -> None:
    values = np.array([1.0, 2.0, 4.0, 3.0])
    expected = np.array(bootstrap_mean(values))
    assert np.array(bootstrap_mean(values * size)) / size == pytest.approx(expected, rel=1e-15)
