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
from rnnlab.scratch.heads import embedding, embedding_backward, linear, linear_backward
from rnnlab.scratch.layer import Forward, Layer
from rnnlab.scratch.pooling import POOLINGS, mean, mean_backward, pool, pool_backward


class HeadCache(NamedTuple):
    """What the head needs on the way back: what it read, and its hidden layer, or the same without one."""

    read: Array
    hidden: Array


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
    outputs pooled. `freeze` leaves the embedding as it is. Further options go to the layer.
    """

    head_prefix = "head."

    def __init__(
        self,
        parameters: dict[str, Array],
        layer: Callable[..., Layer] | None,
        *,
        every_step: bool = False,
        pooling: str = "last",
        freeze: bool = False,
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
        self.pooling, self.attention = pooling, part(parameters, "attention")
        self.recurrent: Layer | None = None
        if layer is not None:
            self.recurrent = layer(part(parameters, "recurrent"), batch_first=True, **options)
        self.final_states = slice(None)
        self.has_hidden = f"{self.head_prefix}hidden.weight" in parameters

    def forward(self, inputs: ArrayLike, lengths: ArrayLike | None = None) -> tuple[Array, NetCache]:
        """Returns logits (B, O), or (B, T, O) with `every_step`, and what `backward` needs.

        inputs: token ids (B, T), or numbers (B, T, E) where there is no embedding. What lies beyond a
        sequence's length (B,) changes nothing; logits there are those of a state of zeros.
        """
        weight = self.parameters.get("embedding.weight")
        if weight is None:
            x = as_floats("inputs", inputs)
            check_shape("inputs", x, "batch", "time", "numbers")
        else:
            x = np.asarray(inputs)
            check_shape("ids", x, "batch", "time")
        lengths_B = as_lengths(lengths, *x.shape[:2])
        read, recurrent, pooled = self.read(x if weight is None else embedding(x, weight), lengths_B)
        logits, head = self.head(read)
        return logits, NetCache(x, recurrent, pooled, head)

    def backward(self, d_logits: Array, cache: NetCache) -> Gradients:
        """Returns the gradient of every parameter by name, but for a frozen embedding."""
        d_read, gradients = self.head_backward(d_logits, cache.head)
        d_x_BTE, of_layer = self.read_backward(d_read, cache.recurrent, cache.pooled)
        gradients |= of_layer
        if "embedding.weight" in self.parameters and not self.freeze:
            weight = self.parameters["embedding.weight"]
            gradients["embedding.weight"] = embedding_backward(d_x_BTE, cache.inputs, weight)
        return gradients

    def read(self, x_BTE: Array, lengths_B: Array) -> tuple[Array, Forward | None, Any]:
        """Returns what the head reads, (B, D) or (B, T, D), and what `read_backward` needs."""
        real_BT = real_steps(lengths_B, x_BTE.shape[1])
        if self.recurrent is None:
            m_BE, share_BT1 = mean(x_BTE, real_BT)
            return m_BE, None, share_BT1
        forward = self.recurrent.forward(x_BTE, lengths=lengths_B)
        if self.every_step:
            return forward.output, forward, None
        if self.pooling != "last":
            m_BD, pooled = pool(self.pooling, forward.output, real_BT, self.attention)
            return m_BD, forward, pooled
        return forward.h_n[self.final_states].swapaxes(0, 1).reshape(len(x_BTE), -1), forward, None

    def read_backward(self, d_read: Array, forward: Forward | None, pooled: Any) -> tuple[Array, Gradients]:
        """Returns the gradient of the steps (B, T, E) and of the parameters of layer and attention."""
        if self.recurrent is None or forward is None:
            return mean_backward(d_read, pooled), {}
        gradients: Gradients = {}
        if self.every_step:
            back = self.recurrent.backward(forward.cache, d_output=d_read)
        elif self.pooling != "last":
            time = forward.output.shape[1]
            d_h_BTD, of_attention = pool_backward(self.pooling, d_read, pooled, time, self.attention)
            gradients = {f"attention.{name}": gradient for name, gradient in of_attention.items()}
            back = self.recurrent.backward(forward.cache, d_output=d_h_BTD)
        else:
            d_h_n = np.zeros_like(forward.h_n)
            _, batch, hidden = d_h_n.shape
            d_h_n[self.final_states] = d_read.reshape(batch, -1, hidden).swapaxes(0, 1)
            back = self.recurrent.backward(forward.cache, d_h_n=d_h_n)
        return back.x, gradients | {f"recurrent.{name}": array for name, array in back.parameters.items()}

    def head(self, read: Array) -> tuple[Array, HeadCache]:
        """Returns logits (..., O) of what the head reads (..., D), and what `head_backward` needs."""
        hidden = relu(linear(read, *self._linear("hidden"))) if self.has_hidden else read
        return linear(hidden, *self._linear("output")), HeadCache(read, hidden)

    def head_backward(self, d_logits: Array, cache: HeadCache) -> tuple[Array, Gradients]:
        """Returns the gradient of what the head read and of the head's parameters."""
        d_hidden, gradients = self._linear_backward("output", d_logits, cache.hidden)
        if not self.has_hidden:
            return d_hidden, gradients
        d_read, of_hidden = self._linear_backward(
            "hidden", d_hidden * relu_derivative(cache.hidden), cache.read
        )
        return d_read, gradients | of_hidden

    def _linear(self, name: str) -> tuple[Array, Array]:
        key = self.head_prefix + name
        return self.parameters[f"{key}.weight"], self.parameters[f"{key}.bias"]

    def _linear_backward(self, name: str, d_y: Array, x: Array) -> tuple[Array, Gradients]:
        key = self.head_prefix + name
        d_x, d_weight, d_bias = linear_backward(d_y, x, self.parameters[f"{key}.weight"])
        return d_x, {f"{key}.weight": d_weight, f"{key}.bias": d_bias}
