"""Precision, recall and F1 are scikit-learn's, also of classes that no text has or none is called."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from rnnlab.core.metrics import (
    MACRO,
    WEIGHTED,
    chosen_classes,
    class_metrics,
    class_probabilities,
    confusion_counts,
    log_odds,
)

CLASSES = ("1", "2", "3", "4", "5")
FIGURES = ["precision", "recall", "f1"]


def sklearns(true: list[int], predicted: list[int], average: str | None) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UndefinedMetricWarning)
        return np.array(precision_recall_fscore_support(true, predicted, average=average)[:3])


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=30))
def test_they_are_scikit_learns(pairs: list[tuple[int, int]]) -> None:
    true, predicted = map(list, zip(*pairs, strict=True))
    counts = confusion_counts(np.array(true), np.array(predicted), CLASSES)
    assert counts.to_numpy().tolist() == confusion_matrix(true, predicted, labels=range(5)).tolist()
    table = class_metrics(counts)
    assert table["label"].tolist() == [*CLASSES, MACRO, WEIGHTED]
    occurring = sorted({*true, *predicted})
    found = table[FIGURES].to_numpy()
    np.testing.assert_allclose(found[occurring].T, sklearns(true, predicted, None), atol=1e-12)
    np.testing.assert_allclose(found[5], sklearns(true, predicted, "macro"), atol=1e-12)
    np.testing.assert_allclose(found[6], sklearns(true, predicted, "weighted"), atol=1e-12)
    absent = [number for number in range(5) if number not in occurring]
    assert np.isnan(found[absent]).all()
    assert table["texts"].tolist()[:5] == [true.count(number) for number in range(5)]
    assert table["predicted"].tolist() == [*(predicted.count(n) for n in range(5)), len(true), len(true)]


def test_a_class_that_nobody_is_called_has_a_precision_of_zero() -> None:
    counts = pd.DataFrame([[3, 0], [1, 0]], index=["ham", "spam"], columns=["ham", "spam"])
    spam = class_metrics(counts).set_index("label").loc["spam"]
    assert spam[[*FIGURES, "texts", "predicted"]].tolist() == [0, 0, 0, 1, 0]


def test_probabilities_are_the_softmax_without_overflow() -> None:
    logits = np.random.default_rng(0).normal(scale=3, size=(6, 5))
    assert np.ptp(logits) > 5
    np.testing.assert_allclose(class_probabilities(logits), softmax(logits, axis=1), rtol=1e-12)
    assert chosen_classes(logits).tolist() == softmax(logits, axis=1).argmax(axis=1).tolist()
    chances = softmax(logits, axis=1)[:, 2]
    np.testing.assert_allclose(log_odds(logits, 2), np.log(chances / (1 - chances)), rtol=1e-9)
    extreme = class_probabilities(np.array([[1e4, 0.0, -1e4]]))
    assert extreme[0].tolist() == [1, 0, 0]


def test_one_logit_is_that_of_the_second_class() -> None:
    logits = np.array([[0.0], [np.log(3)], [-1e4]])
    np.testing.assert_allclose(class_probabilities(logits), [[0.5, 0.5], [0.25, 0.75], [1, 0]], rtol=1e-14)
    assert chosen_classes(logits).tolist() == [0, 1, 0]
    assert class_probabilities(logits).sum(axis=1) == pytest.approx(1)
