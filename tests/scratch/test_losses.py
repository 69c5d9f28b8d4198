"""Losses and their derivatives equal torch's, also where exponentials would overflow."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from rnnlab.scratch import losses

RNG = np.random.default_rng(0)


def compare(loss, torch_loss, predictions, targets, tolerance=1e-14):
    reference = torch.tensor(predictions, requires_grad=True)
    expected = torch_loss(reference, torch.tensor(targets))
    expected.backward()
    found = loss(predictions, targets)
    assert found.value == pytest.approx(expected.item(), abs=tolerance)
    assert reference.grad.norm() > 0
    np.testing.assert_allclose(found.gradient, reference.grad.numpy(), rtol=0, atol=tolerance)


def test_binary_cross_entropy_matches_torch():
    labels = np.array([0.0, 1.0, 1.0, 0.0])
    logits = np.array([0.3, -2.0, 800.0, 900.0])
    compare(
        losses.binary_cross_entropy_with_logits, functional.binary_cross_entropy_with_logits, logits, labels
    )
    probabilities = np.array([0.2, 0.9, 0.4, 0.01])
    compare(losses.binary_cross_entropy, functional.binary_cross_entropy, probabilities, labels, 1e-12)


def test_cross_entropy_matches_torch():
    logits, classes = RNG.standard_normal((5, 3)) * 5, np.array([0, 2, 1, 1, 0])
    logits[0] = [-900, 0, 900]
    compare(losses.cross_entropy_with_logits, functional.cross_entropy, logits, classes)
    compare(
        losses.cross_entropy,
        lambda p, c: functional.nll_loss(p.log(), c),
        losses.softmax(RNG.standard_normal((5, 3))),
        classes,
        1e-12,
    )


def test_mean_squared_error_matches_torch():
    compare(
        losses.mean_squared_error,
        functional.mse_loss,
        RNG.standard_normal((4, 3, 2)),
        RNG.standard_normal((4, 3, 2)),
    )


CLASSES = np.array([[1, -100, 2], [-100, -100, 0]])
NUMBERS = np.where(np.arange(12).reshape(2, 3, 2) % 5 == 1, np.nan, RNG.standard_normal((2, 3, 2)))


def counted_squares(predictions, targets):
    differences = (predictions - targets)[~targets.isnan()]  # squared before, NaN would stay in the gradient
    return differences.square().mean()


CRITERIA = {
    "binary_cross_entropy": (
        lambda z, y: functional.binary_cross_entropy_with_logits(z[:, 0], y),
        RNG.standard_normal((4, 1)),
        np.array([0.0, 1.0, 1.0, 0.0]),
    ),
    "cross_entropy": (functional.cross_entropy, RNG.standard_normal((4, 3)), np.array([2, -100, 0, 1])),
    "cross_entropy of steps": (
        lambda z, c: functional.cross_entropy(z.flatten(0, 1), c.flatten()),
        RNG.standard_normal((2, 3, 3)),
        CLASSES,
    ),
    "mean_squared_error": (counted_squares, RNG.standard_normal((2, 2)), NUMBERS[0, :2]),
    "mean_squared_error of steps": (counted_squares, RNG.standard_normal((2, 3, 2)), NUMBERS),
}


@pytest.mark.parametrize("name", CRITERIA)
def test_criteria_match_torch_with_some_targets_not_counted(name):
    torch_loss, logits, targets = CRITERIA[name]
    criterion = losses.CRITERIA[name.split()[0]]
    compare(criterion, torch_loss, logits, targets)
    not_counted = np.isnan(targets) | (targets == losses.NOT_COUNTED)
    assert not_counted.any() == (name != "binary_cross_entropy")
    if not_counted.any():
        assert (criterion(logits, targets).gradient[not_counted] == 0).all()


@pytest.mark.parametrize(
    ("criterion", "targets"),
    [("cross_entropy", np.full(2, -100)), ("mean_squared_error", np.full((2, 3), np.nan))],
)
def test_a_loss_of_nothing_is_nan_as_in_torch_and_has_no_gradient(criterion, targets):
    found = losses.CRITERIA[criterion](np.ones((2, 3)), targets)
    assert np.isnan(found.value) and (found.gradient == 0).all()


def test_eps_form_equals_the_exact_one_where_nothing_is_clipped():
    logits, labels = np.array([0.3, -2.0, 1.0]), np.array([0, 1, 1])
    exact = losses.binary_cross_entropy_with_logits(logits, labels)
    p = 1 / (1 + np.exp(-logits))
    clipped = losses.binary_cross_entropy(p, labels)
    assert clipped.value == pytest.approx(exact.value, abs=1e-14)
    np.testing.assert_allclose(clipped.gradient * p * (1 - p), exact.gradient, rtol=0, atol=1e-14)


def test_saturated_wrong_answer_costs_minus_log_eps_and_has_no_gradient():
    binary = losses.binary_cross_entropy(np.array([1.0]), np.array([0]))
    assert binary.value == pytest.approx(18.4207, abs=5e-5)
    many = losses.cross_entropy(np.array([[1.0, 0.0]]), np.array([1]))
    assert many.value == pytest.approx(18.4207, abs=5e-5)
    assert (binary.gradient == 0).all() and (many.gradient == 0).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: losses.binary_cross_entropy_with_logits(np.zeros(2), np.array([0, 2])),
            "labels hold 2, expected 0 or 1",
        ),
        (
            lambda: losses.cross_entropy_with_logits(np.zeros((2, 3)), np.array([0, 3])),
            r"classes holds 3 at index \(1,\), expected 0 to 2",
        ),
        (
            lambda: losses.cross_entropy_with_logits(np.zeros((2, 3)), np.array([0.0, 1.0])),
            "classes holds float64, expected integers from 0 to 2",
        ),
        (
            lambda: losses.mean_squared_error(np.zeros((2, 3)), np.zeros((2, 1))),
            r"targets has shape \(2, 1\), expected \(2, 3\)",
        ),
        (
            lambda: losses.CRITERIA["binary_cross_entropy"](np.zeros((2, 3)), np.zeros(2)),
            r"logits has shape \(2, 3\), expected \(N, 1\)",
        ),
        (
            lambda: losses.CRITERIA["cross_entropy"](np.zeros((2, 4, 3)), np.zeros((2, 3), int)),
            r"classes has shape \(2, 3\), expected \(2, 4\)",
        ),
        (
            lambda: losses.CRITERIA["cross_entropy"](np.zeros((2, 3)), np.array([-100, 3])),
            "classes holds 3 at index",
        ),
        (
            lambda: losses.CRITERIA["mean_squared_error"](np.zeros((2, 3)), np.zeros((3, 2))),
            r"targets has shape \(3, 2\), expected \(2, 3\)",
        ),
        (
            lambda: losses.binary_cross_entropy_with_logits(np.zeros(2, str), np.zeros(2)),
            "logits holds <U1, expected numbers",
        ),
    ],
)
def test_bad_labels_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
