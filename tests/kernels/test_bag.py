"""A small bag trained by one call gives what the NumPy form gives; what it cannot do is left to that."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import DTypeLike, NDArray

from rnnlab.kernels.net import SMALL, CompiledNet
from rnnlab.scratch.losses import CRITERIA
from rnnlab.scratch.nets import SequenceNet

WORDS, WIDTH, UNITS = 7, 6, 5
Texts = list[list[int]]


def parameters(dtype: DTypeLike = np.float64, outputs: int = 1) -> dict[str, NDArray[Any]]:
    """Of a bag with a hidden layer."""
    rng = np.random.default_rng(1)
    sizes: dict[str, tuple[int, ...]] = {
        "embedding.weight": (WORDS, WIDTH),
        "head.hidden.weight": (UNITS, WIDTH), "head.hidden.bias": (UNITS,),
        "head.output.weight": (outputs, UNITS), "head.output.bias": (outputs,),
    }  # fmt: skip
    return {name: rng.standard_normal(size).astype(dtype) for name, size in sizes.items()}


def batch(texts: Texts) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ids, filled up with a word that has a vector, and lengths."""
    longest = max(map(len, texts))
    return np.array([text + [3] * (longest - len(text)) for text in texts]), np.array(list(map(len, texts)))


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.lists(st.integers(0, WORDS - 1), min_size=1, max_size=9), min_size=1, max_size=8),
    freeze=st.booleans(),
    single=st.booleans(),
    seed=st.integers(0, 99),
)
def test_logits_loss_and_gradients_are_those_of_the_numpy_form(
    texts: Texts, freeze: bool, single: bool, seed: int
) -> None:
    dtype, tolerance = (np.float32, 1e-5) if single else (np.float64, 1e-12)
    labels = np.random.default_rng(seed).integers(0, 2, len(texts)).astype(dtype)
    ids, lengths = batch(texts)
    plain = SequenceNet(parameters(dtype), None, freeze=freeze)
    logits, cache = plain.forward(ids, lengths)
    loss = CRITERIA["classification"](logits, labels)
    expected = plain.backward(loss.gradient, cache)
    assert np.abs(loss.gradient).min() > 0  # of the weights all may be zero: of a text that no unit answers
    found = CompiledNet(parameters(dtype), None, freeze=freeze).small_bag(ids, lengths, labels)
    assert found is not None and found.logits.dtype == dtype
    assert found.loss == pytest.approx(loss.value, rel=tolerance)
    np.testing.assert_allclose(found.logits, logits, rtol=tolerance, atol=tolerance)
    assert set(found.gradients) == set(expected)
    for name, gradient in found.gradients.items():
        whole = gradient.dense() if name == "embedding.weight" else gradient
        np.testing.assert_allclose(whole, expected[name], rtol=tolerance, atol=tolerance, err_msg=name)


@pytest.mark.parametrize("name", ["embedding.weight", "head.hidden.weight", "head.output.bias"])
def test_a_weight_that_is_not_a_number_shows_in_the_loss(name: str) -> None:
    given = parameters()
    given[name][0] = np.nan
    found = CompiledNet(given, None).small_bag(np.array([[0, 1]]), np.array([2]), np.array([1.0]))
    assert found is not None and np.isnan(found.loss)


def test_what_one_call_cannot_do_is_left_to_others() -> None:
    ids, lengths = batch([[1, 2], [3]])
    labels = np.array([0.0, 1.0])
    net = CompiledNet(parameters(), None)
    assert net.small_bag(ids, lengths, labels) is not None
    assert net.small_bag(np.array([[1, WORDS], [3, 3]]), lengths, labels) is None
    assert net.small_bag(ids, np.array([2, 3]), labels) is None
    many = net.few_of_bag + 1
    assert 8 < many < SMALL
    assert net.small_bag(np.ones((many, 1), np.int64), np.ones(many, np.int64), np.ones(many)) is None
    turned = parameters() | {"head.hidden.weight": parameters()["head.hidden.weight"].T.copy().T}
    without_hidden = parameters() | {"head.output.weight": np.ones((1, WIDTH))}
    del without_hidden["head.hidden.weight"], without_hidden["head.hidden.bias"]
    for other in (
        CompiledNet(parameters(), None, dropout=0.5),
        CompiledNet(parameters(outputs=2), None),
        CompiledNet(turned, None),
        CompiledNet(without_hidden, None),
    ):
        assert other.small_bag(ids, lengths, labels) is None
