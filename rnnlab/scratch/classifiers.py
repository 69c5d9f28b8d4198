"""Classifiers of texts: embedding, document vector, Linear, ReLU, Linear(1), binary cross-entropy.

B batch, T time, E embedding, D document vector, H head. Parameters are one dict under torch's names
(`embedding.weight`, `recurrent.weight_ih_l0`, `head.hidden.weight`, `head.output.bias`, ...), changed in
place by an optimizer.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from rnnlab.scratch.activations import Array, relu, relu_derivative
from rnnlab.scratch.cell import Gradients
from rnnlab.scratch.checks import as_lengths, check_shape
from rnnlab.scratch.heads import embedding, embedding_backward, linear, linear_backward
from rnnlab.scratch.initialisers import linear_parameters
from rnnlab.scratch.layer import Backward, Forward, Layer
from rnnlab.scratch.losses import binary_cross_entropy_with_logits
from rnnlab.scratch.rnn import RNN


class HeadCache(NamedTuple):
    """What the head needs on the way back."""

    document_BD: Array
    hidden_BH: Array


class ClassifierCache(NamedTuple):
    """What a classifier needs on the way back; `document` is the document vector's own part."""

    ids_BT: Array
    document: Any
    head: HeadCache


class Prediction(NamedTuple):
    """Mean loss over the batch, logits (B,), and gradients by name."""

    loss: float
    logits: Array
    gradients: Gradients


def part(parameters: dict[str, Array], name: str) -> dict[str, Array]:
    """Returns the parameters under `NAME.`, the same arrays, without that prefix."""
    prefix = name + "."
    return {key.removeprefix(prefix): array for key, array in parameters.items() if key.startswith(prefix)}


class Classifier:
    """The frame that both classifiers share; a subclass makes the document vector."""

    def __init__(self, parameters: dict[str, Array], *, freeze: bool = False) -> None:
        self.parameters = parameters
        self.freeze = freeze

    def document(self, x_BTE: Array, lengths_B: Array) -> tuple[Array, Any]:
        """Returns document vectors (B, D) of word vectors, and what `document_backward` needs."""
        raise NotImplementedError

    def document_backward(self, d_BD: Array, cache: Any) -> tuple[Array, Gradients]:
        """Returns the gradient of the word vectors (B, T, E) and of the parameters used."""
        raise NotImplementedError

    def forward(self, ids: ArrayLike, lengths: ArrayLike | None = None) -> tuple[Array, ClassifierCache]:
        """Returns logits (B,) of token ids (B, T), above 0 for positive, and what `backward` needs."""
        ids_BT, p = np.asarray(ids), self.parameters
        check_shape("ids", ids_BT, "batch", "time")
        x_BTE = embedding(ids_BT, p["embedding.weight"])
        document_BD, document = self.document(x_BTE, as_lengths(lengths, *ids_BT.shape))
        hidden_BH = relu(linear(document_BD, p["head.hidden.weight"], p["head.hidden.bias"]))
        logits_B = linear(hidden_BH, p["head.output.weight"], p["head.output.bias"])[:, 0]
        return logits_B, ClassifierCache(ids_BT, document, HeadCache(document_BD, hidden_BH))

    def backward(self, d_logits_B: Array, cache: ClassifierCache) -> Gradients:
        """Returns the gradient of every parameter by name, but for a frozen embedding."""
        d_document_BD, gradients = self.head_backward(d_logits_B, cache.head)
        d_x_BTE, of_document = self.document_backward(d_document_BD, cache.document)
        gradients |= of_document
        if not self.freeze:
            weight = self.parameters["embedding.weight"]
            gradients["embedding.weight"] = embedding_backward(d_x_BTE, cache.ids_BT, weight)
        return gradients

    def head_backward(self, d_logits_B: Array, cache: HeadCache) -> tuple[Array, Gradients]:
        """Returns the gradient of the document vectors (B, D) and of the head's parameters."""
        hidden, output = (self.parameters[f"head.{name}.weight"] for name in ("hidden", "output"))
        d_hidden_BH, d_output, d_output_bias = linear_backward(d_logits_B[:, None], cache.hidden_BH, output)
        d_a_BH = d_hidden_BH * relu_derivative(cache.hidden_BH)
        d_document_BD, d_hidden, d_hidden_bias = linear_backward(d_a_BH, cache.document_BD, hidden)
        return d_document_BD, {
            "head.output.weight": d_output,
            "head.output.bias": d_output_bias,
            "head.hidden.weight": d_hidden,
            "head.hidden.bias": d_hidden_bias,
        }

    def loss_and_gradients(self, ids: ArrayLike, lengths: ArrayLike | None, labels: Array) -> Prediction:
        """Returns loss, logits and gradients of one batch with labels (B,), 0 or 1."""
        logits_B, cache = self.forward(ids, lengths)
        loss = binary_cross_entropy_with_logits(logits_B, labels)
        return Prediction(loss.value, logits_B, self.backward(loss.gradient, cache))


