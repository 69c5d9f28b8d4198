"""The layers' contract: by position and by keyword, against autograd of the recurrence written out."""

import numpy as np
import pytest
import torch

from rnnlab.scratch import layers
from tests.scratch.signatures import by_position_and_by_keyword as call
from tests.scratch.signatures import check_signature, close

F, H = 3, 4
NAMES = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def set_weights(cell, seed, bias_shape=(H,)):
    rng = np.random.default_rng(seed)
    for name in NAMES:
        shape = bias_shape if name.startswith("bias") else getattr(cell, name).shape
        setattr(cell, name, rng.standard_normal(shape) / 2)
    return [torch.tensor(getattr(cell, name), requires_grad=True) for name in NAMES]


def step(x, h, weight_ih, weight_hh, bias_ih, bias_hh):
    return torch.tanh(x @ weight_ih.T + bias_ih.reshape(-1) + h @ weight_hh.T + bias_hh.reshape(-1))


def test_names_order_and_defaults_are_the_contracts():
    check_signature(layers.RNNCell, "input_size, hidden_size")
    check_signature(layers.RNNCell.forward, "x_t, h_prev")
    check_signature(layers.RNNCell.backward, "grad, h_t, x_t, h_prev")
    check_signature(layers.RNN, "input_size, hidden_size, num_layers=2")
    check_signature(layers.RNN.forward, "x, h_0=None")
    check_signature(layers.RNN.backward, "grad")
    check_signature(layers.compare_to_answer, "user_output, answer, test_name=None")


def test_weights_start_within_glorots_bounds_and_follow_the_seed():
    np.random.seed(1)
    cell = layers.RNNCell(30, 50)
    for ends, width in (("ih", 30), ("hh", 50)):
        bound = (6 / (width + 50)) ** 0.5
        weight, bias = getattr(cell, f"weight_{ends}"), getattr(cell, f"bias_{ends}")
        assert weight.shape == (50, width) and bias.shape == (50,)
        for drawn in (weight, bias):
            assert 0.9 * bound < np.abs(drawn).max() <= bound
            assert not getattr(cell, f"grad_{'weight' if drawn is weight else 'bias'}_{ends}").any()
    np.random.seed(1)
    np.testing.assert_array_equal(layers.RNNCell(30, 50).weight_hh, cell.weight_hh)


@pytest.mark.parametrize("bias_shape", [(H,), (1, H)])
@pytest.mark.parametrize("size", [1, 2])
def test_cell(size, bias_shape):
    rng, cell = np.random.default_rng(0), layers.RNNCell(F, H)
    t = set_weights(cell, 1, bias_shape)
    x, h = rng.standard_normal((size, F)), rng.standard_normal((size, H))
    t_x, t_h = torch.tensor(x, requires_grad=True), torch.tensor(h, requires_grad=True)
    grad = rng.standard_normal((size, H))
    expected = step(t_x, t_h, *t)
    expected.backward(torch.tensor(grad))
    h_t = call(cell.forward, x, h)
    close(h_t, expected)
    dx, dh_prev = cell.backward(grad, h_t, x, h)
    close(dx, t_x.grad)
    close(dh_prev, t_h.grad)
    for name, reference in zip(NAMES, t, strict=True):
        close(getattr(cell, f"grad_{name}"), reference.grad)
    again = cell.backward(grad=grad, h_t=h_t, x_t=x, h_prev=h)
    close(again[0], t_x.grad)
    for name, reference in zip(NAMES, t, strict=True):
        close(getattr(cell, f"grad_{name}"), 2 * reference.grad)
    cell.grad_weight_hh[:] = 0
    cell.zero_grad()
    cell.backward(grad, h_t, x, h)
    for name, reference in zip(NAMES, t, strict=True):
        close(getattr(cell, f"grad_{name}"), reference.grad)


def test_the_slope_of_tanh_is_taken_at_the_state_that_is_given():
    cell = layers.RNNCell(F, H)
    set_weights(cell, 1)
    h_t = np.full((1, H), 0.5)
    dx, _ = cell.backward(np.ones((1, H)), h_t, np.ones((1, F)), np.ones((1, H)))
    close(dx, np.full((1, H), 0.75) @ cell.weight_ih)


