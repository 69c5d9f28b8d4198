"""The batch notation's contract: by position and by keyword, against the recurrences written out."""

import numpy as np
import pytest

from rnnlab.scratch import batch
from tests.scratch.signatures import by_position_and_by_keyword as call
from tests.scratch.signatures import check_signature, close

CONTRACT = {
    "rnn_step_forward": "x, prev_h, Wx, Wh, bh",
    "rnn_forward": "x, Wx, Wh, bh",
    "lstm_step_forward": "x, prev_h, prev_c, Wx, Wh, bh",
    "lstm_forward": "x, Wx, Wh, bh",
    "make_predictions": "h, Wo, bo",
    "generate_sequence": "x, Wx, Wh, bh, Wo, bo, T",
}
D, H = 3, 4


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def rnn_step(x, h, Wx, Wh, bh):
    return np.tanh(x @ Wx + h @ Wh + bh)


def lstm_step(x, h, c, Wx, Wh, bh):
    i, f, o, g = np.split(x @ Wx + h @ Wh + bh, 4, axis=1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def weights(gates, whole=False, seed=0):
    rng = np.random.default_rng(seed)
    shapes = [(D, gates * H), (H, gates * H), (gates * H,)]
    if whole:
        return [rng.integers(-2, 3, shape) for shape in shapes]
    return [rng.standard_normal(shape) for shape in shapes]


@pytest.mark.parametrize("name", CONTRACT)
def test_names_and_order_are_the_contracts(name):
    check_signature(getattr(batch, name), CONTRACT[name])


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("size", [1, 3])
def test_one_step(size, whole):
    x, h, c = np.random.default_rng(1).integers(-2, 3, (3, size, H))
    x = x[:, :D]
    if not whole:
        x, h, c = x / 3, h / 3, c / 3
    of_rnn, of_lstm = weights(1, whole), weights(4, whole)
    close(call(batch.rnn_step_forward, x, h, *of_rnn), rnn_step(x, h, *of_rnn))
    found = call(batch.lstm_step_forward, x, h, c, *of_lstm)
    assert isinstance(found, tuple)
    for state, expected in zip(found, lstm_step(x, h, c, *of_lstm), strict=True):
        close(state, expected)
        assert state.dtype == np.float64


@pytest.mark.parametrize("initial", [False, True])
@pytest.mark.parametrize(("size", "time"), [(1, 1), (2, 5)])
def test_all_steps(size, time, initial):
    rng = np.random.default_rng(2)
    x, of_rnn, of_lstm = rng.standard_normal((size, time, D)), weights(1), weights(4)
    h0, c0 = rng.standard_normal((2, size, H)) * initial
    h, expected = h0, []
    for t in range(time):
        h = rnn_step(x[:, t], h, *of_rnn)
        expected.append(h)
    given = {"h0": h0} if initial else {}
    states, last = batch.rnn_forward(x, *of_rnn, **given)
    close(states, np.stack(expected, axis=1))
    close(last, expected[-1])
    h, c, expected = h0, c0, []
    for t in range(time):
        h, c = lstm_step(x[:, t], h, c, *of_lstm)
        expected.append(h)
    given = {"h0": h0, "c0": c0} if initial else {}
    states, last = batch.lstm_forward(x, *of_lstm, **given)
    close(states, np.stack(expected, axis=1))
    close(last, expected[-1])
    if not initial:
        call(batch.rnn_forward, x, *of_rnn)
        call(batch.lstm_forward, x, *of_lstm)


@pytest.mark.parametrize("steps", [1, 4])
def test_predictions_and_what_they_lead_to(steps):
    rng = np.random.default_rng(3)
    of_rnn, Wo, bo = weights(1), rng.standard_normal((H, D)), rng.standard_normal((1, D))
    h = rng.standard_normal((2, 5, H))
    close(call(batch.make_predictions, h, Wo, bo), h @ Wo + bo)
    close(batch.make_predictions(h[:, -1], Wo, bo[0]), h[:, -1] @ Wo + bo)
    x = fed = rng.standard_normal((2, D))
    h, expected = np.ones((2, H)), []
    for _ in range(steps):
        h = rnn_step(fed, h, *of_rnn)
        fed = h @ Wo + bo
        expected.append(fed)
    close(call(batch.generate_sequence, x, *of_rnn, Wo, bo, steps), np.stack(expected, axis=1))


def test_float32_stays_float32():
    of_rnn = [w.astype(np.float32) for w in weights(1)]
    assert batch.rnn_forward(np.ones((2, 3, D), np.float32), *of_rnn)[0].dtype == np.float32


@pytest.mark.unchecked_types
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: batch.rnn_step_forward([[1, 2]], [[1] * H], *weights(1)), r"x has shape .*\(batch, 3\)"),
        (
            lambda: batch.rnn_step_forward([[1] * D], [[1]], *weights(1)),
            r"prev_h has shape \(1, 1\), expected",
        ),
        (
            lambda: batch.lstm_step_forward([[1] * D], [[1] * H], [[1]], *weights(4)),
            r"prev_c has shape \(1, 1\), expected \(1, 4\)",
        ),
        (lambda: batch.rnn_forward([[[1] * D]], *weights(4)), r"Wh has shape \(4, 16\), expected \(4, 4\)"),
        (lambda: batch.rnn_forward([[[1] * D]], *weights(1), h0=[[1]]), r"h0 has shape \(1, 1\)"),
        (lambda: batch.lstm_forward([[["a"] * D]], *weights(4)), "x holds <U1, expected numbers"),
        (
            lambda: batch.lstm_forward([[[1] * D]], *weights(4)[:2], [1]),
            r"bh has shape \(1,\), expected \(16,\)",
        ),
        (
            lambda: batch.make_predictions([[1, 2]], [[1], [2]], [1, 2]),
            r"bo has shape \(2,\), expected \(1,\)",
        ),
        (lambda: batch.generate_sequence([[1] * D], *weights(1), np.ones((H, D)), [0] * D, 0), "T is 0"),
    ],
)
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
