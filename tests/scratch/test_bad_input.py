"""Every bad input is a ValueError that names it, with what was expected."""

import numpy as np
import pytest

from rnnlab.scratch import GRU, LSTM, RNN, LSTMCell, RNNCell
from rnnlab.scratch.classifiers import BagOfEmbeddings, RecurrentClassifier, classifier_parameters

LAYER = LSTM.random(3, 4, rng=np.random.default_rng(0))
X = np.ones((5, 2, 3))
STATE = np.zeros((1, 2, 4))
NOT_A_NUMBER = np.where(np.arange(30).reshape(5, 2, 3) == 7, np.nan, 1.0)


def with_parameter(name, value):
    return LSTM(LAYER.parameters | {name: value})


def without(name):
    return LSTM({n: p for n, p in LAYER.parameters.items() if n != name})


@pytest.mark.unchecked_types
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: LAYER.forward(X[:, :, :2]), r"x has shape \(5, 2, 2\), expected \(time, batch, 3\)"),
        (lambda: LAYER.forward(X[:, 0]), r"x has shape \(5, 3\), expected \(time, batch, 3\)"),
        (lambda: LAYER.forward(X[:0]), r"x has shape \(0, 2, 3\) \(it is empty\)"),
        (lambda: LAYER.forward(X[:, :0]), "it is empty"),
        (lambda: LAYER.forward(X.astype(str)), "x holds <U32, expected numbers"),
        (lambda: LAYER.forward(NOT_A_NUMBER), r"x holds NaN, first at index \(1, 0, 1\)"),
        (lambda: LAYER.forward(X, lengths=[5, 6]), r"lengths holds 6 at index \(1,\), expected 1 to 5"),
        (lambda: LAYER.forward(X, lengths=[0, 5]), r"lengths holds 0 at index \(0,\), expected 1 to 5"),
        (lambda: LAYER.forward(X, lengths=[5]), r"lengths has shape \(1,\), expected \(2,\)"),
        (lambda: LAYER.forward(X, lengths=[5.0, 1.0]), "lengths holds float64, expected integers"),
        (lambda: LAYER.forward(X, h_0=STATE[:, :, :3]), r"h_0 has shape \(1, 2, 3\), expected \(1, 2, 4\)"),
        (lambda: LAYER.forward(X, c_0=STATE * np.nan), "c_0 holds NaN"),
        (lambda: LAYER.forward(X, h_0=STATE.astype(complex)), "h_0 holds complex128"),
        (
            lambda: GRU.random(3, 4, rng=np.random.default_rng(0)).forward(X, c_0=STATE),
            "c_0 was given, but GRU has no cell state",
        ),
        (
            lambda: LAYER.backward(LAYER.forward(X).cache, d_output=np.ones((4, 2, 4))),
            r"d_output has shape \(4, 2, 4\), expected \(5, 2, 4\)",
        ),
        (lambda: without("bias_hh_l0"), r"missing \['bias_hh_l0'\]"),
        (lambda: LSTM({}), r"missing \['bias_hh_l0', 'bias_ih_l0', 'weight_hh_l0', 'weight_ih_l0'\]"),
        (lambda: with_parameter("weight_xh_l0", np.ones(2)), r"unknown \['weight_xh_l0'\]"),
        (
            lambda: with_parameter("weight_ih_l0", np.ones((12, 3))),
            r"parameters l0: weight_ih has shape \(12, 3\), expected \(16, input\)",
        ),
        (lambda: with_parameter("bias_ih_l0", np.ones(4)), r"bias_ih has shape \(4,\), expected \(16,\)"),
        (lambda: with_parameter("bias_ih_l0", np.ones(16, object)), "bias_ih holds object"),
        (
            lambda: RNN.random(3, 4, rng=np.random.default_rng(0), nonlinearity="tanhh"),
            r"activation 'tanhh' is not one of tanh, relu, sigmoid, identity; did you mean 'tanh'\?",
        ),
        (
            lambda: RNNCell(np.ones((4, 3)), np.ones((4, 4)), np.ones(4), np.ones(4)).forward(
                np.ones((2, 3)), (np.ones((1, 4)),)
            ),
            r"h has shape \(1, 4\), expected \(2, 4\)",
        ),
        (
            lambda: LSTMCell(np.ones((16, 3)), np.ones((16, 4)), np.ones(16), np.ones(16)).forward(
                np.ones((2, 3)), (np.ones((2, 4)),)
            ),
            "state has 1 arrays, expected h, c",
        ),
    ],
)
def test_layer(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("ids", "lengths", "labels", "message"),
    [
        ([[1, 7]], None, [1], r"ids holds 7 at index \(0, 1\), expected 0 to 6"),
        ([[1, -1]], None, [1], r"ids holds -1 at index \(0, 1\), expected 0 to 6"),
        ([[1.0, 2.0]], None, [1], "ids holds float64, expected integers"),
        ([[]], None, [1], "ids has shape .* is empty"),
        ([[1, 2]], [3], [1], "lengths holds 3"),
        ([[1, 2]], [2], [2], "labels hold 2, expected 0 or 1"),
        ([[1, 2]], [2], [1, 0], r"labels has shape \(2,\), expected \(1,\)"),
    ],
)
@pytest.mark.parametrize("recurrent", [False, True])
def test_classifier(recurrent, ids, lengths, labels, message):
    rng = np.random.default_rng(0)
    layer = RNN.random(4, 3, rng=rng) if recurrent else None
    parameters = classifier_parameters(layer, 7, 4, head_size=5, rng=rng)
    net = RecurrentClassifier(parameters) if recurrent else BagOfEmbeddings(parameters)
    with pytest.raises(ValueError, match=message):
        net.loss_and_gradients(ids, lengths, np.array(labels))
