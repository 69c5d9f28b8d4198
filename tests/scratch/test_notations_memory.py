"""The memory exercise's contract: by position and by keyword, against autograd with weights per step."""

import itertools

import matplotlib
import numpy as np
import pytest
import torch

from rnnlab.scratch import memory
from tests.scratch.signatures import by_position_and_by_keyword as call
from tests.scratch.signatures import check_signature, close

F, H, OUT = 2, 4, 3


def make(sizes=(F, H, OUT), seed=0):
    rng, net = np.random.default_rng(seed), memory.RNN(*sizes)
    net.set_weights({name: rng.standard_normal(w.shape) / 2 for name, w in net.get_weights().items()})
    return net


def torch_forward(net, x):
    """Returns the output, and the weights, of which those of the state are other tensors at every step."""
    time, state = len(x), torch.zeros(x.shape[1], net.hidden_size, dtype=torch.float64)
    t = {name: torch.tensor(w).repeat(time, 1, 1).requires_grad_() for name, w in net.get_weights().items()}
    for k in range(time):
        state = torch.tanh(torch.tensor(x[k]) @ t["W"][k] + state @ t["R"][k] + t["bs"][k].T)
    return state @ t["V"][0] + t["by"][0].T, t


def test_names_order_and_defaults_are_the_contracts():
    check_signature(memory.RNN, "input_size, hidden_size, output_size")
    check_signature(memory.RNN.reset_parameters, "")
    check_signature(memory.RNN.forward, "x")
    check_signature(memory.RNN.backward, "d_loss")
    check_signature(memory.RNN.update, "lr")
    check_signature(memory.RNN.get_weights, "")
    check_signature(memory.RNN.set_weights, "weights")
    check_signature(memory.generate_samples, "batch_size, seq_length")
    check_signature(memory.MSELoss, "")
    check_signature(memory.MSELoss.forward, "y_hat, y_true")
    check_signature(memory.MSELoss.backward, "")
    check_signature(memory.Learner, "model, loss_obj, data_generator")
    check_signature(memory.Learner.train, "iter_steps, lr, log_steps=50")
    check_signature(memory.Learner.plot_loss, "")
    check_signature(memory.Learner.make_predictions, "n_batches")
    check_signature(memory.Learner.scatter_plot, "")


def test_the_start_is_the_identity_with_uniform_weights_around_it():
    np.random.seed(2)
    net = memory.RNN(input_size=20, hidden_size=30, output_size=40)
    start = net.get_weights()
    assert {name: w.shape for name, w in start.items()} == {
        "W": (20, 30),
        "R": (30, 30),
        "bs": (30, 1),
        "V": (30, 40),
        "by": (40, 1),
    }
    np.testing.assert_array_equal(net.R, np.eye(30))
    assert not net.bs.any() and not net.by.any()
    for weight, fan_in in ((net.W, 20), (net.V, 30)):
        bound = (3 / fan_in) ** 0.5
        assert 0.95 * bound < np.abs(weight).max() <= bound
    net.reset_parameters()
    assert (start["W"] != net.W).all()
    np.random.seed(2)
    np.testing.assert_array_equal(memory.RNN(20, 30, 40).W, start["W"])


@pytest.mark.parametrize(("time", "size"), [(1, 1), (1, 3), (5, 1), (4, 3)])
def test_forward_and_a_gradient_for_every_step(time, size):
    net, x = make(), np.random.default_rng(1).standard_normal((time, size, F))
    y, t = torch_forward(net, x)
    close(call(net.forward, x), y)
    d_loss = np.random.default_rng(2).standard_normal((size, OUT))
    y.backward(torch.tensor(d_loss))
    found = net.backward(d_loss=d_loss)
    assert sorted(found) == ["d_R", "d_V", "d_W", "d_bs", "d_by"]
    for name in ("V", "by"):
        close(found[f"d_{name}"], t[name].grad[0])
    for name in ("W", "bs"):
        close(found[f"d_{name}"], t[name].grad)
    assert not found["d_R"][0].any() and found["d_R"].shape == (time, H, H)  # the state before is zero
    if time > 1:
        close(found["d_R"][1:], t["R"].grad[1:])
    before = net.get_weights()
    net.update(0.1)
    for name, weight in net.get_weights().items():
        gradient = t[name].grad.sum(dim=0)
        if name == "R" and time == 1:
            np.testing.assert_array_equal(weight, before[name])
        else:
            close(weight, torch.tensor(before[name]) - 0.1 * gradient)


