"""Gradients taken apart by steps equal autograd's of torch cells, a copy of the weights for every step."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import nn

from rnnlab.cells import shipped_cells
from rnnlab.scratch import memory
from rnnlab.scratch.layer import Layer
from rnnlab.scratch.losses import CRITERIA
from rnnlab.scratch.nets import SequenceNet
from rnnlab.scratch.through_time import gradients_by_step, reach, state_gradients, step_losses

CELLS = {"rnn": nn.RNNCell, "lstm": nn.LSTMCell, "gru": nn.GRUCell}
E, H, C, B, T = 3, 4, 3, 2, 5


def net_of(name, *, every_step, num_layers=2, bidirectional=True, seed=1):
    rng = np.random.default_rng(seed)
    cell = shipped_cells()[name]()
    layer = Layer.random(E, H, cell=cell, rng=rng, num_layers=num_layers, bidirectional=bidirectional)
    read = H * (len(layer.directions) if every_step else len(layer.suffixes))
    parameters = {f"recurrent.{key}": array for key, array in layer.parameters.items()}
    parameters |= {"head.output.weight": rng.standard_normal((C, read)), "head.output.bias": np.zeros(C)}
    return SequenceNet(parameters, Layer, cell=cell, every_step=every_step)


class StepByStep:
    """The same net of torch cells, each step with a copy of its own; states and copies are kept."""

    def __init__(self, name, net):
        self.net, self.cells = net, {}
        for suffix in net.recurrent.suffixes:
            arrays = {
                key.removesuffix(suffix): a
                for key, a in net.recurrent.parameters.items()
                if key in [f"{n}{suffix}" for n in net.recurrent.cell.shapes(1, 1)]
            }
            cell = CELLS[name](arrays["weight_ih"].shape[1], H).double()
            cell.load_state_dict({key: torch.tensor(array) for key, array in arrays.items()})
            self.cells[suffix] = [deepcopy(cell) for _ in range(T)]
        self.states = {}

    def __call__(self, x_BTE):
        inputs, finals = list(x_BTE.unbind(1)), []
        for layer in range(self.net.recurrent.num_layers):
            outputs = []
            for direction in self.net.recurrent.directions:
                suffix, state = f"_l{layer}{direction}", None
                states = [None] * T
                for t in reversed(range(T)) if direction else range(T):
                    state = self.cells[suffix][t](inputs[t], state)
                    # As handed on: of an LSTM's cell, without the way through its own step's hidden state.
                    states[t] = tuple(s * 1 for s in (state if isinstance(state, tuple) else (state,)))
                    for s in states[t]:
                        s.retain_grad()
                    state = states[t] if isinstance(state, tuple) else states[t][0]
                self.states[suffix] = states
                finals.append(states[0 if direction else -1][0])
                outputs.append([of_step[0] for of_step in states])
            inputs = [torch.cat(pair, dim=1) for pair in zip(*outputs, strict=True)]
        read = torch.stack(inputs, 1) if self.net.every_step else torch.cat(finals, dim=1)
        parameters = self.net.parameters
        return read @ torch.tensor(parameters["head.output.weight"]).T + torch.tensor(
            parameters["head.output.bias"]
        )


@pytest.mark.parametrize("every_step", [False, True], ids=["final", "every"])
@pytest.mark.parametrize("name", CELLS)
def test_by_step_and_state_they_are_autograds(name, every_step):
    net, rng = net_of(name, every_step=every_step), np.random.default_rng(2)
    x = rng.standard_normal((B, T, E))
    reference = StepByStep(name, net)
    expected = reference(torch.tensor(x))
    d_logits = rng.standard_normal(expected.shape)
    (expected * torch.tensor(d_logits)).sum().backward()
    logits, cache = net.forward(x)
    np.testing.assert_allclose(logits, expected.detach().numpy(), atol=1e-12)
    by_step = gradients_by_step(net, d_logits, cache)
    whole = net.backward(d_logits, cache)
    for suffix, cells in reference.cells.items():
        for key in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            found = by_step[f"recurrent.{key}{suffix}"]
            copies = np.stack([getattr(cell, key).grad.numpy() for cell in cells])
            assert np.linalg.norm(copies) > 1e-3
            np.testing.assert_allclose(found, copies, atol=1e-12, err_msg=key + suffix)
            np.testing.assert_allclose(found.sum(0), whole[f"recurrent.{key}{suffix}"], atol=1e-12)
    for of_run, states in zip(state_gradients(net, d_logits, cache), reference.states.values(), strict=True):
        for number, found in enumerate(of_run.values()):
            for t in range(T):
                grad = states[t][number].grad  # None: the last cell's own state reaches nothing
                np.testing.assert_allclose(found[t], 0 if grad is None else grad.numpy(), atol=1e-12)


def test_by_step_they_are_the_slopes_of_that_steps_weights():
    net, rng = net_of("rnn", every_step=False), np.random.default_rng(3)
    x, t, small = rng.standard_normal((B, T, E)), 1, 1e-6
    logits, cache = net.forward(x)
    by_step = gradients_by_step(net, np.ones_like(logits), cache)["recurrent.weight_hh_l0_reverse"][t]
    reference = StepByStep("rnn", net)
    weight = reference.cells["_l0_reverse"][t].weight_hh
    slopes = np.zeros_like(by_step)
    for index in np.ndindex(slopes.shape):
        for sign in (1, -1):
            weight.data[index] += sign * small
            slopes[index] += sign * reference(torch.tensor(x)).sum().item() / (2 * small)
            weight.data[index] -= sign * small
    assert np.linalg.norm(slopes) > 1e-3
    np.testing.assert_allclose(by_step, slopes, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("name", sorted(shipped_cells()))
def test_of_every_cell_the_steps_sum_to_the_whole_whatever_the_lengths(name):
    net, rng = net_of(name, every_step=True, num_layers=1), np.random.default_rng(4)
    x, lengths = rng.standard_normal((2, T, E)), np.array([T, 2])
    logits, cache = net.forward(x, lengths)
    d_logits = rng.standard_normal(logits.shape) * (np.arange(T) < lengths[:, None])[:, :, None]
    whole, by_step = net.backward(d_logits, cache), gradients_by_step(net, d_logits, cache)
    alone = {name: np.zeros_like(array) for name, array in by_step.items()}
    for b, length in enumerate(lengths):
        _, cache = net.forward(x[b : b + 1, :length])
        for key, array in gradients_by_step(net, d_logits[b : b + 1, :length], cache).items():
            alone[key][:length] += array
    assert {f"recurrent.{key}" for key in net.recurrent.parameters} == set(by_step)
    for key, found in by_step.items():
        np.testing.assert_allclose(found.sum(axis=0), whole[key], atol=1e-12, err_msg=key)
        np.testing.assert_allclose(found, alone[key], atol=1e-12, err_msg=key)
    assert np.linalg.norm(by_step["recurrent.weight_ih_l0"]) > 1e-3


def test_they_are_those_of_the_memory_exercise():
    np.random.seed(5)
    exercise, loss = memory.RNN(2, 3, 1), memory.MSELoss()
    rng = np.random.default_rng(5)
    x, y = rng.uniform(-1, 1, (T, B, 2)), rng.uniform(-1, 1, (B, 1))
    loss.forward(exercise.forward(x), y)
    expected = exercise.backward(loss.backward())
    parameters = {
        "recurrent.weight_ih_l0": exercise.W.T,
        "recurrent.weight_hh_l0": exercise.R.T,
        "recurrent.bias_ih_l0": exercise.bs[:, 0],
        "recurrent.bias_hh_l0": np.zeros(3),
        "head.output.weight": exercise.V.T,
        "head.output.bias": exercise.by[:, 0],
    }
    net = SequenceNet(parameters, Layer, cell=shipped_cells()["rnn"]())
    logits, cache = net.forward(x.swapaxes(0, 1))
    found = gradients_by_step(net, CRITERIA["mean_squared_error"](logits, y).gradient, cache)
    assert np.abs(expected["d_R"][1:]).min() > 0
    np.testing.assert_allclose(found["recurrent.weight_hh_l0"].swapaxes(1, 2), expected["d_R"], atol=1e-12)
    np.testing.assert_allclose(found["recurrent.weight_ih_l0"].swapaxes(1, 2), expected["d_W"], atol=1e-12)
    np.testing.assert_allclose(found["recurrent.bias_ih_l0"][:, :, None], expected["d_bs"], atol=1e-12)


@pytest.mark.parametrize("name", CELLS)
def test_reach_is_autograds_loss_by_loss(name):
    net, rng = net_of(name, every_step=True), np.random.default_rng(6)
    x, classes = rng.standard_normal((1, T, E)), np.array([[0, 2, -100, 1, 1]])
    found = reach(net, x, classes, "cross_entropy")
    reference = StepByStep(name, net)
    logits = reference(torch.tensor(x))[0]
    losses, _ = step_losses(logits.detach().numpy(), classes[0], "cross_entropy")
    assert np.isnan(losses[2]) and not found[0][2].any()
    for t in (0, 1, 3, 4):
        loss = nn.functional.cross_entropy(logits[t], torch.tensor(classes[0, t]))
        assert losses[t] == pytest.approx(loss.item())
        for matrix, states in zip(found, reference.states.values(), strict=True):
            flat = [state for of_step in states for state in of_step]
            grads = torch.autograd.grad(loss, flat, retain_graph=True, allow_unused=True)
            squares = [0.0 if g is None else float(g.norm() ** 2) for g in grads]
            expected = np.sqrt(np.reshape(squares, (T, -1)).sum(axis=1))
            np.testing.assert_allclose(matrix[t], expected, atol=1e-12)
    assert not np.triu(found[2], 1).any() and not np.tril(found[3], -1).any()  # the top layer's directions
    assert found[2][4, 0] > 0 and found[3][0, 4] > 0