class RecurrentClassifier(Classifier):
    """The document vector is the final states of all layers and directions, in the order of torch's h_n."""

    def __init__(
        self, parameters: dict[str, Array], layer: type[Layer] = RNN, *, freeze: bool = False, **options: Any
    ) -> None:
        super().__init__(parameters, freeze=freeze)
        self.recurrent = layer(part(parameters, "recurrent"), batch_first=True, **options)

    def document(self, x_BTE: Array, lengths_B: Array) -> tuple[Array, Forward]:
        """Returns the final states side by side (B, L * directions * H)."""
        forward = self.recurrent.forward(x_BTE, lengths=lengths_B)
        return forward.h_n.swapaxes(0, 1).reshape(len(x_BTE), -1), forward

    def document_backward(self, d_BD: Array, cache: Forward) -> tuple[Array, Gradients]:
        """Sends the gradient of each final state through its layer."""
        runs, batch, hidden = cache.h_n.shape
        d_h_n = d_BD.reshape(batch, runs, hidden).swapaxes(0, 1)
        back: Backward = self.recurrent.backward(cache.cache, d_h_n=d_h_n)
        return back.x, {f"recurrent.{name}": gradient for name, gradient in back.parameters.items()}


class BagOfEmbeddings(Classifier):
    """The document vector is the mean of the word vectors."""

    def document(self, x_BTE: Array, lengths_B: Array) -> tuple[Array, Array]:
        """Returns the mean over each text's own tokens (B, E)."""
        real_BT1 = (np.arange(x_BTE.shape[1]) < lengths_B[:, None])[:, :, None]
        share_BT1 = (real_BT1 / lengths_B[:, None, None]).astype(x_BTE.dtype)
        return (x_BTE * share_BT1).sum(axis=1), share_BT1

    def document_backward(self, d_BD: Array, cache: Array) -> tuple[Array, Gradients]:
        """Gives each real token its share."""
        return d_BD[:, None, :] * cache, {}


def classifier_parameters(
    recurrent: Layer | None,
    vocabulary_size: int,
    embedding_dim: int,
    *,
    head_size: int,
    rng: np.random.Generator,
    dtype: DTypeLike = np.float64,
) -> dict[str, Array]:
    """Returns a classifier's parameters with torch's own distributions; without `recurrent`, for a BoE."""
    document_size, of_layer = embedding_dim, {}
    if recurrent is not None:
        document_size = recurrent.hidden_size * len(recurrent.suffixes)
        of_layer = {f"recurrent.{name}": array for name, array in recurrent.parameters.items()}
    return {
        "embedding.weight": rng.standard_normal((vocabulary_size, embedding_dim)).astype(dtype),
        **of_layer,
        **linear_parameters("head.hidden", document_size, head_size, rng=rng, dtype=dtype),
        **linear_parameters("head.output", head_size, 1, rng=rng, dtype=dtype),
    }