def test_weights_are_copied_out_and_may_be_set_one_by_one_and_as_integers():
    net = memory.RNN(1, 1, 1)
    weights = net.get_weights()
    weights["W"][:] = 7
    assert net.W != 7
    net.set_weights(weights={"W": [[1]], "R": [[2]], "bs": [[-1]], "V": [[3]], "by": [[4]]})
    net.by = [[5]]
    assert net.forward([[[1]], [[1]]]).tolist() == [[5.0]]


def test_mean_squared_error():
    loss, rng = memory.MSELoss(), np.random.default_rng(3)
    y_hat, y_true = rng.standard_normal((2, 5, 2))
    t = torch.tensor(y_hat, requires_grad=True)
    expected = ((t - torch.tensor(y_true)) ** 2).mean()
    expected.backward()
    found = call(loss.forward, y_hat, y_true)
    assert isinstance(found, float) and found == pytest.approx(expected.item(), abs=1e-12)
    close(loss.backward(), t.grad)


def test_samples_ask_for_the_first_number():
    np.random.seed(4)
    samples = memory.generate_samples(batch_size=500, seq_length=3)
    (x, y), (other, _) = next(samples), next(samples)
    assert x.shape == (3, 500, 1) and y.shape == (500, 1)
    np.testing.assert_array_equal(y, x[0])
    assert (x != other).any()
    assert -1 <= x.min() < -0.99 and 0.99 < x.max() <= 1


def test_a_learner_descends_prints_and_goes_on(capsys):
    batches = [(np.full((3, 2, 1), k / 4), np.full((2, 1), 1 - k / 4)) for k in range(3)]
    net = make((1, H, 1), seed=5)
    expected = {name: torch.tensor(w, requires_grad=True) for name, w in net.get_weights().items()}
    losses = []
    for x, y in [*batches, batches[0], batches[1]]:
        state = torch.zeros(2, H, dtype=torch.float64)
        for x_t in torch.tensor(x):
            state = torch.tanh(x_t @ expected["W"] + state @ expected["R"] + expected["bs"].T)
        loss = ((state @ expected["V"] + expected["by"].T - torch.tensor(y)) ** 2).mean()
        gradients = torch.autograd.grad(loss, list(expected.values()))
        losses.append(loss.item())
        expected = {
            name: (w - 0.1 * d).detach().requires_grad_()
            for (name, w), d in zip(expected.items(), gradients, strict=True)
        }
    learner = memory.Learner(model=net, loss_obj=memory.MSELoss(), data_generator=itertools.cycle(batches))
    learner.train(3, 0.1, 2)
    learner.train(iter_steps=2, lr=0.1, log_steps=2)
    close(learner.losses, losses)
    for name, weight in net.get_weights().items():
        close(weight, expected[name])
    assert capsys.readouterr().out == f"step 2: loss {losses[1]:.5f}\nstep 4: loss {losses[3]:.5f}\n"


def test_predictions_and_figures(monkeypatch):
    matplotlib.use("Agg")
    from matplotlib import pyplot

    np.random.seed(6)
    net = make((1, H, 1))
    learner = memory.Learner(net, memory.MSELoss(), memory.generate_samples(4, 3))
    learner.train(5, 0.1)
    y_hat, y_true = learner.make_predictions(n_batches=3)
    assert y_hat.shape == y_true.shape == (12, 1)
    of_loss, of_predictions = learner.plot_loss(), learner.scatter_plot()
    np.testing.assert_array_equal(of_loss.lines[0].get_ydata(), learner.losses)
    np.testing.assert_array_equal(of_predictions.collections[0].get_offsets(), np.hstack([y_true, y_hat]))
    pyplot.close("all")


@pytest.mark.unchecked_types
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: memory.RNN(1, 0, 1), "hidden_size is 0, expected 1 or more"),
        (lambda: make().forward(np.ones((3, 2))), r"x has shape \(3, 2\), expected \(time, batch, 2\)"),
        (lambda: make().backward(np.ones((2, 3))), "there was none"),
        (lambda: make().update(0.1), "there was none"),
        (lambda: make().set_weights({"bh": [1]}), "weights has 'bh', expected W, R, bs, V, by"),
        (lambda: make().set_weights({"bs": np.ones(H)}), r"bs has shape \(4,\), expected \(4, 1\)"),
        (
            lambda: memory.MSELoss().forward(np.ones((2, 1)), np.ones(2)),
            r"y_true has shape \(2,\), expected \(2, 1\)",
        ),
        (lambda: memory.MSELoss().backward(), "there was none"),
        (lambda: next(memory.generate_samples(0, 3)), "batch_size is 0"),
        (lambda: memory.Learner(make(), memory.MSELoss(), iter([])).train(1, 0.1, 0), "log_steps is 0"),
    ],
)
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
