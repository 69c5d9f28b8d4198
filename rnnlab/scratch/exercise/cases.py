"""What is asked of every function of a notation: the same call of the student's and of the engine's.

A case calls a module `m`, one or the other, with drawn numbers `d`. Sizes differ from each other, so that a
wrong axis shows. Numbers in brackets are equations of docs/from-scratch.md.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from rnnlab.scratch import batch, course, layers, memory

NOTATIONS: dict[str, Any] = {"course": course, "batch": batch, "layers": layers, "memory": memory}
WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


class Case(NamedTuple):
    """A function or a class's method: the equation it computes, and the call.

    last: the engine's share of the last step alone, where there is a sum over steps.
    """

    equation: str
    call: Callable[[Any, Any], Any]
    last: Callable[[Any, Any], Any] | None = None


def draw(notation: str, seed: int) -> SimpleNamespace:
    """Returns numbers for a notation's cases: several steps with tanh, of seed 2 the default activation."""
    rng, steps = np.random.default_rng(seed), 3 + seed
    if notation == "course":
        return _draw_course(rng, steps, seed)
    N, F, H, O = 3, 2, 4, 5  # noqa: E741
    gates = rng.standard_normal((F + H + 1, 4 * H)) / 2
    d = SimpleNamespace(steps=steps, batch=N, samples=N, x=rng.standard_normal((N, steps, F)))
    d.h, d.c, d.grad, d.h_t = (rng.uniform(-0.9, 0.9, (N, H)) for _ in range(4))
    d.Wx, d.Wh, d.bh = gates[:F, :H], gates[F:-1, :H], gates[-1, :H]
    d.Wx4, d.Wh4, d.bh4 = gates[:F], gates[F:-1], gates[-1]
    d.Wo, d.bo = rng.standard_normal((H, O)), rng.standard_normal(O)
    d.Wf, d.bf = rng.standard_normal((H, F)) / 2, rng.standard_normal(F)
    d.bh2, d.d_y = rng.standard_normal(H), rng.standard_normal((N, O))
    return d


def _draw_course(rng: np.random.Generator, steps: int, seed: int) -> SimpleNamespace:
    F, H, C = 3, 2, 4
    name = "relu" if seed == 2 else "tanh"
    d = SimpleNamespace(steps=steps, batch=1, activation=name)
    d.f, d.g = ((), ()) if seed == 2 else ((course.tanh,), (course.tanh_derivative,))
    d.x = list(rng.standard_normal((steps, F)))
    d.W, d.U = rng.standard_normal((H, 1 + F)) / 2, rng.standard_normal((H, H)) / 2
    d.W[:, 0] += 1  # so that units are on
    d.v, d.V = rng.standard_normal(1 + H), rng.standard_normal((C, 1 + H))
    d.delta, d.error = rng.standard_normal(H), rng.standard_normal(C)
    d.classes = [1 + t % C for t in range(steps)]
    d.h, d.p = course.recurrent_classifier_forward(d.x, d.W, d.U, d.v, *d.f)
    _, d.o = course.recurrent_tagger_forward(d.x, d.W, d.U, d.V, *d.f)
    d.of_tanh, d.of_sigmoid, d.samples = np.tanh(d.error), course.sigmoid(d.error), 3
    d.labelled = [(d.x, 1), (d.x[:2], 0), (d.x[1:], 1)]
    d.tagged = [(d.x, d.classes), (d.x[:2], d.classes[1:3]), (d.x[1:], d.classes[:-1])]
    return d


