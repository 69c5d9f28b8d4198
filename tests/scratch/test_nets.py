"""The one net equals torch modules in every combination of its parts: logits, every gradient by name."""

import numpy as np
import pytest
import torch

from rnnlab.scratch import GRU, LSTM, RNN
from rnnlab.scratch.nets import SequenceNet
from tests.scratch.plain_torch import PlainNet, random_inputs

CLASSES = {"tanh": RNN, "relu": RNN, "lstm": LSTM, "gru": GRU, None: None}
LENGTHS = {"equal": np.array([5, 5, 5]), "ragged": np.array([3, 5, 1])}
TOLERANCE = 1e-10


def scratch_net(kind, reference, **options):
    parameters = {name: p.detach().numpy().copy() for name, p in reference.named_parameters()}
    if kind in ("tanh", "relu"):
        options["nonlinearity"] = kind
    reading = {"every_step": reference.every_step, "pooling": reference.pooling}
    return SequenceNet(parameters, CLASSES[kind], **reading, **options)


def assert_matches_torch(kind, lengths, *, ids, smallest=1e-3, **parts):
    reference = PlainNet(kind, ids=ids, seed=1, **parts)
    net = scratch_net(kind, reference)
    rng = np.random.default_rng(2)
    inputs = random_inputs(rng, ids=ids, batch=3, time=5)
    expected = reference(torch.tensor(inputs), torch.tensor(lengths))
    d_logits = rng.standard_normal(expected.shape)
    if reference.every_step:
        d_logits[np.arange(5) >= lengths[:, None]] = 0
    (expected * torch.tensor(d_logits)).sum().backward()
    logits, cache = net.forward(inputs, lengths)
    assert expected.abs().min() > 0
    np.testing.assert_allclose(logits, expected.detach().numpy(), rtol=0, atol=TOLERANCE)
    gradients = net.backward(d_logits, cache)
    assert set(gradients) == {name for name, _ in reference.named_parameters()}
    for name, parameter in reference.named_parameters():
        assert parameter.grad.norm() > smallest, f"{name} is all zero: the comparison says nothing"
        np.testing.assert_allclose(
            gradients[name], parameter.grad.numpy(), rtol=0, atol=TOLERANCE, err_msg=name
        )


@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS)
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("bidirectional", [False, True], ids=["forward", "both"])
@pytest.mark.parametrize("hidden_layer", [False, True], ids=["linear", "hidden"])
@pytest.mark.parametrize("every_step", [False, True], ids=["final", "every"])
@pytest.mark.parametrize("ids", [False, True], ids=["numbers", "ids"])
@pytest.mark.parametrize("kind", ["tanh", "relu", "lstm", "gru"])
def test_every_combination_matches_torch(kind, ids, every_step, hidden_layer, bidirectional, layers, lengths):
    assert_matches_torch(
        kind,
        lengths,
        ids=ids,
        every_step=every_step,
        hidden_layer=hidden_layer,
        layers=layers,
        bidirectional=bidirectional,
    )


@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS)
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("bidirectional", [False, True], ids=["forward", "both"])
@pytest.mark.parametrize("pooling", ["mean", "max", "mean_max", "attention"])
@pytest.mark.parametrize("kind", ["tanh", "lstm", "gru"])
def test_pooled_states_match_torch(kind, pooling, bidirectional, layers, lengths):
    assert_matches_torch(
        kind,
        lengths,
        ids=True,
        every_step=False,
        hidden_layer=True,
        smallest=1e-5,
        pooling=pooling,
        layers=layers,
        bidirectional=bidirectional,
    )


@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS)
@pytest.mark.parametrize("hidden_layer", [False, True], ids=["linear", "hidden"])
@pytest.mark.parametrize("ids", [False, True], ids=["numbers", "ids"])
def test_a_bag_matches_torch(ids, hidden_layer, lengths):
    assert_matches_torch(None, lengths, ids=ids, every_step=False, hidden_layer=hidden_layer)


@pytest.mark.parametrize("ids", [False, True], ids=["numbers", "ids"])
@pytest.mark.parametrize(
    ("kind", "reading"),
    [
        ("gru", {"every_step": False}),
        ("gru", {"every_step": True}),
        (None, {"every_step": False}),
        *(
            ("gru", {"every_step": False, "pooling": pooling})
            for pooling in ("mean", "max", "mean_max", "attention")
        ),
    ],
    ids=["final", "every", "bag", "mean", "max", "mean_max", "attention"],
)
def test_padding_changes_nothing(kind, reading, ids):
    net = scratch_net(kind, PlainNet(kind, ids=ids, hidden_layer=True, **reading))
    rng = np.random.default_rng(3)
    inputs = random_inputs(rng, ids=ids, batch=3, time=5)
    lengths = LENGTHS["ragged"]
    real = np.arange(5) < lengths[:, None]
    other = inputs.copy()
    other[~real] = 1 if ids else 1e6
    assert (other != inputs).any()
    logits, cache = net.forward(inputs, lengths)
    dirty, dirty_cache = net.forward(other, lengths)
    np.testing.assert_array_equal(dirty, logits)
    d_logits = rng.standard_normal(logits.shape)
    gradients = net.backward(d_logits, cache)
    for name, gradient in net.backward(d_logits, dirty_cache).items():
        assert np.linalg.norm(gradient) > 0, name
        np.testing.assert_array_equal(gradient, gradients[name], err_msg=name)


def test_a_frozen_embedding_has_no_gradient():
    reference = PlainNet("lstm", ids=True, every_step=True, hidden_layer=False)
    net = scratch_net("lstm", reference, freeze=True)
    logits, cache = net.forward(np.array([[1, 2]]))
    assert set(net.parameters) - set(net.backward(logits, cache)) == {"embedding.weight"}


@pytest.mark.parametrize(
    ("ids", "inputs", "message"),
    [
        (True, np.ones((2, 3, 4), int), r"ids has shape \(2, 3, 4\), expected \(batch, time\)"),
        (False, np.ones((2, 3)), r"inputs has shape \(2, 3\), expected \(batch, time, numbers\)"),
        (False, np.ones((2, 3, 5)), r"x has shape \(2, 3, 5\), expected \(batch, time, 4\)"),
        (False, np.full((2, 3, 4), "1"), "inputs holds <U1, expected numbers"),
    ],
)
def test_inputs_that_do_not_fit_are_named(ids, inputs, message):
    net = scratch_net("gru", PlainNet("gru", ids=ids, every_step=False, hidden_layer=False))
    with pytest.raises(ValueError, match=message):
        net.forward(inputs)


def test_a_bag_has_nothing_to_read_at_every_step():
    with pytest.raises(ValueError, match="every_step needs a recurrent layer"):
        SequenceNet({}, None, every_step=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pooling": "sum"}, "pooling is 'sum', expected one of last, mean, max, mean_max, attention"),
        (
            {"pooling": "max", "every_step": True},
            "pooling is 'max', expected last, which every_step needs",
        ),
    ],
)
def test_a_pooling_that_cannot_be_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        SequenceNet({}, GRU, **options)
