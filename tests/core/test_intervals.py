import math

import pytest

from rnnlab.core.intervals import wilson


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
