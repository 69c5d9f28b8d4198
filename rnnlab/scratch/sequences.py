"""Nets over sequences with one linear output: taggers and language models, and regression.

B batch, T time, E input or embedding, H hidden, C classes, O outputs. Parameters as in nets.py, but that the
head is called `output.weight` and `output.bias`.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from rnnlab.cells.activations import Array
from rnnlab.scratch.checks import as_lengths, check_shape, real_steps
from rnnlab.scratch.heads import embedding
from rnnlab.scratch.layer import Forward, Layer
from rnnlab.scratch.losses import CRITERIA, NOT_COUNTED, softmax
from rnnlab.scratch.nets import Prediction, SequenceNet
from rnnlab.scratch.textbook import RNN


class Tagger(SequenceNet):
    """A class for every token. A language model is a tagger whose classes are the next tokens."""

    head_prefix = ""
    recurrent: Layer

    def __init__(
        self,
        parameters: dict[str, Array],
        layer: Callable[..., Layer] = RNN,
        *,
        freeze: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(parameters, layer, every_step=True, freeze=freeze, **options)

    def loss_and_gradients(self, ids: ArrayLike, lengths: ArrayLike | None, classes: ArrayLike) -> Prediction:
        """Returns loss, logits (B, T, C) and gradients for classes (B, T).

        The loss is a mean over all real tokens but those whose class is NOT_COUNTED.
        """
        logits_BTC, cache = self.forward(ids, lengths)
        batch, time, _ = logits_BTC.shape
        check_shape("classes", np.asarray(classes), batch, time)
        real_BT = real_steps(as_lengths(lengths, batch, time), time)
        loss = CRITERIA["cross_entropy"](logits_BTC, np.where(real_BT, classes, NOT_COUNTED))
        return Prediction(loss.value, logits_BTC, self.backward(loss.gradient, cache))

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
        state: dict[str, Any] = {"h_0": h_0, "c_0": c_0}
        chosen = []
        for _ in range(steps):
            forward = layer.forward(embedding(ids_BT, weight), **state)
            state = final_state(forward)
            logits_BC, _ = self.head(forward.output[:, -1])
            if rng is not None and temperature > 0:
                p_BC = softmax(logits_BC.astype(np.float64) / temperature)
                ids_BT = np.array([[rng.choice(len(p), p=p)] for p in p_BC])
            else:
                ids_BT = logits_BC.argmax(axis=1)[:, None]
            chosen.append(ids_BT)
        return np.concatenate(chosen, axis=1)


class Regressor(SequenceNet):
    """Numbers from numbers: one output per sequence (from the top layer's final states), or one per step."""

    head_prefix = ""
    recurrent: Layer

    def __init__(
        self,
        parameters: dict[str, Array],
        layer: Callable[..., Layer] = RNN,
        *,
        every_step: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(parameters, layer, every_step=every_step, **options)
        self.final_states = slice(-len(self.recurrent.directions), None)

    def loss_and_gradients(self, x: ArrayLike, lengths: ArrayLike | None, targets: ArrayLike) -> Prediction:
        """Returns mean squared error, predictions (B, O) or (B, T, O), and gradients.

        Padded steps and targets that are NaN are left out of the mean.
        """
        predictions, cache = self.forward(x, lengths)
        check_shape("targets", np.asarray(targets), *predictions.shape)
        if self.every_step:
            batch, time, _ = predictions.shape
            real_BT = real_steps(as_lengths(lengths, batch, time), time)
            targets = np.where(real_BT[:, :, None], targets, np.nan)
        loss = CRITERIA["mean_squared_error"](predictions, np.asarray(targets))
        return Prediction(loss.value, predictions, self.backward(loss.gradient, cache))

    def generate(
        self, x_BE: Array, steps: int, *, h_0: Array | None = None, c_0: Array | None = None
    ) -> Array:
        """Returns outputs (B, steps, E) from a first input (B, E), each fed back as the next."""
        state: dict[str, Any] = {"h_0": h_0, "c_0": c_0}
        layer, outputs = one_direction(self.recurrent), []
        check_shape("output.weight", self.parameters["output.weight"], layer.input_size, layer.hidden_size)
        for _ in range(steps):
            forward = layer.forward(x_BE[:, None], **state)
            state = final_state(forward)
            x_BE, _ = self.head(forward.output[:, -1])
            outputs.append(x_BE)
        return np.stack(outputs, axis=1)


def one_direction(layer: Layer) -> Layer:
    """Returns `layer`; ValueError if it also reads backwards, since what comes next is not known yet."""
    if len(layer.directions) > 1:
        raise ValueError("generation needs a layer in one direction, found a bidirectional one")
    return layer


def final_state(forward: Forward) -> dict[str, Any]:
    """Returns the final state as the next call's initial state."""
    return {f"{name}_0": state for name, state in forward.final.items()}
