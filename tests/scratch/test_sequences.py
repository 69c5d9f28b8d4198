"""Taggers, language models and regression: gradients, fitting, and generation."""

import numpy as np
import pytest
import torch

from rnnlab.scratch import GRU, LSTM, RNN
from rnnlab.scratch.initialisers import linear_parameters, normal
from rnnlab.scratch.optimizers import make_optimizer
from rnnlab.scratch.sequences import Regressor, Tagger
from rnnlab.scratch.trainer import fit, shuffled

LAYERS = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}


def tagger(kind, classes, *, rng, vocabulary=7, bidirectional=False, hidden_size=4):
    layer = LAYERS[kind].random(3, hidden_size, rng=rng, bidirectional=bidirectional)
    parameters = {
        "embedding.weight": rng.standard_normal((vocabulary, 3)),
        **{f"recurrent.{n}": p for n, p in layer.parameters.items()},
        **linear_parameters("output", hidden_size * len(layer.directions), classes, rng=rng),
    }
    return Tagger(parameters, LAYERS[kind])


def regressor(kind, *, rng, inputs=2, outputs=2, hidden_size=4, bidirectional=False, init=None, **options):
    layer = LAYERS[kind].random(
        inputs, hidden_size, rng=rng, bidirectional=bidirectional, input_init=init, recurrent_init=init
    )
    parameters = {
        **{f"recurrent.{n}": p for n, p in layer.parameters.items()},
        **linear_parameters("output", hidden_size * len(layer.directions), outputs, rng=rng, init=init),
    }
    return Regressor(parameters, LAYERS[kind], **options)


def torch_layer(kind, net):
    layer = net.recurrent
    module = getattr(torch.nn, kind)(
        layer.input_size, layer.hidden_size, bidirectional=len(layer.directions) == 2, batch_first=True
    ).double()
    module.load_state_dict({n: torch.tensor(p) for n, p in layer.parameters.items()})
    return module


@pytest.mark.parametrize("kind", LAYERS)
def test_tagger_gradients_match_torch_with_padding_left_out_of_the_mean(kind):
    rng = np.random.default_rng(0)
    net = tagger(kind, 5, rng=rng, bidirectional=True)
    ids, classes = rng.integers(0, 7, (3, 6)), rng.integers(0, 5, (3, 6))
    lengths = np.array([6, 1, 4])
    module = torch_layer(kind, net)
    named = {
        n: torch.tensor(p, requires_grad=True) for n, p in net.parameters.items() if "recurrent" not in n
    }
    logits = []
    for text, length in zip(ids, lengths, strict=True):
        h, _ = module(named["embedding.weight"][text[None, :length]])
        logits.append(h[0] @ named["output.weight"].T + named["output.bias"])
    targets = torch.cat([torch.tensor(c[:n]) for c, n in zip(classes, lengths, strict=True)])
    loss = torch.nn.functional.cross_entropy(torch.cat(logits), targets)
    loss.backward()
    classes[1, 1:] = -1  # what stands behind a text's end is never looked at
    found = net.loss_and_gradients(ids, lengths, classes)
    assert found.loss == pytest.approx(loss.item(), abs=1e-14)
    references = {n: p.grad for n, p in named.items()}
    references |= {f"recurrent.{n}": p.grad for n, p in module.named_parameters()}
    assert set(references) == set(found.gradients)
    for name, reference in references.items():
        assert reference.norm() > 0
        np.testing.assert_allclose(found.gradients[name], reference.numpy(), rtol=0, atol=1e-13)


@pytest.mark.parametrize("every_step", [False, True])
@pytest.mark.parametrize("kind", LAYERS)
def test_regression_gradients_match_torch(kind, every_step):
    rng = np.random.default_rng(1)
    net = regressor(kind, rng=rng, bidirectional=True, every_step=every_step)
    x = rng.standard_normal((3, 5, 2))
    targets = rng.standard_normal((3, 5, 2) if every_step else (3, 2))
    module = torch_layer(kind, net)
    named = {n: torch.tensor(net.parameters[n], requires_grad=True) for n in ("output.weight", "output.bias")}
    output, h_n = module(torch.tensor(x))
    h_n = h_n[0] if kind == "LSTM" else h_n
    read = output if every_step else h_n.transpose(0, 1).flatten(1)
    predictions = read @ named["output.weight"].T + named["output.bias"]
    loss = torch.nn.functional.mse_loss(predictions, torch.tensor(targets))
    loss.backward()
    found = net.loss_and_gradients(x, None, targets)
    assert found.loss == pytest.approx(loss.item(), abs=1e-14)
    references = {n: p.grad for n, p in named.items()}
    references |= {f"recurrent.{n}": p.grad for n, p in module.named_parameters()}
    for name, reference in references.items():
        assert reference.norm() > 0
        np.testing.assert_allclose(found.gradients[name], reference.numpy(), rtol=0, atol=1e-13)


