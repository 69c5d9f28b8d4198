"""The position lab against texts put together word by word, one at a time."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from rnnlab.core.metrics import logistic
from rnnlab.data.labels import INSERTED_AT
from rnnlab.data.splits import TextSplit
from rnnlab.data.vocabulary import Vocabulary
from rnnlab.models.boe import BoE
from rnnlab.probes.base import ProbeInput
from rnnlab.probes.logits import logits_of
from rnnlab.probes.positions import Positions, places
from rnnlab.tasks.classification import Classification
from tests.models.torchs import RNN

VOCABULARY = Vocabulary(("<pad>", "<unk>", "a", "b", "c", "<newneg>", "<newpos>"))
NEWNEG, NEWPOS = 5, 6
TEXTS = [[2, 3, 4, 2, 2], [3], [4, 4, 2], [2, 3, 3, 4, 2, 4, 4], [3, 2]]
LABELS = [0, 1, 1, 0, 1]


def probe_input(cls: type[RNN] | type[BoE] = RNN) -> ProbeInput:
    torch.manual_seed(5)
    model = cls(embedding=nn.Embedding(7, 4), output_size=1, dropout=0.5).double()
    lengths = [len(text) for text in TEXTS]
    texts = TextSplit(
        ids=np.concatenate(TEXTS).astype(np.int32),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        labels=np.array(LABELS),
    )
    return ProbeInput(model, Classification(), VOCABULARY, texts, texts, "cpu")


def logit(model: nn.Module, ids: list[int]) -> float:
    with torch.no_grad():
        return float(model(torch.tensor([ids]), torch.tensor([len(ids)])))


@pytest.mark.parametrize("position", [0.0, 0.3, 0.5, 0.99, 1.0])
def test_figures_equal_those_of_texts_made_one_by_one(position: float) -> None:
    seen = probe_input()
    table = Positions((position,)).measure(seen)
    model = seen.model.eval()
    rows = []
    for text, label in zip(TEXTS, LABELS, strict=True):
        at = int(position * len(text) + 1e-9)
        bare, negative, positive = (
            logit(model, text[:at] + token + text[at:]) for token in ([], [NEWNEG], [NEWPOS])
        )
        rows.append((label, bare, negative, positive))
    bare_right = [(bare > 0) == (label == 1) for label, bare, _, _ in rows]
    right = [((positive if label else negative) > 0) == (label == 1) for label, _, negative, positive in rows]

    def probability(value: float) -> float:
        return 1 / (1 + math.exp(-value))

    count = len(rows)
    without, row = table.iloc[0], table.iloc[1]
    assert math.isnan(without["position"])
    assert math.isnan(without["logit_shift"])
    assert without["accuracy"] == pytest.approx(sum(bare_right) / count)
    assert row["position"] == position
    assert row["accuracy"] == pytest.approx(sum(right) / count)
    expected = {
        "logit_shift": sum(positive - negative for _, _, negative, positive in rows) / count,
        "newneg_shift": sum(negative - bare for _, bare, negative, _ in rows) / count,
        "newpos_shift": sum(positive - bare for _, bare, _, positive in rows) / count,
        "probability_shift": sum(probability(p) - probability(n) for _, _, n, p in rows) / count,
    }
    assert all(abs(value) > 1e-8 for value in expected.values()), "a reference of zeros would prove nothing"
    for name, value in expected.items():
        assert row[name] == pytest.approx(value, rel=1e-6, abs=1e-13), name


def test_the_places_of_insert_are_among_the_positions() -> None:
    texts = probe_input().without_token
    for name, position in INSERTED_AT.items():
        inserted = texts.insert(name, [NEWNEG, NEWPOS])  # type: ignore[arg-type]
        tokens = np.where(texts.labels == 1, NEWPOS, NEWNEG)
        moved = texts.insert_at(places(position, texts.lengths), tokens)
        assert moved.ids.tolist() == inserted.ids.tolist()


def test_a_position_names_the_place_that_it_means_despite_rounding() -> None:
    lengths = np.arange(1, 1001)
    for steps in (10, 100):
        for step in range(steps + 1):
            expected = step * lengths // steps
            assert (places(step / steps, lengths) == expected).all()


def test_zero_vectors_shift_nothing_between_the_tokens() -> None:
    seen = probe_input()
    with torch.no_grad():
        seen.model.embedding.weight[[NEWNEG, NEWPOS]] = 0.0
    table = Positions((0.0, 1.0)).measure(seen).dropna()
    assert (table["logit_shift"] == 0).all()
    assert (table["newpos_shift"] != 0).all(), "it is still a step more"


def test_a_bag_of_words_does_not_care_where_the_token_is() -> None:
    table = Positions((0.0, 0.4, 1.0)).measure(probe_input(BoE)).dropna()
    assert abs(table["logit_shift"]).min() > 1e-3
    assert np.ptp(table["logit_shift"]) < 1e-6


def test_the_model_is_left_as_it_was() -> None:
    seen = probe_input()
    seen.model.train()
    before = {name: value.clone() for name, value in seen.model.state_dict().items()}
    torch.manual_seed(11)
    stream = torch.get_rng_state()
    first = Positions((0.5,)).measure(seen)
    assert torch.equal(torch.get_rng_state(), stream)
    assert seen.model.training
    assert all(torch.equal(value, before[name]) for name, value in seen.model.state_dict().items())
    assert all(parameter.grad is None for parameter in seen.model.parameters())
    assert first.equals(Positions((0.5,)).measure(seen))


def test_logits_come_in_the_order_of_the_texts() -> None:
    seen = probe_input()
    seen.model.eval()
    found = logits_of(seen.model, seen.without_token, device="cpu")
    assert found == pytest.approx([logit(seen.model, text) for text in TEXTS], abs=1e-6)


def test_probabilities_do_not_overflow() -> None:
    assert logistic(np.array([-1e4, -1.0, 0.0, 1e4])).tolist() == pytest.approx(
        [0.0, 1 / (1 + math.e), 0.5, 1.0]
    )


def test_a_sample_is_spread_over_the_split() -> None:
    texts = probe_input().without_token
    assert texts.spread(3).labels.tolist() == [LABELS[i] for i in (0, 2, 4)]
    assert texts.spread(None) is texts
    assert texts.spread(99) is texts