COURSE = {
    "insert_bias": Case("(1)", lambda m, d: m.insert_bias(d.x[0])),
    "linear": Case("(38)", lambda m, d: m.linear(d.V, np.insert(d.h[0], 0, 1))),
    "sigmoid": Case("sigmoid(a) = 1 / (1 + exp(-a))", lambda m, d: m.sigmoid(d.error)),
    "sigmoid_derivative": Case("y (1 - y) of the output y", lambda m, d: m.sigmoid_derivative(d.of_sigmoid)),
    "tanh": Case("tanh(a)", lambda m, d: m.tanh(d.error)),
    "tanh_derivative": Case("1 - y² of the output y", lambda m, d: m.tanh_derivative(d.of_tanh)),
    "relu": Case("max(a, 0)", lambda m, d: m.relu(d.error)),
    "relu_derivative": Case(
        "1 where the output is above 0", lambda m, d: m.relu_derivative(np.maximum(d.error, 0))
    ),
    "logistic_layer": Case("sigmoid of (38)", lambda m, d: m.logistic_layer(d.h[0], d.v)),
    "softmax_layer": Case("softmax of (38)", lambda m, d: m.softmax_layer(d.h[0], d.V)),
    "crossent_loss_gradient": Case("(41)", lambda m, d: m.crossent_loss_gradient(d.p, 1)),
    "calculate_weights_gradient": Case("(39)", lambda m, d: m.calculate_weights_gradient(d.delta, d.x[0])),
    "send_delta_back": Case("(39)", lambda m, d: m.send_delta_back(d.error, d.V)),
    "recurrent_linear": Case("(1)", lambda m, d: m.recurrent_linear(d.x[1], d.W, d.h[0], d.U)),
    "get_hidden": Case("(2)", lambda m, d: m.get_hidden(d.h[0], d.U, d.x[1], d.W, *d.f)),
    "get_hidden_sequence": Case("(2)", lambda m, d: m.get_hidden_sequence(d.x, d.W, d.U, *d.f)),
    "recurrent_classifier_forward": Case(
        "(2), (38)", lambda m, d: m.recurrent_classifier_forward(d.x, d.W, d.U, d.v, *d.f)
    ),
    "get_weights_gradients": Case("(4), (5)", lambda m, d: m.get_weights_gradients(d.delta, d.x[1], d.h[0])),
    "get_prev_delta": Case("(8), (3)", lambda m, d: m.get_prev_delta(d.delta, d.U, d.h[0], *d.g)),
    "get_overall_weights_gradients": Case(
        "(3) to (8), summed over steps",
        lambda m, d: m.get_overall_weights_gradients(d.delta, d.U, d.x, d.h[:-1], *d.g),
        lambda m, d: m.get_weights_gradients(d.delta, d.x[-1], d.h[-2]),
    ),
    "recurrent_classifier_backward": Case(
        "(41), (39), (3) to (8)",
        lambda m, d: m.recurrent_classifier_backward(d.p, 1, d.v, d.U, d.x, d.h, *d.g),
        lambda m, d: m.recurrent_classifier_backward(
            d.p, 1, d.v, d.U, d.x[-1:], d.h[-1:], *d.g, prev_hidden=d.h[-2]
        ),
    ),
    "recurrent_classifier_loss": Case(
        "(40)", lambda m, d: m.recurrent_classifier_loss(d.labelled, d.W, d.U, d.v, *d.f)
    ),
    "train_epoch_classifier": Case(
        "(48)", lambda m, d: m.train_epoch_classifier(d.labelled, d.W, d.U, d.v, 0.1, d.activation)
    ),
    "get_output_sequence": Case("softmax of (38)", lambda m, d: m.get_output_sequence(d.h, d.V)),
    "recurrent_tagger_forward": Case(
        "(2), softmax of (38)", lambda m, d: m.recurrent_tagger_forward(d.x, d.W, d.U, d.V, *d.f)
    ),
    "get_intermediate_weights_gradients": Case(
        "(43), (39), (3) to (8)",
        lambda m, d: m.get_intermediate_weights_gradients(d.o, d.classes, d.V, d.U, d.x, d.h, *d.g),
    ),
    "recurrent_tagger_backward": Case(
        "(43), (39), (3) to (8), averaged over targets",
        lambda m, d: m.recurrent_tagger_backward(d.o, d.classes, d.V, d.U, d.x, d.h, *d.g),
    ),
    "tagged_sample_loss": Case(
        "(42)", lambda m, d: m.tagged_sample_loss(d.x, d.classes, d.W, d.U, d.V, *d.f)
    ),
    "recurrent_tagger_loss": Case(
        "(42)", lambda m, d: m.recurrent_tagger_loss(d.tagged, d.W, d.U, d.V, *d.f)
    ),
    "train_epoch_tagger": Case(
        "(48)", lambda m, d: m.train_epoch_tagger(d.tagged, d.W, d.U, d.V, 0.1, d.activation)
    ),
}