@pytest.mark.parametrize("every_step", [False, True])
def test_regression_leaves_padding_and_unknown_targets_out_of_the_mean(every_step):
    rng = np.random.default_rng(6)
    net = regressor("GRU", rng=rng, bidirectional=True, every_step=every_step)
    x, lengths = rng.standard_normal((3, 5, 2)), [5, 1, 3]
    targets = rng.standard_normal((3, 5, 2) if every_step else (3, 2))
    targets[0, ..., -1] = np.nan
    found = net.loss_and_gradients(x, lengths, targets)
    losses, counts, gradients = [], [], []
    for b, length in enumerate(lengths):
        own = targets[b : b + 1, :length] if every_step else targets[b : b + 1]
        alone = net.loss_and_gradients(x[b : b + 1, :length], None, own)
        losses.append(alone.loss)
        gradients.append(alone.gradients)
        counts.append(np.count_nonzero(~np.isnan(own)))
    assert found.loss == pytest.approx(np.average(losses, weights=counts), abs=1e-14)
    for name, gradient in found.gradients.items():
        expected = np.average([g[name] for g in gradients], axis=0, weights=counts)
        assert np.linalg.norm(expected) > 0
        np.testing.assert_allclose(gradient, expected, rtol=0, atol=1e-14, err_msg=name)


def test_stacked_regression_reads_the_top_layer_alone():
    rng = np.random.default_rng(7)
    layer = LSTM.random(2, 4, rng=rng, num_layers=2, bidirectional=True, batch_first=True)
    parameters = {f"recurrent.{n}": p for n, p in layer.parameters.items()}
    parameters |= linear_parameters("output", 8, 3, rng=rng)
    x, targets = rng.standard_normal((3, 5, 2)), rng.standard_normal((3, 3))
    found = Regressor(parameters, LSTM).loss_and_gradients(x, None, targets)
    output = layer.forward(x).output
    top = np.concatenate([output[:, -1, :4], output[:, 0, 4:]], axis=1)
    expected = top @ parameters["output.weight"].T + parameters["output.bias"]
    assert np.abs(expected).min() > 0
    np.testing.assert_allclose(found.logits, expected, rtol=0, atol=1e-14)
    assert found.gradients.keys() == parameters.keys()
    assert all(np.linalg.norm(gradient) > 0 for gradient in found.gradients.values())


@pytest.mark.parametrize("kind", ["RNN", "LSTM"])
@pytest.mark.slow
def test_noise_is_fitted_to_about_its_variance(kind):
    rng = np.random.default_rng(2)
    net = regressor(kind, rng=rng, hidden_size=32, init=normal)
    x = np.linspace(-0.4, 1.2, 10_000).reshape(1000, 5, 2)
    targets = rng.standard_normal((1000, 2))
    batches = lambda epoch: shuffled([x, None, targets], 200, rng)  # noqa: E731
    history = fit(net, batches, make_optimizer("adam", net.parameters), epochs=40)
    final = net.loss_and_gradients(x, None, targets).loss
    assert history[0] > 1.3
    assert 0.8 < final < 1.3


@pytest.mark.unchecked_types
def test_language_model_learns_and_generates_a_cycle():
    rng = np.random.default_rng(3)
    net = tagger("GRU", 7, rng=rng, hidden_size=12)
    text = np.tile([1, 2, 3, 1, 4], 6)[None]
    batches = lambda epoch: [(text[:, :-1], None, text[:, 1:])]  # noqa: E731
    history = fit(net, batches, make_optimizer("adam", net.parameters, lr=0.03), epochs=100)
    assert history[-1] < 0.05
    assert net.generate([[1, 2, 3]], 7).tolist() == [[1, 4, 1, 2, 3, 1, 4]]
    state = net.forward([[1, 2]])[1].recurrent.h_n
    assert net.generate([[3]], 7, h_0=state).tolist() == [[1, 4, 1, 2, 3, 1, 4]]
    sampled = net.generate([[1, 2, 3]] * 2, 7, temperature=5.0, rng=np.random.default_rng(0))
    again = net.generate([[1, 2, 3]] * 2, 7, temperature=5.0, rng=np.random.default_rng(0))
    assert (sampled == again).all() and sampled.shape == (2, 7) and (sampled[0] != sampled[1]).any()


@pytest.mark.parametrize("kind", LAYERS)
def test_generation_carries_state_and_output_on(kind):
    rng = np.random.default_rng(4)
    net = regressor(kind, rng=rng)
    x, h_0 = rng.standard_normal((3, 2)), rng.standard_normal((1, 3, 4))
    found = net.generate(x, 4, h_0=h_0)
    module = torch_layer(kind, net)
    state = torch.tensor(h_0)
    state = (state, torch.zeros_like(state)) if kind == "LSTM" else state
    fed = torch.tensor(x)
    weight, bias = (torch.tensor(net.parameters[f"output.{n}"]) for n in ("weight", "bias"))
    for t in range(4):
        h, state = module(fed[:, None], state)
        fed = h[:, 0] @ weight.T + bias
        np.testing.assert_allclose(found[:, t], fed.detach().numpy(), rtol=0, atol=1e-13)


def test_generation_needs_one_direction():
    rng = np.random.default_rng(5)
    with pytest.raises(ValueError, match="one direction"):
        regressor("RNN", rng=rng, bidirectional=True).generate(np.ones((1, 2)), 3)
