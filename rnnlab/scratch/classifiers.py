"""Classifiers of texts: embedding, document vector, Linear, ReLU, Linear(1), binary cross-entropy.

B batch, T time. Parameters as in nets.py.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from rnnlab.cells.activations import Array
from rnnlab.scratch.cell import Gradients
from rnnlab.scratch.initialisers import linear_parameters
from rnnlab.scratch.layer import Layer
from rnnlab.scratch.losses import binary_cross_entropy_with_logits
from rnnlab.scratch.nets import NetCache, Prediction, SequenceNet
from rnnlab.scratch.textbook import RNN


class Classifier(SequenceNet):
    """A net with one output, which is given as (B,) instead of (B, 1)."""

    def forward(
        self,
        inputs: ArrayLike,
        lengths: ArrayLike | None = None,
        *,
        rng: np.random.Generator | None = None,
    ) -> tuple[Array, NetCache]:
        """Returns logits (B,) of token ids (B, T), above 0 for positive, and what `backward` needs."""
        logits_B1, cache = super().forward(inputs, lengths, rng=rng)
        return logits_B1[:, 0], cache

    def backward(self, d_logits: Array, cache: NetCache) -> Gradients:
        """Returns the gradient of every parameter by name, but for a frozen embedding."""
        return super().backward(d_logits[:, None], cache)

    def loss_and_gradients(self, ids: ArrayLike, lengths: ArrayLike | None, labels: Array) -> Prediction:
        """Returns loss, logits and gradients of one batch with labels (B,), 0 or 1."""
        logits_B, cache = self.forward(ids, lengths)
        loss = binary_cross_entropy_with_logits(logits_B, labels)
        return Prediction(loss.value, logits_B, self.backward(loss.gradient, cache))


class RecurrentClassifier(Classifier):
    """The document vector is the final states of all layers and directions, in the order of torch's h_n, or
    with another `pooling` than `last` the top layer's states, pooled.
    """

    recurrent: Layer

    def __init__(
        self,
        parameters: dict[str, Array],
        layer: Callable[..., Layer] = RNN,
        *,
        pooling: str = "last",
        freeze: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(parameters, layer, pooling=pooling, freeze=freeze, **options)


class BagOfEmbeddings(Classifier):
    """The document vector is the mean of the word vectors."""

    def __init__(self, parameters: dict[str, Array], *, freeze: bool = False) -> None:
        super().__init__(parameters, None, freeze=freeze)


def classifier_parameters(
    recurrent: Layer | None,
    vocabulary_size: int,
    embedding_dim: int,
    *,
    head_size: int,
    pooling: str = "last",
    rng: np.random.Generator,
    dtype: DTypeLike = np.float64,
) -> dict[str, Array]:
    """Returns a classifier's parameters with torch's own distributions; without `recurrent`, for a BoE."""
    document_size, of_layer = embedding_dim, {}
    if recurrent is not None:
        read = recurrent.suffixes if pooling == "last" else recurrent.directions
        document_size = recurrent.hidden_size * len(read) * (2 if pooling == "mean_max" else 1)
        of_layer = {f"recurrent.{name}": array for name, array in recurrent.parameters.items()}
    parameters = {
        "embedding.weight": rng.standard_normal((vocabulary_size, embedding_dim)).astype(dtype),
        **of_layer,
        **linear_parameters("head.hidden", document_size, head_size, rng=rng, dtype=dtype),
        **linear_parameters("head.output", head_size, 1, rng=rng, dtype=dtype),
    }
    if pooling == "attention":
        of_hidden, of_query = (
            linear_parameters(f"attention.{name}", document_size, size, rng=rng, dtype=dtype)
            for name, size in (("hidden", document_size), ("query", 1))
        )
        del of_query["attention.query.bias"]
        parameters |= of_hidden | of_query
    return parameters