@pytest.mark.parametrize("initial", [False, True])
@pytest.mark.parametrize(("size", "time", "num_layers"), [(1, 1, 1), (2, 4, 2), (3, 2, 3)])
def test_net(size, time, num_layers, initial):
    rng = np.random.default_rng(2)
    net = layers.RNN(F, H) if num_layers == 2 else layers.RNN(F, H, num_layers)
    assert [type(cell) for cell in net.layers] == [layers.RNNCell] * num_layers
    t = [set_weights(cell, 3 + k, [(H,), (1, H)][k % 2]) for k, cell in enumerate(net.layers)]
    x, h_0 = rng.standard_normal((size, time, F)), rng.standard_normal((num_layers, size, H)) * initial
    t_x, t_h = torch.tensor(x, requires_grad=True), torch.tensor(h_0, requires_grad=True)
    hiddens = [list(t_h)]
    for k in range(time):
        below, states = t_x[:, k], []
        for previous, weights in zip(hiddens[-1], t, strict=True):
            below = step(below, previous, *weights)
            states.append(below)
        hiddens.append(states)
    given = (x, h_0) if initial else (x,)
    output, h_n = call(net.forward, *given)
    close(output, torch.stack([states[-1] for states in hiddens[1:]], dim=1))
    close(h_n, torch.stack(hiddens[-1]))
    close(net.hiddens, torch.stack([torch.stack(states) for states in hiddens]))
    grad = rng.standard_normal((size, H))
    hiddens[-1][-1].backward(torch.tensor(grad))
    dx, dh_0 = net.backward(grad)
    close(dx, t_x.grad)
    close(dh_0, t_h.grad)
    net.backward(grad=grad)
    for cell, references in zip(net.layers, t, strict=True):
        for name, reference in zip(NAMES, references, strict=True):
            if time == 1 and not initial and name == "weight_hh":
                assert not getattr(cell, f"grad_{name}").any()
            else:
                close(getattr(cell, f"grad_{name}"), 2 * reference.grad)


def test_integers_are_taken():
    cell = layers.RNNCell(1, 1)
    cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh = [[1]], [[-1]], [0], [1]
    h_t = cell.forward([[1]], [[2]])
    assert h_t.tolist() == [[0.0]]
    dx, dh_prev = cell.backward([[3]], h_t, [[1]], [[2]])
    assert (dx.tolist(), dh_prev.tolist()) == ([[3.0]], [[-3.0]])
    assert cell.grad_weight_hh.tolist() == [[6.0]]


@pytest.mark.parametrize(
    ("found", "expected", "says"),
    [
        (np.array([1.0, 2.0]), np.array([1.0, 2.0]), "right"),
        ([1.0, 2.0], np.array([1.0, 2.0]), "the type is list, expected ndarray"),
        (np.ones((2, 1)), np.ones(2), "the shape is (2, 1), expected (2,)"),
        (
            np.array([[1.0, 2.5]]),
            np.array([[1.0, 2.0]]),
            "the value at [0, 1] is 2.5, expected 2 (1 of 2 differ)",
        ),
        (
            (np.ones(2), np.zeros(2)),
            (np.ones(2), np.ones(2)),
            "[1]: the value at [0] is 0, expected 1 (2 of 2 differ)",
        ),
        ((1,), (1, 2), "the length is 1, expected 2"),
        ({"a": np.ones(1)}, {"b": np.ones(1)}, "the keys are ['a'], expected ['b']"),
        (1.0, 1.5, "the value is 1, expected 1.5 (1 of 1 differ)"),
        ("a", "b", "the value is 'a', expected 'b'"),
        (None, None, "right"),
    ],
)
def test_compare_says_what_differs(found, expected, says, capsys):
    assert layers.compare_to_answer(found, expected, "cell") is (says == "right")
    assert capsys.readouterr().out == f"cell: {says}\n"
    layers.compare_to_answer(user_output=found, answer=expected)
    assert capsys.readouterr().out == f"output: {says}\n"


@pytest.mark.unchecked_types
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: layers.RNNCell(0, 2), "input_size is 0, expected 1 or more"),
        (lambda: layers.RNN(1, 2, 0), "num_layers is 0, expected 1 or more"),
        (
            lambda: setattr(layers.RNNCell(F, H), "weight_ih", np.ones((F, H))),
            "weight_ih has shape .3, 4., expected .4, 3.",
        ),
        (
            lambda: setattr(layers.RNNCell(F, H), "bias_hh", np.ones(3)),
            r"bias_hh has shape \(3,\), expected \(4,\)",
        ),
        (lambda: layers.RNNCell(F, H).forward(np.ones((2, 2)), np.ones((2, H))), "x_t has shape"),
        (
            lambda: layers.RNNCell(F, H).forward(np.ones((2, F)), None),
            "h_prev holds object, expected numbers",
        ),
        (
            lambda: layers.RNNCell(F, H).backward(
                np.ones((1, H)), np.ones((2, H)), np.ones((2, F)), np.ones((2, H))
            ),
            r"grad has shape \(1, 4\), expected \(2, 4\)",
        ),
        (
            lambda: layers.RNN(F, H).forward(np.ones((2, F))),
            r"x has shape \(2, 3\), expected \(batch, time, 3\)",
        ),
        (lambda: layers.RNN(F, H).forward(np.ones((2, 5, F)), np.ones((1, 2, H))), "h_0 has shape"),
        (lambda: layers.RNN(F, H).backward(np.ones((2, H))), "there was none"),
    ],
)
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
