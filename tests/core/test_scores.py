"""ROC-AUC and Brier score are scikit-learn's, McNemar's p is SciPy's, also where there is little to go by."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, chi2
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, roc_auc_score

from rnnlab.core.intervals import wilson
from rnnlab.core.scores import (
    brier_score,
    calibration,
    class_auc,
    class_shares,
    expected_calibration_error,
    mcnemar,
    roc_auc,
)


def drawn(seed: int, classes: int, units: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Returns probabilities with one decimal, so that there are ties, and targets."""
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(10, np.ones(classes) / classes, units)
    return counts / 10, rng.integers(classes, size=units)


@pytest.mark.parametrize("seed", range(5))
def test_auc_and_brier_score_of_two_classes(seed: int) -> None:
    probabilities, targets = drawn(seed, 2)
    assert len(np.unique(probabilities[:, 1])) < 12  # there are ties
    expected = roc_auc_score(targets, probabilities[:, 1])
    assert 0 < expected < 1 and class_auc(probabilities, targets) == pytest.approx(expected, abs=1e-12)
    expected = brier_score_loss(targets, probabilities[:, 1])
    assert expected > 0.1 and brier_score(probabilities, targets) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_auc_and_brier_score_of_many_classes(seed: int) -> None:
    probabilities, targets = drawn(seed, 4)
    expected = roc_auc_score(targets, probabilities, multi_class="ovr", average="macro")
    assert 0 < expected < 1 and class_auc(probabilities, targets) == pytest.approx(expected, abs=1e-12)
    expected = brier_score_loss(targets, probabilities, labels=range(4))
    assert expected > 0.1 and brier_score(probabilities, targets) == pytest.approx(expected, abs=1e-12)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=1, max_size=12))
def test_auc_is_the_share_of_pairs_in_order_and_undefined_without_any(units: list[tuple[bool, int]]) -> None:
    ones = [score for positive, score in units if positive]
    zeros = [score for positive, score in units if not positive]
    found = roc_auc(np.array([unit[0] for unit in units]), np.array([float(unit[1]) for unit in units]))
    if not ones or not zeros:
        assert math.isnan(found)
        return
    pairs = [(one > zero) + (one == zero) / 2 for one in ones for zero in zeros]
    assert found == pytest.approx(sum(pairs) / len(pairs), abs=1e-12)


def test_auc_of_many_classes_leaves_out_those_that_do_not_occur_and_one_alone_has_none() -> None:
    probabilities, _ = drawn(1, 3, 6)
    targets = np.array([0, 2, 0, 2, 2, 0])
    expected = [roc_auc_score(targets == number, probabilities[:, number]) for number in (0, 2)]
    assert class_auc(probabilities, targets) == pytest.approx(np.mean(expected), abs=1e-12)
    for classes in (2, 3):
        assert math.isnan(class_auc(drawn(1, classes)[0], np.ones(60, dtype=int)))


def test_calibration_is_scikit_learns_with_wilsons_interval() -> None:
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.5, 1, 400)
    right = rng.random(400) < confidence**2
    table = calibration(confidence, right)
    shares, means = calibration_curve(right, confidence, n_bins=20)
    assert len(table) == 10 and table["count"].sum() == 400
    np.testing.assert_allclose(table["right"], shares, atol=1e-12)
    np.testing.assert_allclose(table["confidence"], means, atol=1e-12)
    first = table.iloc[0]
    assert (first["low"], first["high"]) == wilson(
        round(first["right"] * first["count"]), int(first["count"])
    )
    by_hand = sum(table["count"] / 400 * (table["right"] - table["confidence"]).abs())
    assert by_hand > 0.01 and expected_calibration_error(table) == pytest.approx(by_hand, abs=1e-12)


@pytest.mark.parametrize("confidence", [0.0, 0.5, 0.55, 1.0])
def test_a_confidence_between_two_bins_is_of_the_lower_and_none_is_left_out(confidence: float) -> None:
    table = calibration(np.array([confidence]), np.array([True]))
    assert table["count"].tolist() == [1]
    assert table["above"][0] <= confidence <= table["up_to"][0] + 1e-12
    assert expected_calibration_error(table) == pytest.approx(1 - confidence)


@given(st.integers(0, 24), st.integers(0, 24))
def test_few_discordant_pairs_have_the_exact_binomial_test(one: int, other: int) -> None:
    found = mcnemar(one, other)
    if one + other == 0:
        assert found == ("exact binomial test", 1.0)
    elif one + other < 25:
        expected = binomtest(one, one + other, 0.5).pvalue
        assert "exact" in found.test and found.p == pytest.approx(expected, rel=1e-12)
    else:
        assert "chi-squared" in found.test


@given(st.integers(0, 3000), st.integers(25, 3000))
def test_many_have_chi_squared(one: int, other: int) -> None:
    statistic = max(0, abs(one - other) - 1) ** 2 / (one + other)
    found = mcnemar(one, other)
    assert "chi-squared" in found.test and found == mcnemar(other, one)
    assert found.p == pytest.approx(chi2.sf(statistic, 1), rel=1e-9, abs=1e-300)


def test_shares_have_a_place_for_every_class() -> None:
    assert class_shares(np.array([2, 2, 0, 2]), 4).tolist() == [0.25, 0, 0.75, 0]
