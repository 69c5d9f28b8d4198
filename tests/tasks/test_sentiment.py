import math

import numpy as np
import pytest
import torch

from rnnlab.tasks.sentiment import Sentiment

TASK = Sentiment()


def test_the_loss_is_minus_the_logarithm_of_the_right_class_probability() -> None:
    logits = torch.tensor([[2.0], [2.0], [-1.5], [-1.5]], dtype=torch.float64)
    targets = torch.tensor([1.0, 0.0, 1.0, 0.0], dtype=torch.float64)
    probability = 1 / (1 + np.exp(-logits[:, 0].numpy()))
    expected = -np.log(np.where(targets == 1, probability, 1 - probability))
    assert (expected > 0.1).all()
    np.testing.assert_allclose(TASK.measure(logits, targets)["loss"], expected, rtol=1e-14)


def test_a_saturated_answer_has_a_finite_loss() -> None:
    loss = TASK.measure(torch.tensor([[200.0], [-200.0]]), torch.tensor([0.0, 1.0]))["loss"]
    assert loss.tolist() == [200.0, 200.0]


@pytest.mark.parametrize(
    ("logit", "target", "right"),
    [(0.1, 1, 1), (0.1, 0, 0), (-0.1, 1, 0), (-0.1, 0, 1), (0.0, 0, 1), (0.0, 1, 0), (90, 1, 1), (-90, 0, 1)],
)
def test_a_probability_above_one_half_means_positive(logit: float, target: int, right: int) -> None:
    for dtype in (torch.float32, torch.float64):
        measured = TASK.measure(torch.tensor([[logit]], dtype=dtype), torch.tensor([target], dtype=dtype))
        assert measured["acc"].tolist() == [right]
        assert measured["acc"].dtype == dtype


def test_only_the_loss_has_a_gradient() -> None:
    logits = torch.tensor([[0.3], [-0.2]], requires_grad=True)
    measured = TASK.measure(logits, torch.tensor([1.0, 1.0]))
    assert measured["loss"].requires_grad and not measured["acc"].requires_grad
    assert set(measured) == set(TASK.metrics)


def test_probabilities_are_those_of_the_positive_class() -> None:
    probabilities = TASK.probabilities(torch.tensor([[0.0], [math.log(3)]], dtype=torch.float64))
    np.testing.assert_allclose(probabilities, [0.5, 0.75], rtol=1e-14)
    assert TASK.classes == ("neg", "pos")