BATCH = {
    "rnn_step_forward": Case("(1), (2)", lambda m, d: m.rnn_step_forward(d.x[:, 0], d.h, d.Wx, d.Wh, d.bh)),
    "rnn_forward": Case("(1), (2)", lambda m, d: m.rnn_forward(d.x, d.Wx, d.Wh, d.bh)),
    "lstm_step_forward": Case(
        "(11) to (17)",
        lambda m, d: m.lstm_step_forward(d.x[:, 0], d.h, d.c, d.Wx4, d.Wh4, d.bh4),
    ),
    "lstm_forward": Case("(11) to (17)", lambda m, d: m.lstm_forward(d.x, d.Wx4, d.Wh4, d.bh4)),
    "make_predictions": Case("(38)", lambda m, d: m.make_predictions(d.h, d.Wo, d.bo)),
    "generate_sequence": Case(
        "(1), (2), (38)",
        lambda m, d: m.generate_sequence(d.x[:, 0], d.Wx, d.Wh, d.bh, d.Wf, d.bf, d.steps),
    ),
}


def _fill(cell: Any, d: Any, scale: float = 1) -> Any:
    weights = (d.Wx.T if cell.weight_ih.shape == d.Wx.T.shape else d.Wh.T, d.Wh.T, d.bh, d.bh2)
    for name, array in zip(WEIGHTS, weights, strict=True):
        setattr(cell, name, scale * array.reshape(getattr(cell, name).shape))
    return cell


def _cell(m: Any, d: Any) -> Any:
    return _fill(m.RNNCell(d.x.shape[2], d.h.shape[1]), d)


def _gradients(cell: Any) -> dict[str, Any]:
    return {name: np.ravel(getattr(cell, f"grad_{name}")) for name in WEIGHTS}


def _cell_back(m: Any, d: Any) -> Any:
    cell = _cell(m, d)
    for name in WEIGHTS:
        setattr(cell, f"grad_{name}", np.zeros_like(getattr(cell, name)))
    for _ in range(2):  # gradients add up
        d_x, d_h = cell.backward(d.grad, d.h_t, d.x[:, 0], d.h)
    return d_x, d_h, _gradients(cell)


def _layers(m: Any, d: Any) -> tuple[Any, Any]:
    net = m.RNN(d.x.shape[2], d.h.shape[1], num_layers=2)
    for k, cell in enumerate(net.layers):
        _fill(cell, d, scale=1 - k / 4)
    return net, net.forward(d.x, np.stack([d.h, d.c]))


def _layers_back(m: Any, d: Any) -> Any:
    net, _ = _layers(m, d)
    return (*net.backward(d.grad), [_gradients(cell) for cell in net.layers])


LAYERS = {
    "RNNCell.forward": Case("(1), (2)", lambda m, d: _cell(m, d).forward(d.x[:, 0], d.h)),
    "RNNCell.backward": Case("(3) to (8)", _cell_back),
    "RNN.forward": Case("(1), (2)", lambda m, d: _layers(m, d)[1]),
    "RNN.backward": Case("(3) to (8), (10)", _layers_back),
}


def _memory(m: Any, d: Any) -> tuple[Any, Any]:
    net = m.RNN(d.x.shape[2], d.h.shape[1], len(d.bo))
    net.set_weights({"W": d.Wx, "R": d.Wh, "bs": d.bh[:, None], "V": d.Wo, "by": d.bo[:, None]})
    return net, net.forward(d.x.swapaxes(0, 1))


def _update(m: Any, d: Any) -> Any:
    net, _ = _memory(m, d)
    net.backward(d.d_y)
    net.update(0.1)
    return net.get_weights()


def _loss_back(m: Any, d: Any) -> Any:
    loss = m.MSELoss()
    loss.forward(d.d_y, d.d_y + 1 + d.bo)
    return loss.backward()


def _samples(m: Any, d: Any) -> Any:
    x, y = next(m.generate_samples(d.batch, d.steps))
    return x.shape, y.shape, float(np.abs(x[0] - y).max()), bool(np.abs(x).max() <= 1)


MEMORY = {
    "RNN.forward": Case("(1), (2), (38)", lambda m, d: _memory(m, d)[1]),
    "RNN.backward": Case("(39), (3) to (8)", lambda m, d: dict(_memory(m, d)[0].backward(d.d_y))),
    "RNN.update": Case("(48)", _update),
    "MSELoss.forward": Case("(44)", lambda m, d: m.MSELoss().forward(d.d_y, d.d_y + 1 + d.bo)),
    "MSELoss.backward": Case("(45)", _loss_back),
    "generate_samples": Case("y is the first number of x, within -1 and 1", _samples),
}
CASES = {"course": COURSE, "batch": BATCH, "layers": LAYERS, "memory": MEMORY}
