"""Counts against dictionaries that count one token at a time."""

import itertools
import math
from collections import Counter, defaultdict

import numpy as np
import pytest

from rnnlab.data.ngrams import WEIGHTS, Bigram, perplexity

SIZE = 7


def text(seed: int = 0, tokens: int = 400) -> np.ndarray:
    """Each token is as a rule the one after the last, so pairs tell much; token 6 never occurs."""
    rng = np.random.default_rng(seed)
    steps = np.where(rng.random(tokens) < 0.8, 1, rng.integers(0, 6, tokens))
    return np.cumsum(steps) % 6


def brute_force(train: list[int], held_out: list[int], weight: float) -> list[float]:
    """ln p of every held-out token but the first, by the formula, token by token."""
    tokens, pairs = Counter(train), defaultdict(Counter)
    for before, token in itertools.pairwise(train):
        pairs[before][token] += 1
    logs = []
    for before, token in itertools.pairwise(held_out):
        unigram = (tokens[token] + 1) / (len(train) + SIZE)
        met = pairs[before].total()
        share = pairs[before][token] / met if met else unigram
        logs.append(math.log(weight * share + (1 - weight) * unigram))
    return logs


@pytest.mark.parametrize("weight", [0.0, 0.3, 0.99])
def test_log_likelihoods_are_those_of_dictionaries(weight: float) -> None:
    # 6 is the last token of the text and comes before none.
    train, held_out = np.append(text(), 6), np.append(text(1, 60), [6, 6, 0, 6, 3])
    found = Bigram.fit(train, SIZE).weighted(weight).log_likelihoods(held_out)
    expected = brute_force(train.tolist(), held_out.tolist(), weight)
    assert min(np.abs(expected)) > 0
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("weight", [0.0, 0.5, 0.99])
def test_probabilities_after_any_token_add_up_to_one(weight: float) -> None:
    model = Bigram.fit(text(), SIZE).weighted(weight)
    for before in range(SIZE):
        logs = [model.log_likelihoods(np.array([before, token]))[0] for token in range(SIZE)]
        assert np.exp(logs).sum() == pytest.approx(1, abs=1e-12)


def test_the_weight_is_the_best_on_the_last_tenth_of_the_training_text() -> None:
    train = text()
    losses = [-np.mean(brute_force(train[:360].tolist(), train[359:].tolist(), w)) for w in WEIGHTS]
    assert max(losses) > min(losses) + 0.1
    assert Bigram.fit(train, SIZE).weight == WEIGHTS[int(np.argmin(losses))]


def test_pairs_guess_better_than_tokens_where_pairs_tell_something() -> None:
    bigram, held_out = Bigram.fit(text(), SIZE), text(1)
    pairs, tokens = (perplexity(m.log_likelihoods(held_out)) for m in (bigram, bigram.weighted(0.0)))
    assert 1 < pairs < 0.7 * tokens < 6


def test_unseen_pairs_and_tokens_are_unlikely_but_not_impossible() -> None:
    predictable = np.arange(300) % 6
    logs = Bigram.fit(predictable, SIZE).log_likelihoods(np.array([0, 3, 6, 6, 0, 1]))
    assert np.isfinite(logs).all() and (logs[:3] < -4).all() and logs[4] > -0.1


@pytest.mark.parametrize("tokens", [2, 3, 4, 5])
def test_the_shortest_texts_have_finite_figures(tokens: int) -> None:
    logs = Bigram.fit(np.arange(tokens), SIZE).log_likelihoods(np.arange(SIZE))
    assert np.isfinite(logs).all()


def test_perplexity_of_equally_likely_tokens_is_their_number() -> None:
    assert perplexity(np.log(np.full(5, 1 / 12))) == pytest.approx(12)
