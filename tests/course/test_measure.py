import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rnnlab.course.measure import Measured, compare, how_sure, shown

LEFT, RIGHT = (0.81, 0.80, 0.83), (0.78, 0.76, 0.80)


def measured(*values: float, **more) -> Measured:
    return Measured("rnn", "accuracy", values, **{"unit": "share"} | more)


def test_the_interval_of_a_difference_is_students_for_pairs() -> None:
    low, high = compare(measured(*LEFT), measured(*RIGHT)).interval
    expected = stats.ttest_rel(LEFT, RIGHT).confidence_interval(0.95)
    assert expected.low > 0
    assert (low, high) == pytest.approx((expected.low, expected.high), rel=1e-12)


def test_sizes_are_compared_by_ratio() -> None:
    small, large = measured(1e-5, 2e-6, 4e-5, unit="size"), measured(3.0, 3.5, 2.5, unit="size")
    comparison = compare(large, small)
    logs = stats.ttest_rel(np.log(large.values), np.log(small.values)).confidence_interval(0.95)
    assert comparison.interval == pytest.approx((logs.low, logs.high), rel=1e-12)
    assert comparison.verdict == "higher"
    assert "times" in str(comparison)


def test_a_size_of_zero_is_below_any_other() -> None:
    nothing, something = measured(0.0, 0.0, unit="size"), measured(1e-30, 2e-30, unit="size")
    assert compare(nothing, something).verdict == "lower"
    assert compare(nothing, nothing).verdict == "same"


def test_shares_of_validation_texts_take_in_what_other_texts_would_change() -> None:
    left, right = measured(0.60, 0.60, 0.60, texts=100), measured(0.58, 0.58, 0.58, texts=100)
    low, high = compare(left, right).interval
    reach = 1.959963984540054 * math.sqrt((0.6 * 0.4 + 0.58 * 0.42) / 100)
    assert (low, high) == pytest.approx((0.02 - reach, 0.02 + reach))
    assert compare(left, right).verdict == "open"
    assert compare(measured(0.60, 0.60), measured(0.58, 0.58)).verdict == "higher"


@given(st.lists(st.floats(0, 1), min_size=2, max_size=9), st.data())
def test_seen_from_the_other_side_a_comparison_says_the_opposite(
    left: list[float], data: st.DataObject
) -> None:
    right = data.draw(st.lists(st.floats(0, 1), min_size=len(left), max_size=len(left)))
    comparison = compare(measured(*left), measured(*right))
    turned = {"higher": "lower", "lower": "higher"}
    assert comparison.opposite.verdict == turned.get(comparison.verdict, comparison.verdict)


def test_one_seed_has_no_interval_unless_it_is_about_texts() -> None:
    assert compare(measured(0.8), measured(0.7)).interval is None
    assert compare(measured(0.8, texts=1000), measured(0.7, texts=1000)).verdict == "higher"
    assert "One seed" in how_sure([compare(measured(0.8), measured(0.7))])


def test_how_sure_says_what_is_decided_by_the_seeds() -> None:
    sure, open_ = compare(measured(*LEFT), measured(*RIGHT)), compare(measured(0.1, 0.9), measured(0.9, 0.1))
    assert how_sure([sure]) == "The same in all 3 seeds."
    assert "Not decided" in how_sure([open_]) and "accuracy" in how_sure([open_])


def test_seeds_without_a_value_are_left_out() -> None:
    some = measured(0.8, math.nan, 0.82)
    assert some.known == [0.8, 0.82]
    assert compare(some, measured(0.7, 0.7, 0.7)).differences == pytest.approx([0.1, 0.12])
    nothing = compare(measured(math.nan, math.nan), measured(0.1, 0.2))
    assert nothing.verdict == "open" and str(measured(math.nan)) == "none"


@pytest.mark.parametrize(
    ("value", "unit", "spread", "expected"),
    [
        (0.56349, "share", 0.0, "0.563"),
        (0.56349, "share", 0.08, "0.563"),
        (0.56349, "share", 0.3, "0.56"),
        (-0.9987, "cosine", 0.0, "−0.999"),
        (-0.2134, "cosine", 0.0, "−0.21"),
        (-0.0001, "share", 0.0, "0.000"),
        (3.7e-5, "size", 0.0, "3.7·10⁻⁵"),
        (0.0, "size", 0.0, "0"),
        (12345.6, "count", 0.0, "12,346"),
        (164_000.0, "size", 0.0, "160,000"),
        (2.34, "size", 0.0, "2.3"),
        (37.34, "size", 0.0, "37"),
        (0.0123, "size", 0.0, "0.012"),
    ],
)
def test_figures_have_the_digits_that_say_something(value: float, unit, spread: float, expected: str) -> None:
    assert shown(value, unit, spread) == expected


def test_the_middle_of_sizes_is_their_median_with_the_range() -> None:
    assert str(measured(1e-6, 3e-5, 2e-5, unit="size")) == "2.0·10⁻⁵ (1.0·10⁻⁶ to 3.0·10⁻⁵)"
    assert str(measured(31, 44, 38, unit="epoch")) == "38 (31 to 44)"
    assert str(measured(0.8, 0.82)) == "0.810 ± 0.014"


def test_a_difference_too_small_for_its_unit_is_shown_with_its_own_digits() -> None:
    comparison = compare(measured(0.6841, 0.6851, unit="number"), measured(0.6842, 0.6853, unit="number"))
    assert str(comparison).startswith("0.685 ± 0.001 against 0.685")
    assert "difference −1.5·10⁻⁴, 95 %" in str(comparison)


def test_the_interval_of_a_ratio_says_times_once() -> None:
    text = str(compare(measured(3.0, 3.5, unit="size"), measured(1e-5, 2e-6, unit="size")))
    assert re.search(r"; \S+ times, 95 % interval \S+ to \S+ times$", text)
