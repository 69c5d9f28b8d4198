from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from rnnlab.models.recurrent import RecurrentModel
from rnnlab.probes.generation import generate
from tests.models.torchs import GRU, LSTM, RNN

WORDS = 9
MODELS = [RNN, LSTM, GRU]


def net(kind: type[RecurrentModel] = LSTM, layers: int = 2) -> RecurrentModel:
    torch.manual_seed(0)
    model = kind(
        embedding=nn.Embedding(WORDS, 5),
        output_size=WORDS,
        hidden_size=7,
        num_layers=layers,
        head_size=None,
        every_step=True,
    )
    for parameter in model.parameters():
        nn.init.normal_(parameter)
    return model.double().eval()


def logits_of(model: RecurrentModel, ids: list[int]) -> Tensor:
    """What the net says after having read all ids at once."""
    with torch.no_grad():
        return model(torch.tensor([ids]), torch.tensor([len(ids)]))[0, -1]


def go_on(
    model: RecurrentModel, prompt: list[int], length: int, temperature: float, seed: int = 0
) -> list[int]:
    rng = np.random.default_rng(seed)
    return generate(model, prompt, length, temperature=temperature, rng=rng, never=(0, 1)).tolist()


@pytest.mark.parametrize("kind", MODELS)
def test_carried_states_give_the_logits_of_reading_the_whole_at_once(
    kind: type[RecurrentModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, seen = net(kind), []
    monkeypatch.setattr(
        "rnnlab.probes.generation._choose",
        lambda logits, temperature, rng: seen.append(logits.copy()) or int(logits.argmax()),
    )
    prompt = [3, 5, 2, 8]
    chosen = go_on(model, prompt, 12, 1.0)
    assert len(seen) == len(chosen) == 12
    for number, logits in enumerate(seen):
        expected = logits_of(model, [*prompt, *chosen[:number]]).numpy()
        assert np.abs(expected).min() > 0
        assert np.isneginf(logits[:2]).all()
        np.testing.assert_allclose(logits[2:], expected[2:], rtol=0, atol=1e-10)


@pytest.mark.parametrize("kind", MODELS)
def test_at_temperature_zero_each_token_is_the_likeliest(kind: type[RecurrentModel]) -> None:
    model = net(kind)
    chosen = go_on(model, [4], 20, 0.0)
    assert chosen == go_on(model, [4], 20, 0.0, seed=7)
    for number, token in enumerate(chosen):
        assert token == 2 + int(logits_of(model, [4, *chosen[:number]])[2:].argmax())


def test_tokens_are_drawn_with_the_softmax_of_logits_over_temperature() -> None:
    model = net(RNN, layers=1)
    for temperature in (0.7, 3.0):
        scaled = logits_of(model, [5])[2:] / temperature
        expected = scaled.softmax(0).numpy()
        rng, draws = np.random.default_rng(0), 1500
        first = [
            generate(model, [5], 1, temperature=temperature, rng=rng, never=(0, 1))[0] for _ in range(draws)
        ]
        found = np.bincount(first, minlength=WORDS) / draws
        assert found[:2].sum() == 0 and expected.max() < 0.999
        deviation = np.sqrt(expected * (1 - expected) / draws)
        assert (np.abs(found[2:] - expected) <= 4 * deviation + 1e-12).all()


def test_the_same_seed_draws_the_same_tokens_and_another_others() -> None:
    model = net()
    assert go_on(model, [4], 50, 2.0) == go_on(model, [4], 50, 2.0) != go_on(model, [4], 50, 2.0, seed=1)


def test_a_higher_temperature_writes_more_diverse_pairs() -> None:
    model = net()
    diversity = [len(set(pairwise(go_on(model, [4], 300, heat)))) for heat in (0.0, 1.0, 30.0)]
    assert diversity[0] < diversity[1] < diversity[2]


@pytest.mark.parametrize("temperature", [0.0, 1e-320, 1e-3, 1.0, 1e300])
def test_padding_and_unknown_are_never_written_at_any_temperature(temperature: float) -> None:
    model = net()
    with torch.no_grad():
        model.head.output.bias[:2] += 100  # the net would write nothing else
    chosen = go_on(model, [4], 100, temperature)
    assert len(chosen) == 100 and min(chosen) >= 2 and max(chosen) < WORDS
