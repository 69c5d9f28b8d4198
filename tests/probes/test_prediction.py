import copy

import numpy as np
import pandas as pd
import pytest
import torch

from rnnlab.data.encoded_text import EncodedText
from rnnlab.data.vocabulary import UNK_ID
from rnnlab.models.base import SequenceModel
from rnnlab.probes.prediction import ATTENTION, attention_weights, logits, logits_by_text, trace
from rnnlab.tasks.classification import LABEL, PROBABILITY, UNKNOWN, Classification
from tests.models.torchs import GRU
from tests.probes.nets import NETS, encoded, exact_logits, make_net, random_texts
from tests.probes.probe_inputs import VOCABULARY


def predictions(model: SequenceModel, texts: list[EncodedText]) -> pd.DataFrame:
    found = logits_by_text(model, texts, device="cpu")
    return Classification().predictions(texts, found, vocabulary=VOCABULARY, classes=Classification.classes)


@pytest.mark.parametrize("name", NETS)
def test_a_text_has_the_logit_it_has_alone_whatever_batch_it_is_in(name: str) -> None:
    model, texts = make_net(name).train(), random_texts(300)
    alone = exact_logits(model, texts)
    assert alone.std() > 1e-3
    np.testing.assert_allclose(logits(model, texts, device="cpu")[:, 0], alone, rtol=0, atol=1e-12)
    np.testing.assert_allclose(logits(model, texts[7:8], device="cpu")[:, 0], alone[7:8], rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", NETS)
def test_logits_are_those_of_the_nets_own_forward_pass(name: str) -> None:
    model, text = make_net(name).eval(), encoded(3, 4, 5, 3)
    with torch.no_grad():
        own = model(torch.tensor([[3, 4, 5, 3]]), torch.tensor([4]))
    assert logits(model, [text], device="cpu")[0, 0] == pytest.approx(float(own), abs=1e-5)


def test_prediction_leaves_the_net_as_it_was() -> None:
    model = make_net("lstm").train()
    model.embedding.weight.requires_grad_(False)
    before = copy.deepcopy(model.state_dict())
    predictions(model, random_texts(3))
    trace(model, encoded(1, 2), device="cpu")
    assert model.training
    assert not model.embedding.weight.requires_grad
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_probability_is_that_of_pos_and_above_one_half_the_label_is_pos() -> None:
    model, texts = make_net("rnn"), random_texts(50)
    with torch.no_grad():
        model.head.output.bias -= float(exact_logits(model, texts).mean())
    frame = predictions(model, texts)
    expected = 1 / (1 + np.exp(-exact_logits(model, texts)))
    np.testing.assert_allclose(frame[PROBABILITY], expected, atol=1e-12)
    assert set(frame[LABEL]) == {"neg", "pos"}
    assert (frame[LABEL] == np.where(frame[PROBABILITY] > 0.5, "pos", "neg")).all()


def test_no_texts_give_no_rows() -> None:
    assert len(predictions(make_net("boe"), [])) == 0


def test_unknown_words_are_named_once_each() -> None:
    text = encoded(3, UNK_ID, 4, UNK_ID)
    assert text.known == [True, False, True, False]
    assert predictions(make_net("boe"), [text])[UNKNOWN][0] == "w1"


@pytest.mark.parametrize("name", NETS)
def test_trace_gives_the_probability_of_every_prefix_as_a_text_of_its_own(name: str) -> None:
    model = make_net(name)
    traced = trace(model, encoded(3, 4, 1, 5), device="cpu")
    prefixes = [encoded(*[3, 4, 1, 5][:end]) for end in (1, 2, 3, 4)]
    whole = predictions(model, prefixes)[PROBABILITY]
    np.testing.assert_allclose(traced[PROBABILITY], whole, atol=1e-12)
    assert traced["Token"].tolist() == ["w3", "w4", "w1", "w5"]
    assert traced["Known"].tolist() == [True, True, False, True]


@pytest.mark.parametrize("ids", [(3, 4, 1, 5), (7,)])
def test_a_trace_has_attentions_weights_of_the_whole_text_beside_its_words(ids: tuple[int, ...]) -> None:
    model, text = make_net("attention").train(), encoded(*ids)
    weights = trace(model, text, device="cpu")[ATTENTION]
    double = copy.deepcopy(model).double().eval()
    states = double.recurrent(double.embedding(torch.tensor([ids])).transpose(0, 1))[0][:, 0]
    attention = double.attention
    scores = [attention.query.weight[0] @ torch.tanh(attention.hidden(state)) for state in states]
    expected = np.exp([score.item() for score in scores])
    np.testing.assert_allclose(weights, expected / expected.sum(), rtol=0, atol=1e-14)
    assert weights.sum() == pytest.approx(1.0, abs=1e-14) and len(weights) == len(ids)
    np.testing.assert_array_equal(attention_weights(model, text, device="cpu"), weights)


@pytest.mark.parametrize("name", [name for name in NETS if name != "attention"])
def test_a_trace_without_attention_has_no_weights(name: str) -> None:
    assert ATTENTION not in trace(make_net(name), encoded(3, 4), device="cpu")


def test_attentions_weights_stand_behind_the_probabilities_of_all_labels() -> None:
    torch.manual_seed(0)
    sizes = {"hidden_size": 6, "head_size": 4, "output_size": 3}
    model = GRU(embedding=torch.nn.Embedding(12, 5), pooling="attention", **sizes)
    columns = list(trace(model, encoded(3, 4, 5), ("bad", "so-so", "good"), device="cpu"))
    assert columns[2:] == ["P(bad)", "P(so-so)", "P(good)", ATTENTION, "Known"]
