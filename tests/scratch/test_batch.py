"""The published figures of the CS231n-style exercises, given as linspace inputs."""

import numpy as np
import pytest
import torch

from rnnlab.scratch.batch import (
    generate_sequence,
    lstm_forward,
    lstm_step_forward,
    make_predictions,
    rnn_forward,
    rnn_step_forward,
)


def spaced(low, high, *shape):
    return np.linspace(low, high, int(np.prod(shape))).reshape(shape)


def test_rnn_step_has_the_published_values():
    next_h = rnn_step_forward(
        spaced(-0.4, 0.7, 3, 10),
        spaced(-0.2, 0.5, 3, 4),
        spaced(-0.1, 0.9, 10, 4),
        spaced(-0.3, 0.7, 4, 4),
        spaced(-0.2, 0.4, 4),
    )
    expected = [
        [-0.58172089, -0.50182032, -0.41232771, -0.31410098],
        [0.66854692, 0.79562378, 0.87755553, 0.92795967],
        [0.97934501, 0.99144213, 0.99646691, 0.99854353],
    ]
    np.testing.assert_allclose(next_h, expected, rtol=0, atol=1e-8)


def test_lstm_step_has_the_published_values():
    next_h, next_c = lstm_step_forward(
        spaced(-0.4, 1.2, 3, 4),
        spaced(-0.3, 0.7, 3, 3),
        spaced(-0.4, 0.9, 3, 3),
        spaced(-2.1, 1.3, 4, 12),
        spaced(-0.7, 2.2, 3, 12),
        spaced(0.3, 0.7, 12),
    )
    np.testing.assert_allclose(next_h[0], [0.2504206, 0.3178399, 0.3745214], rtol=0, atol=1e-7)
    expected_c = [[0.33428871, 0.44137207, 0.5436997], [0.55522063, 0.73013634, 0.91489604]]
    np.testing.assert_allclose(next_c[:2], expected_c, rtol=0, atol=1e-6)


def test_rnn_sequence_has_the_published_values():
    states, last = rnn_forward(
        spaced(-0.1, 0.3, 2, 3, 4),
        spaced(-0.2, 0.4, 4, 5),
        spaced(-0.4, 0.1, 5, 5),
        spaced(-0.7, 0.1, 5),
        h0=spaced(-0.3, 0.1, 2, 5),
    )
    expected_first = [-0.42070749, -0.27279261, -0.11074945, 0.05740409, 0.22236251]
    expected_last = [
        [-0.42305111, -0.24223728, -0.04287027, 0.15997045, 0.35014525],
        [-0.51014825, -0.30524429, -0.06755202, 0.17806392, 0.40333043],
    ]
    np.testing.assert_allclose(states[0, 0], expected_first, rtol=0, atol=1e-8)
    np.testing.assert_allclose(last, expected_last, rtol=0, atol=1e-8)
    np.testing.assert_array_equal(states[:, -1], last)


def test_lstm_sequence_has_the_published_values():
    states, last = lstm_forward(
        spaced(-0.4, 0.6, 2, 3, 5),
        spaced(-0.2, 0.9, 5, 16),
        spaced(-0.3, 0.6, 4, 16),
        spaced(0.2, 0.7, 16),
        h0=spaced(-0.4, 0.8, 2, 4),
    )
    expected_last = [
        [0.31358768, 0.33338627, 0.35304453, 0.37250975],
        [0.81733511, 0.83677871, 0.85403753, 0.86935314],
    ]
    np.testing.assert_allclose(states[0, 0], [0.01764008, 0.01823233, 0.01882671, 0.0194232], atol=1e-8)
    np.testing.assert_allclose(last, expected_last, rtol=0, atol=1e-8)


def test_generation_feeds_raw_outputs_back_from_a_state_of_ones():
    rng = np.random.default_rng(0)
    x, Wx, Wh, bh = (rng.standard_normal(shape) for shape in [(2, 3), (3, 4), (4, 4), (4,)])
    Wo, bo = rng.standard_normal((4, 3)), rng.standard_normal(3)
    h, fed, expected = torch.ones(2, 4).double(), torch.tensor(x), []
    for _ in range(5):
        h = torch.tanh(fed @ torch.tensor(Wx) + h @ torch.tensor(Wh) + torch.tensor(bh))
        fed = h @ torch.tensor(Wo) + torch.tensor(bo)
        expected.append(fed)
    found = generate_sequence(x, Wx, Wh, bh, Wo, bo, 5)
    np.testing.assert_allclose(found, torch.stack(expected, dim=1).numpy(), rtol=0, atol=1e-12)


def test_predictions_are_linear_in_last_and_in_all_states():
    h, Wo, bo = spaced(-1, 1, 2, 3, 4), spaced(0, 1, 4, 2), np.array([[1.0, -1.0]])
    expected = h @ Wo + bo
    np.testing.assert_allclose(make_predictions(h, Wo, bo), expected, rtol=0, atol=1e-15)
    np.testing.assert_allclose(make_predictions(h[:, -1], Wo, bo), expected[:, -1], rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"Wx": np.ones((2, 4))}, r"x has shape .*expected \(batch, time, 2\)"),
        ({"Wx": np.ones((3, 5))}, r"Wx has shape \(3, 5\), expected \(input, 4\)"),
        ({"Wh": np.ones((4, 5))}, r"Wh has shape \(4, 5\), expected \(4, 4\)"),
        ({"bh": np.ones(5)}, r"bh has shape \(5,\), expected \(4,\)"),
        ({"x": np.full((2, 5, 3), "1")}, "x holds <U1, expected numbers"),
        ({"Wh": np.full((4, 4), np.nan)}, r"Wh holds NaN, first at index \(0, 0\)"),
        ({"x": np.ones((2, 0, 3))}, "x has shape .* is empty"),
    ],
)
def test_what_does_not_fit_is_named(changed, message):
    given = {"x": np.ones((2, 5, 3)), "Wx": np.ones((3, 4)), "Wh": np.ones((4, 4)), "bh": np.ones((1, 4))}
    rnn_forward(**given)
    with pytest.raises(ValueError, match=message):
        rnn_forward(**given | changed)
