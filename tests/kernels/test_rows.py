"""Words are read and their gradients gathered as the NumPy form does; one without a vector is refused."""

from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from rnnlab.cells.rnn import RNN
from rnnlab.kernels.layer import CompiledLayer
from rnnlab.kernels.net import CompiledNet
from rnnlab.kernels.rows import CompiledRowGradient, gather_rows, rows_of_bag
from rnnlab.scratch.checks import real_steps
from rnnlab.scratch.heads import embedding_rows
from rnnlab.scratch.nets import SequenceNet
from rnnlab.scratch.pooling import mean_backward

WORDS = 5
Arrays = dict[str, NDArray[Any]]


def parameters(kind: str) -> Arrays:
    """Of a net with word vectors of 3 numbers and one output."""
    rng = np.random.default_rng(1)
    sizes: dict[str, tuple[int, ...]] = {
        "embedding.weight": (WORDS, 3), "head.output.weight": (1, 3), "head.output.bias": (1,)
    }  # fmt: skip
    if kind == "rnn":
        sizes |= {f"recurrent.weight_{part}_l0": (3, 3) for part in ("ih", "hh")}
        sizes |= {f"recurrent.bias_{part}_l0": (3,) for part in ("ih", "hh")}
    return {name: rng.standard_normal(size) for name, size in sizes.items()}


def net(kind: str) -> SequenceNet:
    """A compiled net, a bag or recurrent."""
    return CompiledNet(parameters(kind), None if kind == "bag" else partial(CompiledLayer, cell=RNN()))


@pytest.mark.parametrize("word", [-2, -1, WORDS])
@pytest.mark.parametrize("kind", ["bag", "rnn"])
def test_a_word_without_a_vector_is_refused_in_a_line(kind: str, word: int) -> None:
    with pytest.raises(ValueError, match=rf"^ids holds {word} at index \(1, 0\), expected 0 to 4$"):
        net(kind).forward(np.array([[1, 2], [word, 1]]), np.array([2, 2]))


@pytest.mark.parametrize("lengths", [[2, 0], [2, 3], [2, -1]])
@pytest.mark.parametrize("kind", ["bag", "rnn"])
def test_a_length_that_cannot_be_is_refused_in_a_line(kind: str, lengths: list[int]) -> None:
    with pytest.raises(ValueError, match=rf"^lengths holds {lengths[1]} at index \(1,\), expected 1 to 2$"):
        net(kind).forward(np.array([[1, 2], [1, 1]]), np.array(lengths))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.integers(0, WORDS - 1), min_size=1, max_size=7), min_size=1, max_size=6))
def test_a_words_gradients_are_gathered_from_all_places_where_it_stands(texts: list[list[int]]) -> None:
    rng, longest = np.random.default_rng(2), max(map(len, texts))
    ids = np.array([text + [0] * (longest - len(text)) for text in texts])
    lengths, weight = np.array([len(text) for text in texts]), np.zeros((WORDS, 3))
    slots = np.full(WORDS, -1)

    def whole(found: tuple[NDArray[np.int64], NDArray[Any]]) -> NDArray[Any]:
        return CompiledRowGradient(*found, weight.shape).dense()

    d_BE = rng.standard_normal((len(texts), 3))
    steps = real_steps(lengths, longest)
    share = steps[..., None] / lengths[:, None, None]
    expected = embedding_rows(mean_backward(d_BE, share), ids, weight).dense()
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(whole(rows_of_bag(ids, lengths, d_BE, slots)), expected, atol=1e-14)

    values = rng.standard_normal((lengths.sum(), 3))
    expected = embedding_rows(values, ids[steps], weight).dense()
    np.testing.assert_allclose(whole(gather_rows(ids[steps], values, slots)), expected, atol=1e-14)
    assert (slots == -1).all()
