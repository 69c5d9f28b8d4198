"""One net for every task; which parts it has follows from its parameters.

B batch, T time, E embedding or numbers per step, D what the head reads, H the head's hidden layer, O outputs.
Parameters are one dict under torch's names, changed in place by an optimizer:

    embedding.weight                            inputs are token ids; without it they are numbers
    recurrent.weight_ih_l0, ...                 the recurrent layer; a bag of embeddings has none
    attention.hidden.weight, ...                the attention that pools the layer's states, if it does
    head.hidden.weight, head.hidden.bias        Linear and ReLU; without them the head is one linear map
    head.output.weight, head.output.bias        Linear
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from rnnlab.cells.activations import Array, relu, relu_derivative
from rnnlab.scratch.cell import Gradients
from rnnlab.scratch.checks import as_floats, as_lengths, check_shape, real_steps
from rnnlab.scratch.dropout import drop, dropout_mask
from rnnlab.scratch.heads import RowGradient, embedding, embedding_rows, linear, linear_backward
from rnnlab.scratch.layer import Backward, Forward, Layer
from rnnlab.scratch.pooling import POOLINGS, mean, mean_backward, pool, pool_backward


class HeadCache(NamedTuple):
    """What the head needs on the way back: what it read, and its hidden layer, or the same without one.

    mask: of the dropout on what it read, if there was any.
    """

    read: Array
    hidden: Array
    mask: Array | None = None


class NetCache(NamedTuple):
    """What a net needs on the way back; pooled: what the pooling kept, of a bag the shares (B, T, 1).

    recurrent, pooled: None where there is no layer, or nothing is pooled.
    """

    inputs: Array
    recurrent: Forward | None
    pooled: Any
    head: HeadCache


class Prediction(NamedTuple):
    """Mean loss over the batch, logits as `forward` gives them, and gradients by name."""

    loss: float
    logits: Array
    gradients: Gradients


def part(parameters: dict[str, Array], name: str) -> dict[str, Array]:
    """Returns the parameters under `NAME.`, the same arrays, without that prefix."""
    prefix = name + "."
    return {key.removeprefix(prefix): array for key, array in parameters.items() if key.startswith(prefix)}


class SequenceNet:
    """Inputs, then a recurrent layer or (layer None) the mean of the steps, then a head.

    The head reads one vector per sequence, the final states of all layers and directions in the order of
    torch's h_n, or with `every_step` the top layer's outputs, or with another `pooling` than `last` these
    outputs pooled. While training, `dropout` is how likely each number that the head reads is left out; that
    between stacked layers is the layer's. `freeze` leaves the embedding as it is; with `row_gradients` its
    gradient is given as the rows that are not zero, for optimizers. Further options go to the layer.
    """

    head_prefix = "head."

    def __init__(
        self,
        parameters: dict[str, Array],
        layer: Callable[..., Layer] | None,
        *,
        every_step: bool = False,
        pooling: str = "last",
        dropout: float = 0.0,
        freeze: bool = False,
        row_gradients: bool = False,
        **options: Any,
    ) -> None:
        if layer is None and every_step:
            raise ValueError(
                "every_step needs a recurrent layer: a bag of embeddings has one vector per sequence"
            )
        if pooling not in POOLINGS or (every_step and pooling != "last"):
            expected = "last, which every_step needs" if every_step else f"one of {', '.join(POOLINGS)}"
            raise ValueError(f"pooling is {pooling!r}, expected {expected}")
        self.parameters, self.every_step, self.freeze = parameters, every_step, freeze
        self.row_gradients, self.dropout = row_gradients, dropout
        self.pooling, self.attention = pooling, part(parameters, "attention")
        self.recurrent: Layer | None = None
        if layer is not None:
            self.recurrent = layer(part(parameters, "recurrent"), batch_first=True, **options)
        self.final_states = slice(None)
        self.has_hidden = f"{self.head_prefix}hidden.weight" in parameters

    def forward(
        self,
        inputs: ArrayLike,
        lengths: ArrayLike | None = None,
        *,
        rng: np.random.Generator | None = None,
    ) -> tuple[Array, NetCache]:
        """Returns logits (B, O), or (B, T, O) with `every_step`, and what `backward` needs.

        inputs: token ids (B, T), or numbers (B, T, E) where there is no embedding. What lies beyond a
        sequence's length (B,) changes nothing; logits there are those of a state of zeros. rng: what dropout
        draws from while training; without it nothing is left out.
        """
        weight = self.parameters.get("embedding.weight")
        if weight is None:
            x = as_floats("inputs", inputs)
            check_shape("inputs", x, "batch", "time", "numbers")
        else:
            x = np.asarray(inputs)
            check_shape("ids", x, "batch", "time")
        lengths_B = as_lengths(lengths, *x.shape[:2])
        read, recurrent, pooled = self.read(x, weight, lengths_B, rng)
        logits, head = self.head(read, rng)
        return logits, NetCache(x, recurrent, pooled, head)

    def backward(self, d_logits: Array, cache: NetCache) -> Gradients:
        """Returns the gradient of every parameter by name, but for a frozen embedding."""
        d_read, of_head = self.head_backward(d_logits, cache.head)
        weight = None if self.freeze else self.parameters.get("embedding.weight")
        rows, of_layer = self.read_backward(d_read, cache, weight)
        gradients: dict[str, Any] = {**of_head, **of_layer}
        if rows is not None:
            gradients["embedding.weight"] = rows if self.row_gradients else rows.dense()
        return gradients

    def read(
        self, x: Array, weight: Array | None, lengths_B: Array, rng: np.random.Generator | None = None
    ) -> tuple[Array, Forward | None, Any]:
        """Returns what the head reads, (B, D) or (B, T, D), and what `read_backward` needs.

        x: ids (B, T) of words in `weight` (V, E), or numbers (B, T, E) without one.
        """
        if self.recurrent is None:
            x_BTE = x if weight is None else embedding(x, weight)
            m_BE, share_BT1 = mean(x_BTE, real_steps(lengths_B, x.shape[1]))
            return m_BE, None, share_BT1
        if weight is None:
            forward = self.recurrent.forward(x, lengths=lengths_B, rng=rng)
        else:
            forward = self.recurrent.forward_words(x, weight, lengths=lengths_B, rng=rng)
        if self.every_step:
            return forward.output, forward, None
        if self.pooling != "last":
            real_BT = real_steps(lengths_B, x.shape[1])
            m_BD, pooled = pool(self.pooling, forward.output, real_BT, self.attention)
            return m_BD, forward, pooled
        return forward.h_n[self.final_states].swapaxes(0, 1).reshape(len(x), -1), forward, None

    def read_backward(
        self, d_read: Array, cache: NetCache, weight: Array | None
    ) -> tuple[RowGradient | None, Gradients]:
        """Returns the gradient of the words' vectors, None if they are not trained, and of the parameters
        of layer and attention.
        """
        forward, pooled = cache.recurrent, cache.pooled
        if self.recurrent is None or forward is None:
            if weight is None:
                return None, {}
            return embedding_rows(mean_backward(d_read, pooled), cache.inputs, weight), {}
        given, gradients = self.layer_gradients(d_read, forward, pooled)
        rows = None
        if weight is None:
            of_layer = self.recurrent.backward_parameters(forward.cache, **given)
        else:
            rows, of_layer = self.recurrent.backward_words(forward.cache, cache.inputs, weight, **given)
        return rows, gradients | {f"recurrent.{name}": array for name, array in of_layer.items()}

    def layer_backward(self, d_read: Array, forward: Forward, pooled: Any) -> tuple[Backward, Gradients]:
        """Returns all that goes back through the layer, and the gradients of the attention's parameters."""
        assert self.recurrent is not None
        given, gradients = self.layer_gradients(d_read, forward, pooled)
        return self.recurrent.backward(forward.cache, **given), gradients

    def layer_gradients(
        self, d_read: Array, forward: Forward, pooled: Any
    ) -> tuple[dict[str, Array], Gradients]:
        """Returns the gradients that the layer is given, by name, and those of the attention's parameters."""
        if self.every_step:
            return {"d_output": d_read}, {}
        if self.pooling != "last":
            time = forward.output.shape[1]
            d_h_BTD, of_attention = pool_backward(self.pooling, d_read, pooled, time, self.attention)
            return {"d_output": d_h_BTD}, {f"attention.{name}": d for name, d in of_attention.items()}
        assert self.recurrent is not None
        d_h_n = d_read.reshape(len(d_read), -1, self.recurrent.hidden_size).swapaxes(0, 1)
        if self.final_states != slice(None):
            d_all = np.zeros_like(forward.h_n)
            d_all[self.final_states] = d_h_n
            d_h_n = d_all
        return {"d_h_n": d_h_n}, {}

    def head(self, read: Array, rng: np.random.Generator | None = None) -> tuple[Array, HeadCache]:
        """Returns logits (..., O) of what the head reads (..., D), and what `head_backward` needs."""
        mask = dropout_mask(read, self.dropout, rng)
        read = drop(read, mask)
        hidden = relu(linear(read, *self._linear("hidden"))) if self.has_hidden else read
        return linear(hidden, *self._linear("output")), HeadCache(read, hidden, mask)

    def head_backward(self, d_logits: Array, cache: HeadCache) -> tuple[Array, Gradients]:
        """Returns the gradient of what the head read and of the head's parameters."""
        d_hidden, gradients = self._linear_backward("output", d_logits, cache.hidden)
        if not self.has_hidden:
            return drop(d_hidden, cache.mask), gradients
        d_read, of_hidden = self._linear_backward(
            "hidden", d_hidden * relu_derivative(cache.hidden), cache.read
        )
        return drop(d_read, cache.mask), gradients | of_hidden

    def _linear(self, name: str) -> tuple[Array, Array]:
        key = self.head_prefix + name
        return self.parameters[f"{key}.weight"], self.parameters[f"{key}.bias"]

    def _linear_backward(self, name: str, d_y: Array, x: Array) -> tuple[Array, Gradients]:
        key = self.head_prefix + name
        d_x, d_weight, d_bias = linear_backward(d_y, x, self.parameters[f"{key}.weight"])
        return d_x, {f"{key}.weight": d_weight, f"{key}.bias": d_bias}
