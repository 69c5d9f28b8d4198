import copy

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.nn.utils.rnn import pad_sequence

from rnnlab.core.errors import RnnlabError
from rnnlab.data.encoded_text import EncodedText
from rnnlab.models.base import SequenceModel
from rnnlab.probes import attribution
from rnnlab.probes.attribution import integrated_gradients
from tests.probes.nets import NETS, encoded, exact_logits, make_net, random_texts


def saturated_net(name: str) -> SequenceModel:
    """A net trained until it is sure of every text, then made surer."""
    model = make_net(name).train()
    texts = random_texts(16, seed=1)
    targets = torch.arange(16) % 2 * 1.0
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    ids = pad_sequence([torch.from_numpy(text.ids).long() for text in texts], batch_first=True)
    lengths = torch.tensor([len(text.ids) for text in texts])
    for _ in range(150):
        optimizer.zero_grad()
        binary_cross_entropy_with_logits(model(ids, lengths)[:, 0], targets).backward()
        optimizer.step()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter *= 2
    return model


def check_complete(model: SequenceModel, text: EncodedText) -> int:
    found = integrated_gradients(model, text, device="cpu")
    (start,), (end,) = exact_logits(model, [text], scale=0.0), exact_logits(model, [text])
    assert found.baseline_logit == pytest.approx(start, abs=1e-9)
    assert found.logit == pytest.approx(end, abs=1e-9)
    assert abs(found.values.sum() - (end - start)) <= 0.01 * abs(end - start) + 0.001
    return found.steps


@pytest.mark.parametrize("name", NETS)
def test_attributions_add_up_to_the_change_of_the_logit(name: str) -> None:
    model = make_net(name).train()
    for text in random_texts(5):
        check_complete(model, text)


@pytest.mark.parametrize("name", NETS)
def test_attributions_add_up_in_a_saturated_net(name: str) -> None:
    model, texts = saturated_net(name), random_texts(6, seed=1)
    assert np.abs(exact_logits(model, texts)).max() > 10
    steps = [check_complete(model, text) for text in texts]
    assert max(steps) > attribution.FIRST_SECTIONS * attribution.NODES, (
        "no net was saturated enough to need more steps"
    )


@pytest.mark.parametrize("name", NETS)
def test_attributions_equal_an_integral_taken_by_another_rule(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attribution, "ABSOLUTE", 1e-6)
    monkeypatch.setattr(attribution, "RELATIVE", 0.0)
    model, text = make_net(name), encoded(3, 4, 5, 3, 6)
    double = copy.deepcopy(model).double().eval()
    vectors = double.embedding.weight[torch.from_numpy(text.ids).long()].detach()
    points = torch.linspace(0, 1, 20_001, dtype=torch.float64)
    scaled = (points[:, None, None] * vectors).requires_grad_()
    logits = double.forward_vectors(scaled, torch.full((20_001,), 5))
    (gradients,) = torch.autograd.grad(logits.sum(), scaled)
    expected = torch.trapezoid((gradients * vectors).sum(dim=2), points, dim=0).numpy()
    assert np.abs(expected).max() > 1e-3
    np.testing.assert_allclose(integrated_gradients(model, text, device="cpu").values, expected, atol=1e-4)


def test_memory_is_bounded_without_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribution, "TOKENS_AT_ONCE", 1)
    model = saturated_net("rnn")
    for text in random_texts(3, seed=1):
        check_complete(model, text)


def test_attribution_leaves_the_net_as_it_was() -> None:
    model = make_net("rnn").train()
    before = copy.deepcopy(model.state_dict())
    integrated_gradients(model, encoded(1, 2, 3), device="cpu")
    assert model.training
    assert all(p.requires_grad and p.grad is None for p in model.parameters())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_what_cannot_be_completed_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribution, "LAST_STEPS", 16)
    with pytest.raises(RnnlabError, match="after 32 steps the attributions may still err by"):
        for text in random_texts(6, seed=1):
            integrated_gradients(saturated_net("boe"), text, device="cpu")


def test_table_has_a_row_a_token() -> None:
    text = encoded(3, 1, 4)
    found = integrated_gradients(make_net("rnn"), text, device="cpu")
    table = found.table(text)
    assert table["Token"].tolist() == ["w3", "w1", "w4"]
    assert table["Known"].tolist() == [True, False, True]
    assert table["Attribution"].sum() == pytest.approx(found.values.sum())
