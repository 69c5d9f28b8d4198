"""Nets over sequences with one linear output: taggers and language models, and regression.

B batch, T time, E input or embedding, H hidden, C classes, O outputs. Parameters are one dict under
torch's names (`recurrent.weight_ih_l0`, `output.weight`, ...), changed in place by an optimizer.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from rnnlab.scratch.activations import Array
from rnnlab.scratch.cell import Gradients
from rnnlab.scratch.checks import as_lengths, check_shape
from rnnlab.scratch.classifiers import Prediction, part
from rnnlab.scratch.heads import embedding, embedding_backward, linear, linear_backward
from rnnlab.scratch.layer import Forward, Layer
from rnnlab.scratch.losses import cross_entropy_with_logits, mean_squared_error, softmax
from rnnlab.scratch.rnn import RNN


class TaggerCache(NamedTuple):
    """What a tagger needs on the way back."""

    recurrent: Forward
    ids_BT: Array


class SequenceNet:
    """A recurrent layer and a linear output; a subclass says what goes in and what the loss is."""

    def __init__(self, parameters: dict[str, Array], layer: type[Layer] = RNN, **options: Any) -> None:
        self.parameters = parameters
        self.recurrent = layer(part(parameters, "recurrent"), batch_first=True, **options)

    def outputs(self, h: Array) -> Array:
        """Returns the linear output (..., O) of states (..., H)."""
        return linear(h, self.parameters["output.weight"], self.parameters["output.bias"])

    def outputs_backward(self, d_outputs: Array, h: Array) -> tuple[Array, Gradients]:
        """Returns the gradient of the states and of the output's parameters."""
        d_h, d_weight, d_bias = linear_backward(d_outputs, h, self.parameters["output.weight"])
        return d_h, {"output.weight": d_weight, "output.bias": d_bias}


class Tagger(SequenceNet):
    """A class for every token. A language model is a tagger whose classes are the next tokens."""

    def __init__(
        self, parameters: dict[str, Array], layer: type[Layer] = RNN, *, freeze: bool = False, **options: Any
    ) -> None:
        super().__init__(parameters, layer, **options)
        self.freeze = freeze

    def forward(self, ids: ArrayLike, lengths: ArrayLike | None = None) -> tuple[Array, TaggerCache]:
        """Returns logits (B, T, C) of token ids (B, T), and what `backward` needs."""
        ids_BT = np.asarray(ids)
        check_shape("ids", ids_BT, "batch", "time")
        x_BTE = embedding(ids_BT, self.parameters["embedding.weight"])
        forward = self.recurrent.forward(x_BTE, lengths=lengths)
        return self.outputs(forward.output), TaggerCache(forward, ids_BT)

    def backward(self, d_logits_BTC: Array, cache: TaggerCache) -> Gradients:
        """Returns the gradient of every parameter by name, but for a frozen embedding."""
        d_h_BTH, gradients = self.outputs_backward(d_logits_BTC, cache.recurrent.output)
        back = self.recurrent.backward(cache.recurrent.cache, d_output=d_h_BTH)
        gradients |= {f"recurrent.{name}": gradient for name, gradient in back.parameters.items()}
        if not self.freeze:
            weight = self.parameters["embedding.weight"]
            gradients["embedding.weight"] = embedding_backward(back.x, cache.ids_BT, weight)
        return gradients

    def loss_and_gradients(self, ids: ArrayLike, lengths: ArrayLike | None, classes: ArrayLike) -> Prediction:
        """Returns loss, logits and gradients for classes (B, T); the loss is a mean over all real tokens."""
        logits_BTC, cache = self.forward(ids, lengths)
        batch, time, _ = logits_BTC.shape
        classes_BT = np.asarray(classes)
        check_shape("classes", classes_BT, batch, time)
        real_BT = np.arange(time) < as_lengths(lengths, batch, time)[:, None]
        loss = cross_entropy_with_logits(logits_BTC[real_BT], classes_BT[real_BT])
        d_logits_BTC = np.zeros_like(logits_BTC)
        d_logits_BTC[real_BT] = loss.gradient
        return Prediction(loss.value, logits_BTC, self.backward(d_logits_BTC, cache))

    def generate(
        self,
        prompts: ArrayLike,
        steps: int,
        *,
        h_0: Array | None = None,
        c_0: Array | None = None,
        temperature: float = 0.0,
        rng: np.random.Generator | None = None,
    ) -> Array:
        """Returns token ids (B, steps) that follow prompts (B, T), each fed back as the next input.

        The prompts are read from the initial state h_0, c_0 (L, B, H), zeros if left out.
        Temperature 0 takes the likeliest token; above 0 draws from softmax(logits / temperature) with `rng`.
        Needs a net in one direction whose classes are the vocabulary's tokens.
        """
        if temperature > 0 and rng is None:
            raise ValueError("temperature above 0 needs rng, a numpy Generator")
        weight, layer = self.parameters["embedding.weight"], one_direction(self.recurrent)
        check_shape("output.weight", self.parameters["output.weight"], len(weight), layer.hidden_size)
        ids_BT = np.asarray(prompts)
        check_shape("prompts", ids_BT, "batch", "time")
        state: dict[str, Array | None] = {"h_0": h_0, "c_0": c_0}
        chosen = []
        for _ in range(steps):
            forward = layer.forward(embedding(ids_BT, weight), **state)
            state = final_state(forward)
            logits_BC = self.outputs(forward.output[:, -1])
            if rng is not None and temperature > 0:
                p_BC = softmax(logits_BC.astype(np.float64) / temperature)
                ids_BT = np.array([[rng.choice(len(p), p=p)] for p in p_BC])
            else:
                ids_BT = logits_BC.argmax(axis=1)[:, None]
            chosen.append(ids_BT)
        return np.concatenate(chosen, axis=1)


