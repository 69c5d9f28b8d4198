"""Classifiers equal the same nets made of torch modules: logits, loss, every gradient by name."""

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence

from rnnlab.scratch import GRU, LSTM, RNN
from rnnlab.scratch.classifiers import BagOfEmbeddings, RecurrentClassifier, classifier_parameters
from rnnlab.scratch.optimizers import make_optimizer
from rnnlab.scratch.trainer import fit, shuffled

IDS = np.array([[3, 1, 4, 1, 5], [2, 6, 0, 0, 0], [5, 5, 5, 0, 0]])
LENGTHS = np.array([5, 2, 3])
LABELS = np.array([1, 0, 1])


class TorchNet(torch.nn.Module):
    def __init__(self, kind, layers, bidirectional):
        super().__init__()
        self.embedding = torch.nn.Embedding(7, 4)
        width = 4
        if kind is not None:
            self.recurrent = getattr(torch.nn, kind)(
                4, 3, num_layers=layers, bidirectional=bidirectional, batch_first=True
            )
            width = 3 * layers * (2 if bidirectional else 1)
        self.head = torch.nn.ModuleDict(
            {"hidden": torch.nn.Linear(width, 6), "output": torch.nn.Linear(6, 1)}
        )

    def forward(self, ids, lengths):
        x = self.embedding(ids)
        if hasattr(self, "recurrent"):
            packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
            h_n = self.recurrent(packed)[1]
            h_n = h_n[0] if isinstance(h_n, tuple) else h_n
            document = h_n.transpose(0, 1).flatten(1)
        else:
            document = torch.stack([text[:length].mean(0) for text, length in zip(x, lengths, strict=True)])
        return self.head["output"](torch.relu(self.head["hidden"](document)))[:, 0]


def scratch_net(kind, parameters, **options):
    if kind is None:
        return BagOfEmbeddings(parameters, **options)
    return RecurrentClassifier(parameters, {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}[kind], **options)


@pytest.mark.parametrize(
    ("kind", "layers", "bidirectional"),
    [(None, 1, False), ("RNN", 1, False), ("RNN", 2, True), ("LSTM", 2, True), ("GRU", 1, True)],
)
def test_loss_and_every_gradient_match_torch(kind, layers, bidirectional):
    torch.manual_seed(0)
    reference = TorchNet(kind, layers, bidirectional).double()
    net = scratch_net(kind, {n: p.detach().numpy().copy() for n, p in reference.named_parameters()})
    logits = reference(torch.tensor(IDS), torch.tensor(LENGTHS))
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.tensor(LABELS).double())
    loss.backward()
    found = net.loss_and_gradients(IDS, LENGTHS, LABELS)
    assert found.loss == pytest.approx(loss.item(), abs=1e-14)
    np.testing.assert_allclose(found.logits, logits.detach().numpy(), rtol=0, atol=1e-13)
    assert set(found.gradients) == {name for name, _ in reference.named_parameters()}
    for name, parameter in reference.named_parameters():
        assert parameter.grad.norm() > 0, name
        np.testing.assert_allclose(
            found.gradients[name], parameter.grad.numpy(), rtol=0, atol=1e-13, err_msg=name
        )


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-4)])
@pytest.mark.parametrize("kind", ["RNN", "LSTM"])
def test_training_follows_torch(kind, dtype, tolerance):
    torch.manual_seed(1)
    reference = TorchNet(kind, 1, False).to(dtype)
    parameters = {n: p.detach().numpy().copy() for n, p in reference.named_parameters()}
    net, optimizer = scratch_net(kind, parameters), torch.optim.Adam(reference.parameters(), lr=0.05)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        logits = reference(torch.tensor(IDS), torch.tensor(LENGTHS))
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.tensor(LABELS).to(dtype))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    found = fit(
        net,
        lambda epoch: [(IDS, LENGTHS, LABELS)],
        make_optimizer("adam", parameters, lr=0.05),
        epochs=30,
    )
    assert losses[-1] < 0.5 * losses[0]
    np.testing.assert_allclose(found, losses, rtol=0, atol=tolerance)


def test_frozen_embedding_has_no_gradient():
    rng = np.random.default_rng(0)
    parameters = classifier_parameters(None, 7, 4, head_size=6, rng=rng)
    gradients = BagOfEmbeddings(parameters, freeze=True).loss_and_gradients(IDS, LENGTHS, LABELS).gradients
    assert set(parameters) - set(gradients) == {"embedding.weight"}


def test_bag_of_embeddings_is_a_linear_rnn():
    """With W_ih = I / n, W_hh = I and no biases, h_n is the mean of the n word vectors."""
    rng = np.random.default_rng(1)
    bag = classifier_parameters(None, 7, 4, head_size=6, rng=rng)
    linear = {
        "recurrent.weight_ih_l0": np.eye(4) / 5,
        "recurrent.weight_hh_l0": np.eye(4),
        "recurrent.bias_ih_l0": np.zeros(4),
        "recurrent.bias_hh_l0": np.zeros(4),
    }
    ids = rng.integers(0, 7, (3, 5))
    boe = BagOfEmbeddings(bag).loss_and_gradients(ids, None, LABELS)
    rnn = RecurrentClassifier(bag | linear, nonlinearity="identity").loss_and_gradients(ids, None, LABELS)
    np.testing.assert_allclose(rnn.logits, boe.logits, rtol=0, atol=1e-14)
    for name, gradient in boe.gradients.items():
        assert np.linalg.norm(gradient) > 0
        np.testing.assert_allclose(rnn.gradients[name], gradient, rtol=0, atol=1e-14)


def test_a_last_token_is_learned():
    rng = np.random.default_rng(2)
    ids = rng.integers(0, 20, (64, 6))
    labels = ids[:, -1] % 2
    layer = LSTM.random(8, 12, rng=rng)
    parameters = classifier_parameters(layer, 20, 8, head_size=10, rng=rng)
    net = RecurrentClassifier(parameters, LSTM)
    batches = lambda epoch: shuffled([ids, None, labels], 8, rng)  # noqa: E731
    history = fit(net, batches, make_optimizer("adam", parameters, lr=0.01), epochs=15, max_norm=5.0)
    assert history[0] > 0.6 and history[-1] < 0.1
    assert ((net.forward(ids)[0] > 0) == labels).all()