class Regressor(SequenceNet):
    """Numbers from numbers: one output a sequence (from the top layer's final states), or one a step."""

    def __init__(
        self,
        parameters: dict[str, Array],
        layer: type[Layer] = RNN,
        *,
        every_step: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(parameters, layer, **options)
        self.every_step = every_step

    def forward(self, x: ArrayLike, lengths: ArrayLike | None = None) -> tuple[Array, Forward]:
        """Returns predictions (B, O), or (B, T, O) with `every_step`, of x (B, T, E), and the way."""
        forward = self.recurrent.forward(np.asarray(x), lengths=lengths)
        return self.outputs(self._read(forward)), forward

    def backward(self, d_predictions: Array, forward: Forward) -> Gradients:
        """Returns the gradient of every parameter by name."""
        d_h, gradients = self.outputs_backward(d_predictions, self._read(forward))
        if self.every_step:
            back = self.recurrent.backward(forward.cache, d_output=d_h)
        else:
            d_h_n = np.zeros_like(forward.h_n)
            directions = len(self.recurrent.directions)
            d_h_n[-directions:] = d_h.reshape(len(d_h), directions, -1).swapaxes(0, 1)
            back = self.recurrent.backward(forward.cache, d_h_n=d_h_n)
        return gradients | {f"recurrent.{name}": gradient for name, gradient in back.parameters.items()}

    def loss_and_gradients(self, x: ArrayLike, lengths: ArrayLike | None, targets: Array) -> Prediction:
        """Returns mean squared error, predictions and gradients; padded steps are left out of the mean."""
        predictions, forward = self.forward(x, lengths)
        check_shape("targets", np.asarray(targets), *predictions.shape)
        real: Any = ...
        if self.every_step:
            batch, time, _ = predictions.shape
            real = np.arange(time) < as_lengths(lengths, batch, time)[:, None]
        loss = mean_squared_error(predictions[real], np.asarray(targets)[real])
        d_predictions = np.zeros_like(predictions)
        d_predictions[real] = loss.gradient
        return Prediction(loss.value, predictions, self.backward(d_predictions, forward))

    def generate(
        self, x_BE: Array, steps: int, *, h_0: Array | None = None, c_0: Array | None = None
    ) -> Array:
        """Returns outputs (B, steps, E) from a first input (B, E), each fed back as the next."""
        state: dict[str, Array | None] = {"h_0": h_0, "c_0": c_0}
        layer, outputs = one_direction(self.recurrent), []
        check_shape("output.weight", self.parameters["output.weight"], layer.input_size, layer.hidden_size)
        for _ in range(steps):
            forward = layer.forward(x_BE[:, None], **state)
            state = final_state(forward)
            x_BE = self.outputs(forward.output[:, -1])
            outputs.append(x_BE)
        return np.stack(outputs, axis=1)

    def _read(self, forward: Forward) -> Array:
        """Returns what the output reads: the top layer's states (B, T, D * H), or its last (B, D * H)."""
        if self.every_step:
            return forward.output
        top = forward.h_n[-len(self.recurrent.directions) :]
        return top.swapaxes(0, 1).reshape(top.shape[1], -1)


def one_direction(layer: Layer) -> Layer:
    """Returns `layer`; ValueError if it also reads backwards, since what comes next is not known yet."""
    if len(layer.directions) > 1:
        raise ValueError("generation needs a layer in one direction, found a bidirectional one")
    return layer


def final_state(forward: Forward) -> dict[str, Array | None]:
    """Returns the final state as the next call's initial state."""
    return {"h_0": forward.h_n, "c_0": forward.c_n}
